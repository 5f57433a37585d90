/** What EKS keeps in the store, and under which keys. Times are ms since the epoch. */

import type { NodeLaunch } from './cluster-control.ts'

export type ClusterStatus = 'CREATING' | 'ACTIVE' | 'DELETING' | 'FAILED' | 'UPDATING'
export type AuthenticationMode = 'API' | 'API_AND_CONFIG_MAP' | 'CONFIG_MAP'
export type Tags = Readonly<Record<string, string>>

/** The three names that lead to a cluster. */
export interface ClusterKey {
  readonly account: string
  readonly region: string
  readonly name: string
}

export interface ClusterRecord extends ClusterKey {
  readonly arn: string
  readonly createdAt: number
  readonly version: string
  readonly roleArn: string
  readonly status: ClusterStatus
  readonly issuerId: string
  readonly clientRequestToken?: string
  /** Absent until the API server has answered once. */
  readonly addresses?: {
    readonly endpoint: string
    readonly certificateAuthorityPem: string
    readonly issuer: string
  }
  readonly network: {
    readonly subnetIds: readonly string[]
    readonly securityGroupIds: readonly string[]
    readonly clusterSecurityGroupId: string
    readonly vpcId: string
    readonly endpointPublicAccess: boolean
    readonly endpointPrivateAccess: boolean
    readonly publicAccessCidrs: readonly string[]
    readonly serviceCidr: string
  }
  readonly enabledLogTypes: readonly string[]
  readonly authenticationMode: AuthenticationMode
  /** IAM ARN (role, user or root) of who created it; administrator by that alone in CONFIG_MAP mode. */
  readonly creatorArn: string
  readonly creatorIsAdmin: boolean
  readonly supportType: string
  readonly deletionProtection: boolean
  /** Shown only where it was ever set. */
  readonly zonalShift?: boolean
  /** ARN or id of the KMS key that secrets are said to be encrypted with. */
  readonly encryptionKey?: string
  /** Names of add-ons that were deleted while their software stayed. */
  readonly preservedAddons?: readonly string[]
  readonly tags: Tags
  readonly issue?: string
}

export type NodegroupStatus =
  | 'CREATING'
  | 'ACTIVE'
  | 'UPDATING'
  | 'DELETING'
  | 'CREATE_FAILED'
  | 'DELETE_FAILED'
  | 'DEGRADED'

export interface NodegroupRecord {
  readonly clusterName: string
  readonly name: string
  readonly arn: string
  readonly createdAt: number
  readonly modifiedAt: number
  readonly status: NodegroupStatus
  readonly clientRequestToken?: string
  readonly version: string
  readonly nodeRole: string
  readonly scaling: {
    readonly minSize: number
    readonly maxSize: number
    readonly desiredSize: number
  }
  readonly instanceTypes: readonly string[]
  readonly subnets: readonly string[]
  readonly amiType: string
  readonly capacityType: string
  readonly diskSize: number
  readonly labels: Readonly<Record<string, string>>
  readonly taints: readonly { key: string; value?: string; effect: string }[]
  readonly autoScalingGroup: string
  /** As it was asked for; nothing is fetched. */
  readonly releaseVersion?: string
  readonly remoteAccess?: {
    readonly ec2SshKey?: string
    readonly sourceSecurityGroups: readonly string[]
  }
  readonly updateConfig?:
    | { readonly maxUnavailable: number }
    | { readonly maxUnavailablePercentage: number }
  /** As it was when the group was made: later versions do not reach its nodes. */
  readonly launchTemplate?: {
    readonly id: string
    readonly name: string
    readonly version: string
    readonly launch: NodeLaunch
  }
  readonly tags: Tags
  readonly issue?: string
}

export interface AssociatedPolicy {
  readonly policyArn: string
  readonly type: 'cluster' | 'namespace'
  readonly namespaces: readonly string[]
  readonly associatedAt: number
  readonly modifiedAt: number
}

export interface AccessEntryRecord {
  readonly clusterName: string
  readonly principalArn: string
  readonly arn: string
  readonly createdAt: number
  readonly modifiedAt: number
  readonly type: string
  readonly username: string
  readonly kubernetesGroups: readonly string[]
  readonly policies: readonly AssociatedPolicy[]
  readonly tags: Tags
}

/** A ServiceAccount's role by EKS Pod Identity; kept under `namespace/serviceAccount`, so that there is one at most. */
export interface PodIdentityRecord {
  readonly clusterName: string
  /** `a-` and 17 letters or digits. */
  readonly id: string
  readonly arn: string
  readonly namespace: string
  readonly serviceAccount: string
  readonly roleArn: string
  readonly createdAt: number
  readonly modifiedAt: number
  readonly disableSessionTags: boolean
  /** Assumed by the role with `externalId`, where pods need the rights of another role or account. */
  readonly targetRoleArn?: string
  readonly externalId?: string
  /** Session policy. */
  readonly policy?: string
  /** ARN of the add-on that made it. */
  readonly ownerArn?: string
  readonly clientRequestToken?: string
  readonly tags: Tags
}

export interface AddonRecord {
  readonly clusterName: string
  readonly name: string
  readonly arn: string
  readonly createdAt: number
  readonly modifiedAt: number
  readonly version: string
  readonly serviceAccountRoleArn?: string
  readonly configurationValues?: string
  readonly clientRequestToken?: string
  readonly tags: Tags
}

export interface FargateSelector {
  /** May hold `*` and `?`. */
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
}

export interface FargateProfileRecord {
  readonly clusterName: string
  readonly name: string
  readonly arn: string
  readonly createdAt: number
  readonly status: 'ACTIVE' | 'DELETING'
  readonly podExecutionRoleArn: string
  readonly subnets: readonly string[]
  readonly selectors: readonly FargateSelector[]
  readonly clientRequestToken?: string
  readonly tags: Tags
}

export interface UpdateRecord {
  readonly id: string
  readonly clusterName: string
  readonly nodegroupName?: string
  readonly addonName?: string
  readonly createdAt: number
  readonly type: string
  readonly status: 'InProgress' | 'Successful' | 'Failed'
  readonly params: readonly { readonly type: string; readonly value: string }[]
}

const prefix = '/eks/'

/** All clusters, or those of one account and region. */
export function clustersPrefix(scope?: Pick<ClusterKey, 'account' | 'region'>): string {
  return scope ? `${prefix}${scope.account}/${scope.region}/cluster/` : prefix
}

export function clusterKey(key: ClusterKey): string {
  return `${clustersPrefix(key)}${key.name}`
}

/** What belongs to one cluster lies beside it, by kind. */
export type PartKind =
  | 'nodegroup'
  | 'access-entry'
  | 'update'
  | 'pod-identity'
  | 'addon'
  | 'fargate-profile'

export function partsPrefix(key: ClusterKey, kind: PartKind): string {
  return `${prefix}${key.account}/${key.region}/${kind}/${key.name}/`
}

export function partKey(key: ClusterKey, kind: PartKind, name: string): string {
  return partsPrefix(key, kind) + encodeURIComponent(name)
}

export function clusterArn(key: ClusterKey): string {
  return `arn:aws:eks:${key.region}:${key.account}:cluster/${key.name}`
}

/** Takes a cluster's ARN apart; undefined where it is none. */
export function parseClusterArn(arn: string): ClusterKey | undefined {
  const match = /^arn:aws:eks:([^:]+):(\d{12}):cluster\/([^/]+)$/.exec(arn)
  if (!match) return undefined
  const [, region = '', account = '', name = ''] = match
  return { account, region, name }
}
