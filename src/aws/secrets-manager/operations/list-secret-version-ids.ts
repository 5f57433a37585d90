import type { Operation } from '../../operation.ts'
import { findSecret, secretNeed } from '../access.ts'
import type { SecretsManagerDeps } from '../deps.ts'

interface Input {
  readonly SecretId: string
}

/** The versions that can be had, in one page. */
export const listSecretVersionIds: Operation<Input, object, SecretsManagerDeps> = {
  name: 'ListSecretVersionIds',
  access: ({ SecretId }, call, deps) => [secretNeed('ListSecretVersionIds', SecretId, call, deps)],
  handle({ SecretId }, call, deps) {
    const { arn, name, versions } = findSecret(SecretId, call, deps)
    return {
      ARN: arn,
      Name: name,
      Versions: versions.map(({ id, stages, createdAt }) => ({
        VersionId: id,
        VersionStages: stages,
        CreatedDate: new Date(createdAt),
      })),
    }
  },
}
