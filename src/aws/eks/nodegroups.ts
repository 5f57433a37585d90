/** What node group operations share: their ARN in needs, sizes and taints as EKS takes them. */
import type { NodegroupScalingConfig, NodegroupUpdateConfig, Taint } from '@aws-sdk/client-eks'
import type { Call, Need } from '../operation.ts'
import { keyOf, resourceTags } from './access.ts'
import { invalidParameter, notFound } from './errors.ts'
import type { NodegroupRecord } from './records.ts'
import type { EksState } from './state.ts'

/** How an operation names its node group. */
export interface NodegroupName {
  readonly clusterName: string
  readonly nodegroupName: string
}

/** `eks:<action>` on a node group; of one that does not exist any id will do. */
export function nodegroupNeed(
  action: string,
  call: Call,
  { clusterName, nodegroupName }: NodegroupName,
  state: EksState,
): Need {
  const found = state.find(keyOf(call, clusterName), 'nodegroup', nodegroupName)
  const { region, account } = call
  return {
    action: `eks:${action}`,
    resource:
      found?.arn ?? `arn:aws:eks:${region}:${account}:nodegroup/${clusterName}/${nodegroupName}/*`,
    context: resourceTags(found?.tags),
  }
}

/** The node group; throws ResourceNotFoundException for it or its cluster. */
export function findNodegroup(
  state: EksState,
  call: Call,
  { clusterName, nodegroupName }: NodegroupName,
): NodegroupRecord {
  const cluster = state.cluster(keyOf(call, clusterName))
  const found = state.find(cluster, 'nodegroup', nodegroupName)
  if (!found) {
    throw notFound(`No node group found for name: ${nodegroupName}.`, {
      clusterName,
      nodegroupName,
    })
  }
  return found
}

/** Sizes with EKS's defaults for what is not given; throws where they contradict each other. */
export function scalingOf(
  given: NodegroupScalingConfig,
  current: NodegroupRecord['scaling'] = { minSize: 1, maxSize: 2, desiredSize: 2 },
): NodegroupRecord['scaling'] {
  const minSize = given.minSize ?? current.minSize
  const maxSize = given.maxSize ?? Math.max(current.maxSize, given.desiredSize ?? 0)
  const desiredSize = given.desiredSize ?? Math.min(Math.max(current.desiredSize, minSize), maxSize)
  if (minSize > desiredSize) {
    throw invalidParameter(
      `Minimum capacity ${minSize} can't be greater than desired size ${desiredSize}`,
    )
  }
  if (desiredSize > maxSize) {
    throw invalidParameter(
      `Desired capacity ${desiredSize} can't be greater than max size ${maxSize}`,
    )
  }
  return { minSize, maxSize, desiredSize }
}

/** How many nodes an update takes away at once: a number or a percentage. */
export function updateConfigOf(
  given: NodegroupUpdateConfig,
): NonNullable<NodegroupRecord['updateConfig']> {
  const { maxUnavailable, maxUnavailablePercentage } = given
  if (maxUnavailable !== undefined && maxUnavailablePercentage !== undefined) {
    throw invalidParameter(
      'maxUnavailable and maxUnavailablePercentage cannot be specified at the same time.',
    )
  }
  if (maxUnavailablePercentage !== undefined) return { maxUnavailablePercentage }
  return { maxUnavailable: maxUnavailable ?? 1 }
}

/** Taints as they are kept. */
export function taintsOf(taints: readonly Taint[]): NodegroupRecord['taints'] {
  return taints.map(({ key = '', value, effect = 'NO_SCHEDULE' }) => ({
    key,
    ...(value === undefined ? {} : { value }),
    effect,
  }))
}
