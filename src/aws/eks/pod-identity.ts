/** What the operations on EKS Pod Identity associations share: finding one, its need, its checks, its shape. */
import type { PodIdentityAssociation, PodIdentityAssociationSummary } from '@aws-sdk/client-eks'
import { parseArn } from '../../kernel/arn.ts'
import { validatePolicy } from '../../kernel/policy/validate.ts'
import type { Call, Need } from '../operation.ts'
import { keyOf, resourceTags } from './access.ts'
import { invalidParameter, invalidRequest, notFound } from './errors.ts'
import { associationId } from './ids.ts'
import type { ClusterRecord, PodIdentityRecord, Tags } from './records.ts'
import type { EksState } from './state.ts'

/** The service that assumes the roles of associations. */
export const podIdentityService = 'pods.eks.amazonaws.com'

/** How an operation names its association. */
export interface AssociationName {
  readonly clusterName: string
  readonly associationId: string
}

/** The key of the one association that a ServiceAccount can have. */
export function associationKey(namespace: string, serviceAccount: string): string {
  return `${namespace}/${serviceAccount}`
}

/** `eks:<action>` on an association, which need not exist. */
export function associationNeed(
  action: string,
  call: Call,
  { clusterName, associationId: id }: AssociationName,
  state: EksState,
): Need {
  const found = byId(state, keyOf(call, clusterName), id)
  const { region, account } = call
  return {
    action: `eks:${action}`,
    resource: `arn:aws:eks:${region}:${account}:podidentityassociation/${clusterName}/${id}`,
    context: resourceTags(found?.tags),
  }
}

/** The cluster and its association; throws ResourceNotFoundException for either. */
export function findAssociation(
  state: EksState,
  call: Call,
  { clusterName, associationId: id }: AssociationName,
): { cluster: ClusterRecord; association: PodIdentityRecord } {
  const cluster = state.cluster(keyOf(call, clusterName))
  const association = byId(state, cluster, id)
  if (!association) {
    throw notFound(`No association found in cluster: ${clusterName} with associationId: ${id}`, {
      clusterName,
      associationId: id,
    })
  }
  return { cluster, association }
}

function byId(
  state: EksState,
  key: Parameters<EksState['list']>[0],
  id: string,
): PodIdentityRecord | undefined {
  return state.list(key, 'pod-identity').find((association) => association.id === id)
}

/** What an association is made of, beside its defaults. */
export interface NewAssociation {
  readonly namespace: string
  readonly serviceAccount: string
  readonly roleArn: string
  readonly disableSessionTags?: boolean | undefined
  readonly targetRoleArn?: string | undefined
  readonly policy?: string | undefined
  readonly clientRequestToken?: string | undefined
  readonly ownerArn?: string
  readonly tags: Tags
}

/** Builds an association, with its external id where a target role is named. Judges nothing. `at` in ms. */
export function newAssociation(
  cluster: ClusterRecord,
  given: NewAssociation,
  at: number,
): PodIdentityRecord {
  const { name, region, account } = cluster
  const id = associationId()
  const { targetRoleArn, policy, clientRequestToken, ownerArn, namespace, serviceAccount } = given
  return {
    clusterName: name,
    id,
    arn: `arn:aws:eks:${region}:${account}:podidentityassociation/${name}/${id}`,
    namespace,
    serviceAccount,
    roleArn: given.roleArn,
    createdAt: at,
    modifiedAt: at,
    disableSessionTags: given.disableSessionTags ?? false,
    ...withTarget(cluster, given, targetRoleArn),
    ...(policy ? { policy } : {}),
    ...(clientRequestToken === undefined ? {} : { clientRequestToken }),
    ...(ownerArn === undefined ? {} : { ownerArn }),
    tags: given.tags,
  }
}

/** The target role and what it must ask of the first: `region/account/cluster/namespace/serviceaccount`. */
export function withTarget(
  { region, account, name }: ClusterRecord,
  { namespace, serviceAccount }: Pick<NewAssociation, 'namespace' | 'serviceAccount'>,
  targetRoleArn: string | undefined,
): Pick<PodIdentityRecord, 'targetRoleArn' | 'externalId'> {
  if (!targetRoleArn) return {}
  const externalId = [region, account, name, namespace, serviceAccount].join('/')
  return { targetRoleArn, externalId }
}

/** Throws where EKS would not take the association's roles or session policy. */
export function checkAssociation(
  cluster: ClusterRecord,
  given: Pick<NewAssociation, 'roleArn' | 'disableSessionTags' | 'policy' | 'targetRoleArn'>,
  roleExists: (arn: string) => boolean,
): void {
  const subject = { clusterName: cluster.name }
  if (cluster.status !== 'ACTIVE' && cluster.status !== 'UPDATING') {
    throw invalidRequest(`Cluster '${cluster.name}' is not in ACTIVE status`, subject)
  }
  if (!roleExists(given.roleArn)) {
    throw invalidParameter('Role provided in the request does not exist.', subject)
  }
  const target = given.targetRoleArn ? parseArn(given.targetRoleArn) : undefined
  if (given.targetRoleArn && !(target?.service === 'iam' && /^role\/./.test(target.resource))) {
    throw invalidParameter(
      'The target role provided in the request is not the ARN of a role.',
      subject,
    )
  }
  if (!given.policy) return
  if (!given.disableSessionTags) {
    throw invalidParameter('A policy needs disableSessionTags to be true.', subject)
  }
  const problem = validatePolicy(given.policy, 'session')[0]
  if (problem) throw invalidParameter(problem.message, subject)
}

/** An association in full. */
export function showAssociation(record: PodIdentityRecord): PodIdentityAssociation {
  const { targetRoleArn, externalId, policy, ownerArn } = record
  return {
    clusterName: record.clusterName,
    namespace: record.namespace,
    serviceAccount: record.serviceAccount,
    roleArn: record.roleArn,
    associationArn: record.arn,
    associationId: record.id,
    tags: { ...record.tags },
    createdAt: new Date(record.createdAt),
    modifiedAt: new Date(record.modifiedAt),
    disableSessionTags: record.disableSessionTags,
    ...(ownerArn === undefined ? {} : { ownerArn }),
    ...(targetRoleArn === undefined ? {} : { targetRoleArn }),
    ...(externalId === undefined ? {} : { externalId }),
    ...(policy === undefined ? {} : { policy }),
  }
}

/** An association as lists show it: without its role. */
export function summarize(record: PodIdentityRecord): PodIdentityAssociationSummary {
  return {
    clusterName: record.clusterName,
    namespace: record.namespace,
    serviceAccount: record.serviceAccount,
    associationArn: record.arn,
    associationId: record.id,
    ...(record.ownerArn === undefined ? {} : { ownerArn: record.ownerArn }),
  }
}
