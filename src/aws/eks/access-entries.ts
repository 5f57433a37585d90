/** How access entries come about: asked for, for a cluster's creator, for the nodes of a group. */
import { accessPolicyArn } from './access-policies.ts'
import { invalidParameter } from './errors.ts'
import { uuid } from './ids.ts'
import { identityOf } from './principals.ts'
import type { AccessEntryRecord, ClusterKey, Tags } from './records.ts'

/** What an entry is made of, beside its defaults. */
export interface NewEntry {
  readonly principalArn: string
  readonly type?: string | undefined
  readonly username?: string | undefined
  readonly kubernetesGroups?: readonly string[] | undefined
  readonly tags?: Tags | undefined
}

const nodeTypes = ['EC2_LINUX', 'EC2_WINDOWS', 'FARGATE_LINUX', 'HYBRID_LINUX', 'HYPERPOD_LINUX']
/** Those of instances name the instance; others, which have none, the session of their role. */
const isInstance = (type: string) => type.startsWith('EC2_')

/** Builds an entry with AWS's defaults; throws InvalidParameterException for what EKS does not take. `at` in ms. */
export function newAccessEntry(
  cluster: ClusterKey,
  given: NewEntry,
  at: number,
): AccessEntryRecord {
  const identity = identityOf(given.principalArn)
  if (!identity || !given.principalArn.includes(':iam:')) {
    throw invalidParameter(
      `The principalArn parameter format is not valid: ${given.principalArn.slice(0, 200)}`,
      { clusterName: cluster.name },
    )
  }
  const type = given.type ?? 'STANDARD'
  const isNode = nodeTypes.includes(type)
  if (!isNode && type !== 'STANDARD') {
    throw invalidParameter(`The type ${type} is not supported.`, { clusterName: cluster.name })
  }
  if (isNode && (given.username !== undefined || (given.kubernetesGroups ?? []).length > 0)) {
    throw invalidParameter(`The username and kubernetesGroups of type ${type} cannot be set.`)
  }
  const { account, region, name } = cluster
  const path = `${identity.kind}/${identity.account}/${identity.name || 'root'}/${uuid()}`
  return {
    clusterName: name,
    principalArn: given.principalArn,
    arn: `arn:aws:eks:${region}:${account}:access-entry/${name}/${path}`,
    createdAt: at,
    modifiedAt: at,
    type,
    username: isNode
      ? `system:node:{{${isInstance(type) ? 'EC2PrivateDNSName' : 'SessionName'}}}`
      : (checkedUsername(given.username) ?? defaultUsername(given.principalArn)),
    kubernetesGroups: isNode ? nodeGroups(type) : checkedGroups(given.kubernetesGroups ?? []),
    policies: [],
    tags: given.tags ?? {},
  }
}

function nodeGroups(type: string): readonly string[] {
  return type === 'FARGATE_LINUX'
    ? ['system:bootstrappers', 'system:nodes', 'system:node-proxier']
    : ['system:nodes']
}

/** The entry of whoever created a cluster: its administrator. */
export function creatorEntry(
  cluster: ClusterKey,
  creatorArn: string,
  at: number,
): AccessEntryRecord {
  const policyArn = accessPolicyArn('AmazonEKSClusterAdminPolicy')
  return {
    ...newAccessEntry(cluster, { principalArn: creatorArn }, at),
    policies: [{ policyArn, type: 'cluster', namespaces: [], associatedAt: at, modifiedAt: at }],
  }
}

/** Kubernetes' own prefixes are not for callers to claim. */
export function checkedGroups(groups: readonly string[]): readonly string[] {
  for (const group of groups) {
    const reserved = /^(system:|eks:|aws:|amazon:|iam:)/i.exec(group)?.[1]
    if (reserved) {
      throw invalidParameter(
        `The kubernetes group name ${group} is invalid, it cannot start with ${reserved}`,
      )
    }
  }
  return [...new Set(groups)]
}

/** A username may not pose as one of Kubernetes' own; a session's must name the session. */
export function checkedUsername(username: string | undefined): string | undefined {
  const reserved = /^(system:|eks:|aws:|amazon:|iam:)/i.exec(username ?? '')?.[1]
  if (reserved) {
    throw invalidParameter(`The username ${username} is invalid, it cannot start with ${reserved}`)
  }
  return username || undefined
}

function defaultUsername(principalArn: string): string {
  const identity = identityOf(principalArn)
  return identity?.kind === 'role'
    ? `arn:aws:sts::${identity.account}:assumed-role/${identity.name}/{{SessionName}}`
    : principalArn
}
