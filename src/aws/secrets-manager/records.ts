/** What Secrets Manager keeps, by account, region and name. Times are ms since the epoch. */

export type Tags = Readonly<Record<string, string>>

/** Where a secret is: names repeat in other accounts and regions. */
export interface Scope {
  readonly account: string
  readonly region: string
}

export interface SecretRecord extends Scope {
  /** `rds!cluster-<UUID>`. */
  readonly name: string
  /** Ends with six letters and digits that the name alone does not tell. */
  readonly arn: string
  readonly description: string
  /** The service that it belongs to: `rds`. */
  readonly owner: string
  /** Absent: AWS's own key, which is shown nowhere. */
  readonly kmsKeyId?: string
  readonly tags: Tags
  readonly createdAt: number
  readonly changedAt: number
  readonly rotatedAt?: number
  /** The newest first; two at most, the current one and the one before. */
  readonly versions: readonly SecretVersion[]
}

export interface SecretVersion {
  /** A UUID. */
  readonly id: string
  readonly value: string
  readonly stages: readonly Stage[]
  readonly createdAt: number
}

export type Stage = 'AWSCURRENT' | 'AWSPREVIOUS'

/** `arn:aws:secretsmanager:<region>:<account>:secret:<name>`, and the six letters where they are known. */
export function secretArn({ account, region }: Scope, nameAndMark: string): string {
  return `arn:aws:secretsmanager:${region}:${account}:secret:${nameAndMark}`
}

export function secretsPrefix({ account, region }: Scope): string {
  return `/secretsmanager/${account}/${region}/`
}
