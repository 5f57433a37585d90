import type { Operation } from '../../operation.ts'
import { findSecret, secretNeed } from '../access.ts'
import type { SecretsManagerDeps } from '../deps.ts'
import { refuse } from '../errors.ts'
import type { SecretRecord, SecretVersion } from '../records.ts'

interface Input {
  readonly SecretId: string
  readonly VersionId?: string
  readonly VersionStage?: string
}

/** Hands out a secret: the current version, or the one that is named by id or stage. */
export const getSecretValue: Operation<Input, object, SecretsManagerDeps> = {
  name: 'GetSecretValue',
  access: ({ SecretId, VersionId, VersionStage }, call, deps) => [
    secretNeed('GetSecretValue', SecretId, call, deps, {
      ...(VersionId !== undefined && { 'secretsmanager:VersionId': VersionId }),
      'secretsmanager:VersionStage': VersionStage ?? 'AWSCURRENT',
    }),
  ],
  handle(input, call, deps) {
    const secret = findSecret(input.SecretId, call, deps)
    const version = wantedVersion(secret, input)
    return {
      ARN: secret.arn,
      Name: secret.name,
      VersionId: version.id,
      SecretString: version.value,
      VersionStages: version.stages,
      CreatedDate: new Date(version.createdAt),
    }
  },
}

function wantedVersion({ versions }: SecretRecord, input: Input): SecretVersion {
  const { VersionId, VersionStage } = input
  const stage = VersionStage ?? (VersionId === undefined ? 'AWSCURRENT' : undefined)
  const named = versions.filter(({ id }) => VersionId === undefined || id === VersionId)
  const found = named.find(({ stages }) => stage === undefined || stages.some((s) => s === stage))
  if (found) return found
  if (VersionId !== undefined && named.length > 0) {
    throw refuse.InvalidRequestException({
      text: 'You provided a VersionStage that is not associated to the provided VersionId.',
    })
  }
  const what = VersionId === undefined ? `staging label: ${stage}` : `VersionId: ${VersionId}`
  throw refuse.ResourceNotFoundException({ what: ` value for ${what}` })
}
