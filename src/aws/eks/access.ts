/** What a caller needs for EKS's operations, and where in the store their cluster lies. */
import type { Call, ConditionContext, Need } from '../operation.ts'
import { type ClusterKey, clusterArn, type Tags } from './records.ts'

/** The cluster of that name in the request's account and region. */
export function keyOf(call: Call, name: string): ClusterKey {
  return { account: call.account, region: call.region, name }
}

/** `eks:<action>` on a cluster. `tags` are the cluster's own, of a request the new ones. */
export function clusterNeed(
  action: string,
  call: Call,
  name: string,
  context: ConditionContext = {},
): Need {
  return { action: `eks:${action}`, resource: clusterArn(keyOf(call, name)), context }
}

/** `eks:<action>` where it has no one resource. */
export function anyNeed(action: string): Need {
  return { action: `eks:${action}`, resource: '*' }
}

/** The right to hand a role to EKS, or to another service in its stead. */
export function passRoleNeed(roleArn: string, service = 'eks.amazonaws.com'): Need {
  return {
    action: 'iam:PassRole',
    resource: roleArn,
    context: { 'iam:PassedToService': service },
  }
}

/** `aws:ResourceTag/…` of what exists. */
export function resourceTags(tags: Tags | undefined): Record<string, string> {
  return prefixed('aws:ResourceTag/', tags)
}

/** `aws:RequestTag/…` and `aws:TagKeys` of what is asked for. */
export function requestTags(tags: Tags | undefined): Record<string, string | string[]> {
  const keys = Object.keys(tags ?? {})
  return keys.length > 0 ? { ...prefixed('aws:RequestTag/', tags), 'aws:TagKeys': keys } : {}
}

function prefixed(prefix: string, tags: Tags | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(tags ?? {}).map(([k, v]) => [prefix + k, v]))
}
