/** What all controllers stand on, and what each of them is. */
import type { Log } from '../../audit/log.ts'
import type { Clock } from '../../kernel/clock.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { ClusterClient } from '../cluster-client.ts'
import { createEventRecorder, type EventRecorder } from '../events.ts'
import type { KubernetesObject, OwnerReference } from '../object.ts'

export interface ControllerContext {
  readonly client: ClusterClient
  readonly clock: Clock
  /** The cluster's CA certificate, PEM. */
  readonly caPem: string
  readonly log: Log
  /** A recorder that speaks as `component`. */
  recorder(component: string): EventRecorder
}

/** Starts watching and reconciling; runs until disposed. */
export type Controller = (context: ControllerContext) => AsyncDisposable

export function controllerContext(deps: Omit<ControllerContext, 'recorder'>): ControllerContext {
  return { ...deps, recorder: (component) => createEventRecorder({ ...deps, component }) }
}

/** Disposes the watches, then what they fed. */
export function running(
  watches: readonly Disposable[],
  ...queues: readonly AsyncDisposable[]
): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      for (const watch of watches) watch[Symbol.dispose]()
      for (const queue of queues) await queue[Symbol.asyncDispose]()
    },
  }
}

/** The owner that manages the object. */
export function controllerOf(object: KubernetesObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller)
}

/** The reference by which `owner` controls what it makes. */
export function controllerReference(owner: KubernetesObject): OwnerReference {
  const { name, uid } = owner.metadata
  const { apiVersion, kind } = owner
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true }
}

/** Runs `action`; a refusal of one of these codes is as good as done. */
export async function unless<T>(
  codes: readonly string[],
  action: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await action()
  } catch (error) {
    if (error instanceof Refusal && codes.includes(error.code)) return undefined
    throw error
  }
}

export interface Condition {
  readonly type: string
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason: string
  readonly message: string
  readonly lastTransitionTime?: string
  readonly lastUpdateTime?: string
}

export function conditionOf(object: KubernetesObject, type: string): Condition | undefined {
  return object['status']?.conditions?.find((c: Condition) => c.type === type)
}
