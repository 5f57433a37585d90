/** What the parts of one kubelet share. */
import type { Log } from '../../audit/log.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { ClusterClient } from '../cluster-client.ts'
import type { EventRecorder } from '../events.ts'
import type { PodNetwork } from '../network/pod-network.ts'
import type { KubernetesObject } from '../object.ts'
import type { ImageMap } from '../runtime/images.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { NodeFacts } from './node.ts'

export interface KubeletServices {
  readonly client: ClusterClient
  readonly clock: Clock
  readonly runtime: Runtime
  readonly images: ImageMap
  readonly network: PodNetwork
  readonly events: EventRecorder
  readonly node: NodeFacts
  /** Pods' directories lie below; the kubelet's own. */
  readonly directory: string
  /** Environment that the node gives every container of a pod; the pod's own entries win. */
  readonly podEnvironment: (
    pod: KubernetesObject,
  ) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>
  /** Called once a pod has left the node. */
  readonly podGone: (pod: KubernetesObject) => void
  /** Images that were used before: they need no pull. */
  readonly presentImages: Set<string>
  readonly log: Log
}
