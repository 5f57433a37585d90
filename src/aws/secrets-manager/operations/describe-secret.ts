import type { Operation } from '../../operation.ts'
import { findSecret, secretNeed } from '../access.ts'
import type { SecretsManagerDeps } from '../deps.ts'
import { showSecret, showStages } from '../show.ts'

interface Input {
  readonly SecretId: string
}

/** Shows all of a secret but its value. */
export const describeSecret: Operation<Input, object, SecretsManagerDeps> = {
  name: 'DescribeSecret',
  access: ({ SecretId }, call, deps) => [secretNeed('DescribeSecret', SecretId, call, deps)],
  handle({ SecretId }, call, deps) {
    const secret = findSecret(SecretId, call, deps)
    return { ...showSecret(secret), VersionIdsToStages: showStages(secret) }
  },
}
