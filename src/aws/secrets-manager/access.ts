/** What a caller needs for a secret, with its tags, and the secret that a request names. */
import type { Call, ConditionContext, Need } from '../operation.ts'
import type { SecretsManagerDeps } from './deps.ts'
import { refuse } from './errors.ts'
import { type SecretRecord, secretArn } from './records.ts'

/** `secretsmanager:<action>` on the secret. Of one that is not there the name as it was given is judged. */
export function secretNeed(
  action: string,
  id: string,
  call: Call,
  { state }: SecretsManagerDeps,
  more: ConditionContext = {},
): Need {
  const secret = state.find(call, id)
  const resource = secret?.arn ?? (id.startsWith('arn:') ? id : secretArn(call, id))
  const context: Record<string, string | readonly string[]> = {
    'secretsmanager:SecretId': resource,
    ...more,
  }
  for (const [key, value] of Object.entries(secret?.tags ?? {})) {
    context[`aws:ResourceTag/${key}`] = value
    context[`secretsmanager:ResourceTag/${key}`] = value
  }
  return { action: `secretsmanager:${action}`, resource, context }
}

/** Throws ResourceNotFoundException where there is none. */
export function findSecret(id: string, call: Call, { state }: SecretsManagerDeps): SecretRecord {
  const secret = state.find(call, id)
  if (!secret) throw refuse.ResourceNotFoundException({ what: '' })
  return secret
}
