/** What a kubelet asks of whatever gives pods their network: the host's own, or a namespace for each. */
import type { Socket } from 'node:net'
import type { KubernetesObject } from '../object.ts'

export interface PodNetwork {
  /** An address for a pod; the one that it had, when that is free. */
  take(pod: KubernetesObject): string
  release(address: string): void
  /**
   * Brings up the pod's network before its first container starts; undefined: it has the host's. Rejects with
   * NetworkFailure.
   */
  open(pod: KubernetesObject, address: string): Promise<PodSandbox | undefined>
}

/** A network of one pod's own; disposing takes it down. */
export interface PodSandbox extends Disposable {
  /** Its network namespace, as `nsenter --net=` takes it. */
  readonly namespace: string
  /** The pod's /etc/resolv.conf. */
  readonly resolvConf: string
  /** A connection to the pod, from its node. */
  connect(host: string, port: number): Promise<Socket>
}
