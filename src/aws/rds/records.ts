/** What RDS keeps, by kind, account, region and identifier. Times are ms since the epoch. */
import type { DatabaseAddresses } from './database-control.ts'

export type Tags = Readonly<Record<string, string>>

/** Where a resource is: identifiers repeat in other accounts and regions. */
export interface Scope {
  readonly account: string
  readonly region: string
}

interface Resource extends Scope {
  /** Lower case. */
  readonly identifier: string
  readonly arn: string
  readonly createdAt: number
  readonly tags: Tags
}

export interface ClusterRecord extends Resource {
  /** `cluster-` and 26 upper-case letters and digits. */
  readonly resourceId: string
  readonly endpointMark: string
  readonly status: 'creating' | 'available' | 'deleting' | 'failed'
  /** Why it failed. */
  readonly issue?: string
  readonly engineVersion: string
  readonly port: number
  /** Absent until it has run once. */
  readonly addresses?: DatabaseAddresses
  readonly masterUsername: string
  readonly masterPasswordVerifier: string
  readonly databaseName?: string
  readonly iamEnabled: boolean
  readonly deletionProtection: boolean
  readonly parameterGroup: string
  readonly subnetGroup: string
  readonly securityGroupIds: readonly string[]
  readonly availabilityZones: readonly string[]
  readonly backupRetentionDays: number
  readonly backupWindow: string
  readonly maintenanceWindow: string
  readonly copyTagsToSnapshot: boolean
  readonly storageEncrypted: boolean
  readonly serverlessCapacity?: { readonly min: number; readonly max: number }
}

export interface InstanceRecord extends Resource {
  readonly clusterIdentifier: string
  readonly resourceId: string
  readonly instanceClass: string
  readonly promotionTier: number
  readonly publiclyAccessible: boolean
  readonly autoMinorVersionUpgrade: boolean
  readonly availabilityZone: string
}

/** Subnet groups and both kinds of parameter groups. */
export interface GroupRecord extends Resource {
  readonly description: string
  /** Of parameter groups: `aurora-postgresql15`. */
  readonly family?: string
  /** Of subnet groups. */
  readonly subnetIds?: readonly string[]
}

export interface Records {
  cluster: ClusterRecord
  db: InstanceRecord
  subgrp: GroupRecord
  'cluster-pg': GroupRecord
  pg: GroupRecord
}

/** As it stands in ARNs. */
export type Kind = keyof Records

export const groupKinds = ['subgrp', 'cluster-pg', 'pg'] as const

/** `arn:aws:rds:<region>:<account>:<kind>:<identifier>`; `*` for all. */
export function rdsArn({ account, region }: Scope, kind: Kind, identifier: string): string {
  return `arn:aws:rds:${region}:${account}:${kind}:${identifier}`
}

export function recordsPrefix({ account, region }: Scope, kind: Kind): string {
  return `/rds/${account}/${region}/${kind}/`
}

export interface Named extends Scope {
  readonly kind: Kind
  readonly identifier: string
}

/** Takes an ARN of ours apart. */
export function parseRdsArn(arn: string): Named | undefined {
  const match =
    /^arn:aws:rds:([a-z0-9-]+):(\d{12}):(cluster|db|subgrp|cluster-pg|pg):([^:/]+)$/.exec(arn)
  const [, region = '', account = '', kind, identifier = ''] = match ?? []
  return kind ? { region, account, kind: kind as Kind, identifier } : undefined
}
