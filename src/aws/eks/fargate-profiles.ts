/** What the operations on Fargate profiles share: finding one, its need, its shape. */
import type { FargateProfile } from '@aws-sdk/client-eks'
import type { Call, Need } from '../operation.ts'
import { keyOf, resourceTags } from './access.ts'
import { notFound } from './errors.ts'
import type { ClusterRecord, FargateProfileRecord } from './records.ts'
import type { EksState } from './state.ts'

/** The service that fetches images and ships logs with the pod execution role. */
export const fargateService = 'eks-fargate-pods.amazonaws.com'

/** How an operation names its profile. */
export interface ProfileName {
  readonly clusterName: string
  readonly fargateProfileName: string
}

/** `eks:<action>` on a profile; of one that does not exist any id will do. */
export function profileNeed(
  action: string,
  call: Call,
  { clusterName, fargateProfileName: name }: ProfileName,
  state: EksState,
): Need {
  const found = state.find(keyOf(call, clusterName), 'fargate-profile', name)
  const { region, account } = call
  return {
    action: `eks:${action}`,
    resource:
      found?.arn ?? `arn:aws:eks:${region}:${account}:fargateprofile/${clusterName}/${name}/*`,
    context: resourceTags(found?.tags),
  }
}

/** The cluster and its profile; throws ResourceNotFoundException for either. */
export function findProfile(
  state: EksState,
  call: Call,
  { clusterName, fargateProfileName }: ProfileName,
): { cluster: ClusterRecord; profile: FargateProfileRecord } {
  const cluster = state.cluster(keyOf(call, clusterName))
  const profile = state.find(cluster, 'fargate-profile', fargateProfileName)
  if (!profile) {
    throw notFound(`No Fargate Profile found with name: ${fargateProfileName}.`, {
      clusterName,
      fargateProfileName,
    })
  }
  return { cluster, profile }
}

/** A profile. */
export function showProfile(
  record: FargateProfileRecord,
  status: NonNullable<FargateProfile['status']> = record.status,
): FargateProfile {
  return {
    fargateProfileName: record.name,
    fargateProfileArn: record.arn,
    clusterName: record.clusterName,
    createdAt: new Date(record.createdAt),
    podExecutionRoleArn: record.podExecutionRoleArn,
    subnets: [...record.subnets],
    selectors: record.selectors.map(({ namespace, labels }) => ({
      namespace,
      labels: { ...labels },
    })),
    status,
    tags: { ...record.tags },
    health: { issues: [] },
  }
}
