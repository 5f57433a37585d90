/** The `binding` subresource: gives a pod its node, once. */

import { isoSeconds } from '../../kernel/iso-time.ts'
import type { RequestContext } from './kind.ts'
import type { Machinery } from './machinery.ts'
import { pods } from './resources/pods.ts'
import { conflict } from './status.ts'
import { updateObject } from './update-object.ts'

/** Sets `spec.nodeName` and the condition PodScheduled; a pod that has a node is a Conflict. */
export async function bindPod(
  machinery: Machinery,
  namespace: string,
  name: string,
  node: string,
  context: RequestContext,
): Promise<void> {
  const now = isoSeconds(machinery.clock.now())
  const bound = { ...pods, validateUpdate: () => [], prepareUpdate: () => {} }
  // Webhooks for updates of pods are not asked about it.
  const target = { kind: bound, namespace, name, subresource: 'binding' }
  await updateObject(
    machinery,
    target,
    (pod) => {
      const assigned = pod['spec'].nodeName
      if (assigned)
        throw conflict(bindings, name, `pod ${name} is already assigned to node "${assigned}"`)
      if (pod.metadata.deletionTimestamp) {
        throw conflict(bindings, name, `pod ${name} is being deleted, cannot be assigned to a host`)
      }
      pod['spec'].nodeName = node
      const others = (pod['status']?.conditions ?? []).filter(
        (c: { type: string }) => c.type !== 'PodScheduled',
      )
      const scheduled = {
        type: 'PodScheduled',
        status: 'True',
        lastProbeTime: null,
        lastTransitionTime: now,
      }
      pod['status'] = { ...pod['status'], conditions: [...others, scheduled] }
      return pod
    },
    context,
  )
}

const bindings = { group: '', resource: 'pods/binding' }
