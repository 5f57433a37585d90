import type { Operation } from '../../operation.ts'
import { findSecret, secretNeed } from '../access.ts'
import type { SecretsManagerDeps } from '../deps.ts'

interface Input {
  readonly SecretId: string
}

/** No secret has a policy of its own here; Terraform asks whenever it reads one. */
export const getResourcePolicy: Operation<Input, object, SecretsManagerDeps> = {
  name: 'GetResourcePolicy',
  access: ({ SecretId }, call, deps) => [secretNeed('GetResourcePolicy', SecretId, call, deps)],
  handle({ SecretId }, call, deps) {
    const { arn, name } = findSecret(SecretId, call, deps)
    return { ARN: arn, Name: name }
  },
}
