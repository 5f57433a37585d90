/** The API server from within: what controllers, scheduler and kubelet use. Same admission, validation and conflicts as over HTTPS. */
import type { KubernetesObject, ResourceRef } from './object.ts'
import type { ExecStreams } from './runtime/runtime.ts'

export interface ListFilter {
  readonly namespace?: string
  /** As in the query: `a=b,c in (d)`. */
  readonly labelSelector?: string
  readonly fieldSelector?: string
}

export type WatchEvent = {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: KubernetesObject
}

/**
 * Reads are answered from memory at once; writes resolve when durable and admitted. Failures are Refusals whose `code`
 * is Kubernetes' reason (`NotFound`, `AlreadyExists`, `Conflict`, `Invalid`, `Forbidden`).
 */
export interface ClusterClient {
  get(
    resource: ResourceRef,
    namespace: string | undefined,
    name: string,
  ): KubernetesObject | undefined
  list(
    resource: ResourceRef,
    filter?: ListFilter,
  ): { items: KubernetesObject[]; resourceVersion: string }
  create(
    resource: ResourceRef,
    namespace: string | undefined,
    object: object,
  ): Promise<KubernetesObject>
  /** A PUT; `metadata.resourceVersion` in the object makes it conditional. `subresource`: `status`; `finalize` sets a namespace's `spec.finalizers`. */
  update(
    resource: ResourceRef,
    object: KubernetesObject,
    subresource?: 'status' | 'finalize',
  ): Promise<KubernetesObject>
  /** A read-modify-write that retries on Conflict; `change` returns the new object, or undefined for "nothing to do". */
  modify(
    resource: ResourceRef,
    namespace: string | undefined,
    name: string,
    change: (current: KubernetesObject) => KubernetesObject | undefined,
    subresource?: 'status' | 'finalize',
  ): Promise<KubernetesObject | undefined>
  delete(
    resource: ResourceRef,
    namespace: string | undefined,
    name: string,
    options?: {
      readonly gracePeriodSeconds?: number
      readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
      readonly uid?: string
    },
  ): Promise<void>
  /** Binds a pod to a node (the `binding` subresource). */
  bind(namespace: string, pod: string, node: string): Promise<void>
  /** TokenRequest of a ServiceAccount. `expirationTimestamp` is ms since the epoch. */
  createToken(
    namespace: string,
    serviceAccount: string,
    spec: {
      readonly audiences: readonly string[]
      readonly expirationSeconds: number
      readonly boundObjectRef?: {
        readonly kind: string
        readonly apiVersion: string
        readonly name: string
        readonly uid: string
      }
    },
  ): Promise<{ token: string; expirationTimestamp: number }>
  /** ADDED for what exists now, then each change, in order. */
  watch(
    resource: ResourceRef,
    filter: ListFilter,
    listener: (event: WatchEvent) => void,
  ): Disposable
}

/** What the API server asks of the kubelets: `pods/log`, `pods/exec`, `pods/attach`. */
export interface NodeAgent {
  /**
   * Runs one more command in a container that runs; undefined when it does not. Rejects with a StartFailure where the
   * command cannot be started.
   */
  exec(
    namespace: string,
    pod: string,
    container: string,
    argv: readonly string[],
    streams: ExecStreams,
  ): Promise<{ readonly exitCode: number }> | undefined
  /** Hands the container's input and output on until it ends or the client goes; undefined when it does not run. */
  attach(
    namespace: string,
    pod: string,
    container: string,
    streams: ExecStreams,
  ): Promise<void> | undefined
  /** Undefined when the container has no log (yet); the stream ends at once unless `follow`. */
  logs(
    namespace: string,
    pod: string,
    container: string,
    options: {
      readonly follow: boolean
      readonly previous: boolean
      readonly timestamps: boolean
      readonly tailLines?: number
      readonly sinceTime?: number
      readonly limitBytes?: number
    },
  ): AsyncIterable<Uint8Array> | undefined
}
