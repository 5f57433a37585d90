/** Secrets as the API shows them, without their values. */
import type { SecretRecord } from './records.ts'

/** What DescribeSecret and each entry of ListSecrets have in common. */
export function showSecret(secret: SecretRecord) {
  const { kmsKeyId, rotatedAt } = secret
  return {
    ARN: secret.arn,
    Name: secret.name,
    Description: secret.description,
    ...(kmsKeyId !== undefined && { KmsKeyId: kmsKeyId }),
    RotationEnabled: false,
    ...(rotatedAt !== undefined && { LastRotatedDate: new Date(rotatedAt) }),
    LastChangedDate: new Date(secret.changedAt),
    Tags: Object.entries(secret.tags).map(([Key, Value]) => ({ Key, Value })),
    OwningService: secret.owner,
    CreatedDate: new Date(secret.createdAt),
  }
}

/** The stages of each version, by its id. */
export function showStages({ versions }: SecretRecord): Record<string, readonly string[]> {
  return Object.fromEntries(versions.map(({ id, stages }) => [id, stages]))
}
