/** ReplicaSets: as many pods of the template as asked for. */
import { isoSeconds } from '../../kernel/iso-time.ts'
import type { EventRecorder } from '../events.ts'
import type { KubernetesObject } from '../object.ts'
import { objectKey, pods, replicaSets } from '../resources.ts'
import { parseTimestamp } from '../timestamp.ts'
import { claimPods, selects } from './claim-pods.ts'
import {
  type Condition,
  type Controller,
  type ControllerContext,
  conditionOf,
  controllerOf,
  controllerReference,
  running,
  unless,
} from './controller.ts'
import { addController, objectQueue } from './object-queue.ts'

/** How many pods one round makes or deletes at most. */
const burstMax = 100

export const replicaSetController: Controller = (context) => {
  const { client, clock, recorder } = context
  const events = recorder('replicaset-controller')
  const queue = objectQueue('replica sets', replicaSets, context, async (set) => {
    const { namespace = '', name } = set.metadata
    const own = await claimPods(set, context, { mayAdopt: isActive })
    const active = own.filter(isActive)
    let failure: Error | undefined
    if (!set.metadata.deletionTimestamp) {
      try {
        await scale(set, active, context, events)
      } catch (error) {
        failure = error as Error
        events.record(set, 'Warning', 'FailedCreate', `Error creating: ${failure.message}`)
      }
    }
    const now = clock.now()
    const after = client.list(pods, { namespace }).items.filter((p) => isControlledBy(p, set))
    const { status, nextAt } = replicaSetStatus(set, after.filter(isActive), now, failure)
    await client.modify(replicaSets, namespace, name, (s) => ({ ...s, status }), 'status')
    if (!failure) return nextAt
    if (nextAt !== undefined) queue.addAt(objectKey(set), nextAt)
    throw failure
  })
  return running(
    [
      client.watch(replicaSets, {}, ({ object }) => queue.add(objectKey(object))),
      client.watch(pods, {}, ({ object }) => {
        const { namespace = '' } = object.metadata
        addController(queue, 'ReplicaSet', object)
        if (controllerOf(object) || !object.metadata.labels) return
        // A pod that nobody controls may be one that a set wants.
        for (const set of client.list(replicaSets, { namespace }).items) {
          if (selects(set, object)) queue.add(objectKey(set))
        }
      }),
    ],
    queue,
  )
}

const isControlledBy = (object: KubernetesObject, owner: KubernetesObject) =>
  controllerOf(object)?.uid === owner.metadata.uid

export const isActive = (pod: KubernetesObject): boolean =>
  !pod.metadata.deletionTimestamp && !['Succeeded', 'Failed'].includes(pod['status']?.phase)

async function scale(
  set: KubernetesObject,
  active: readonly KubernetesObject[],
  { client }: ControllerContext,
  events: EventRecorder,
): Promise<void> {
  const missing = (set['spec'].replicas ?? 1) - active.length
  const { namespace } = set.metadata
  if (missing > 0) {
    const draft = podFromTemplate(set)
    await Promise.all(
      Array.from({ length: Math.min(missing, burstMax) }, async () => {
        const pod = await client.create(pods, namespace, structuredClone(draft))
        events.record(set, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`)
      }),
    )
  }
  for (const pod of [...active].sort(worstFirst).slice(0, Math.max(0, -missing))) {
    const { name, uid } = pod.metadata
    await unless(['NotFound', 'Conflict'], () => client.delete(pods, namespace, name, { uid }))
    events.record(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`)
  }
}

/** A pod of an owner's template, controlled by the owner. */
export function podFromTemplate(owner: KubernetesObject): object {
  const { metadata = {}, spec } = owner['spec'].template
  const { labels, annotations, finalizers } = metadata
  return {
    metadata: {
      generateName: `${owner.metadata.name}-`,
      labels,
      annotations,
      finalizers,
      ownerReferences: [controllerReference(owner)],
    },
    spec,
  }
}

/** The order in which pods are given up: those that are least use first. */
export function worstFirst(a: KubernetesObject, b: KubernetesObject): number {
  const rank = (pod: KubernetesObject) => [
    pod['spec'].nodeName ? 1 : 0,
    pod['status']?.phase === 'Running' ? 1 : 0,
    isReady(pod) ? 1 : 0,
  ]
  const [x, y] = [rank(a), rank(b)]
  for (const [i, value] of x.entries()) if (value !== y[i]) return value - (y[i] ?? 0)
  const born = (pod: KubernetesObject) => parseTimestamp(pod.metadata.creationTimestamp)
  return born(b) - born(a)
}

export const isReady = (pod: KubernetesObject) => conditionOf(pod, 'Ready')?.status === 'True'

/** The set's status, and when it will change by time alone. */
export function replicaSetStatus(
  set: KubernetesObject,
  active: readonly KubernetesObject[],
  now: number,
  failure: Error | undefined,
): { status: Record<string, unknown>; nextAt?: number } {
  const minReadyMs = (set['spec'].minReadySeconds ?? 0) * 1000
  const wanted: Record<string, string> = set['spec'].template.metadata?.labels ?? {}
  const readyAt = (pod: KubernetesObject) =>
    parseTimestamp(conditionOf(pod, 'Ready')?.lastTransitionTime) + minReadyMs
  const ready = active.filter(isReady)
  const available = ready.filter((pod) => minReadyMs === 0 || readyAt(pod) <= now)
  const labelled = active.filter((pod) =>
    Object.entries(wanted).every(([key, value]) => pod.metadata.labels?.[key] === value),
  )
  const count = (name: string, list: readonly unknown[]) =>
    list.length > 0 ? { [name]: list.length } : {}
  const later = ready.map(readyAt).filter((at) => at > now)
  const conditions = failureCondition(set, failure, now)
  return {
    status: {
      replicas: active.length,
      ...count('fullyLabeledReplicas', labelled),
      ...count('readyReplicas', ready),
      ...count('availableReplicas', available),
      observedGeneration: set.metadata.generation ?? 1,
      ...(conditions.length > 0 && { conditions }),
    },
    ...(minReadyMs > 0 && later.length > 0 && { nextAt: Math.min(...later) }),
  }
}

function failureCondition(
  set: KubernetesObject,
  failure: Error | undefined,
  now: number,
): Condition[] {
  if (!failure) return []
  const type = 'ReplicaFailure'
  const lastTransitionTime = conditionOf(set, type)?.lastTransitionTime ?? isoSeconds(now)
  const { message } = failure
  return [{ type, status: 'True', lastTransitionTime, reason: 'FailedCreate', message }]
}
