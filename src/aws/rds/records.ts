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
  readonly status:
    | 'creating'
    | 'available'
    | 'stopping'
    | 'stopped'
    | 'starting'
    | 'deleting'
    | 'failed'
  /** Why it failed. */
  readonly issue?: string
  readonly engineVersion: string
  readonly port: number
  /** Absent until it has run once. */
  readonly addresses?: DatabaseAddresses
  readonly masterUsername: string
  readonly masterPasswordVerifier: string
  /** Where RDS manages the password. */
  readonly masterSecret?: MasterSecret
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
  readonly kmsKeyId?: string
  /** `aurora` or `aurora-iopt1`; shown where it was given. */
  readonly storageType?: string
  /** Logs that were asked to be sent to CloudWatch; none are. */
  readonly logExports?: readonly string[]
  readonly roles?: readonly ClusterRole[]
  readonly serverlessCapacity?: { readonly min: number; readonly max: number }
}

/** The secret that holds the master user's password. */
export interface MasterSecret {
  readonly arn: string
  /** Absent: AWS's own key. */
  readonly kmsKeyId?: string
}

/** A role of a cluster: what it is for here is to be shown. */
export interface ClusterRole {
  readonly arn: string
  readonly feature?: string
}

export interface InstanceRecord extends Resource {
  readonly clusterIdentifier: string
  readonly resourceId: string
  readonly instanceClass: string
  readonly promotionTier: number
  /** When a failover made it the writer; absent: never. */
  readonly promotedAt?: number
  readonly publiclyAccessible: boolean
  readonly autoMinorVersionUpgrade: boolean
  readonly availabilityZone: string
  /** Absent: the default one. */
  readonly parameterGroup?: string
  readonly caCertificate?: string
  readonly copyTagsToSnapshot?: boolean
  readonly maintenanceWindow?: string
  readonly monitoringInterval?: number
  readonly monitoringRoleArn?: string
  readonly performanceInsights?: boolean
  readonly performanceInsightsKeyId?: string
  readonly performanceInsightsDays?: number
}

/** What a parameter group says of one parameter. */
export interface ParameterSetting {
  readonly value: string
  readonly method: 'immediate' | 'pending-reboot'
}

/** Subnet groups and both kinds of parameter groups. */
export interface GroupRecord extends Resource {
  readonly description: string
  /** Of parameter groups: `aurora-postgresql15`. */
  readonly family?: string
  /** Of parameter groups: what was set, by name. */
  readonly parameters?: Readonly<Record<string, ParameterSetting>>
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
