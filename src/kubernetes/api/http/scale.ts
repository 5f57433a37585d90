/** The `scale` subresource: replicas of a workload as autoscaling/v1 Scale. */
import type { KubernetesObject } from '../../object.ts'
import { invalidValue } from '../field-errors.ts'
import { selectorText } from '../resources/columns.ts'
import { invalid } from '../status.ts'

export const scaleType = { group: 'autoscaling', version: 'v1', kind: 'Scale' }

/** The Scale of a Deployment or ReplicaSet. */
export function scaleOf(object: KubernetesObject): KubernetesObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const metadata = { name, namespace, uid, resourceVersion, creationTimestamp }
  const selector = selectorText(object['spec'].selector)
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: metadata as KubernetesObject['metadata'],
    spec: { replicas: object['spec'].replicas ?? 1 },
    status: { replicas: object['status']?.replicas ?? 0, selector },
  }
}

/** The workload with the Scale's replicas. */
export function withScale(object: KubernetesObject, scale: KubernetesObject): KubernetesObject {
  const replicas = scale['spec']?.replicas ?? 0
  if (!Number.isInteger(replicas) || replicas < 0) {
    const error = invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0')
    throw invalid(scaleType, object.metadata.name, [error])
  }
  return {
    ...object,
    metadata: { ...object.metadata, resourceVersion: scale.metadata?.resourceVersion ?? '' },
    spec: { ...object['spec'], replicas },
  }
}
