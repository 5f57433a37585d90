/** The ReplicaSets of a Deployment: which are its own, what they are called, which revision each is. */
import { isDeepStrictEqual } from 'node:util'
import { matchesSelector } from '../api/selectors/label-selector.ts'
import type { EventRecorder } from '../events.ts'
import type { KubernetesObject } from '../object.ts'
import { replicaSets } from '../resources.ts'
import { parseTimestamp } from '../timestamp.ts'
import { type ControllerContext, controllerOf, controllerReference, unless } from './controller.ts'
import { podTemplateHash } from './pod-template-hash.ts'
import { limits, nextScaling } from './rollout.ts'

export const revisionKey = 'deployment.kubernetes.io/revision'
const historyKey = 'deployment.kubernetes.io/revision-history'
const desiredKey = 'deployment.kubernetes.io/desired-replicas'
const maxKey = 'deployment.kubernetes.io/max-replicas'
const lastAppliedKey = 'kubectl.kubernetes.io/last-applied-configuration'
const hashLabel = 'pod-template-hash'
const collisionsMax = 100

/** Sets that fit and that nobody controls become the Deployment's. */
export async function adoptSets(
  deployment: KubernetesObject,
  { client }: ControllerContext,
): Promise<void> {
  const { namespace } = deployment.metadata
  for (const set of client.list(replicaSets, namespace === undefined ? {} : { namespace }).items) {
    const fits = matchesSelector(deployment['spec'].selector, set.metadata.labels ?? {})
    if (!fits || controllerOf(set) || set.metadata.deletionTimestamp) continue
    await client.modify(replicaSets, namespace, set.metadata.name, (current) => {
      const owners = [...(current.metadata.ownerReferences ?? []), controllerReference(deployment)]
      return { ...current, metadata: { ...current.metadata, ownerReferences: owners } }
    })
  }
}

/** The Deployment's sets, oldest first. */
export function ownSets(
  deployment: KubernetesObject,
  { client }: ControllerContext,
): KubernetesObject[] {
  const { namespace, uid } = deployment.metadata
  const born = (set: KubernetesObject) => parseTimestamp(set.metadata.creationTimestamp)
  return client
    .list(replicaSets, namespace === undefined ? {} : { namespace })
    .items.filter(
      (set) =>
        controllerOf(set)?.uid === uid &&
        matchesSelector(deployment['spec'].selector, set.metadata.labels ?? {}),
    )
    .sort((a, b) => born(a) - born(b) || revisionOf(a) - revisionOf(b))
}

/** Whether the set was made for the Deployment's present template. */
export function hasTemplateOf(set: KubernetesObject, deployment: KubernetesObject): boolean {
  return isDeepStrictEqual(
    withoutHash(set['spec'].template),
    withoutHash(deployment['spec'].template),
  )
}

// biome-ignore lint/suspicious/noExplicitAny: a pod template as the API stores it
function withoutHash(template: any): any {
  const { [hashLabel]: _, ...labels } = template.metadata?.labels ?? {}
  const { creationTimestamp: __, ...metadata } = template.metadata ?? {}
  return { ...template, metadata: { ...metadata, labels } }
}

/** Makes the set for the present template, as large as the rollout allows at once. */
export async function createSet(
  deployment: KubernetesObject,
  all: readonly KubernetesObject[],
  context: ControllerContext,
  events: EventRecorder,
): Promise<{ set: KubernetesObject; collisions: number }> {
  const { client } = context
  const { namespace, name } = deployment.metadata
  let collisions: number = deployment['status']?.collisionCount ?? 0
  for (; collisions < collisionsMax; collisions++) {
    const hash = podTemplateHash(withoutHash(deployment['spec'].template), collisions)
    const draft = setObject(deployment, hash, nextRevision(all))
    const set = await unless(['AlreadyExists'], () => client.create(replicaSets, namespace, draft))
    if (set) {
      const { replicas } = set['spec']
      const text = `Scaled up replica set ${set.metadata.name} from 0 to ${replicas}`
      if (replicas > 0) events.record(deployment, 'Normal', 'ScalingReplicaSet', text)
      return { set, collisions }
    }
  }
  throw new Error(`no free name for a replica set of ${namespace}/${name}`)

  function setObject(of: KubernetesObject, hash: string, revision: number): object {
    const { template, selector, minReadySeconds, replicas = 1 } = of['spec']
    const labels = { ...template.metadata?.labels, [hashLabel]: hash }
    const empty = { metadata: {}, spec: { replicas: 0 }, status: {} } as unknown as KubernetesObject
    const first = nextScaling(of, empty, all).find(({ set }) => set === empty)
    return {
      metadata: {
        name: `${name}-${hash}`,
        labels,
        annotations: { ...sharedAnnotations(of), [revisionKey]: String(revision), ...sizes(of) },
        ownerReferences: [controllerReference(of)],
      },
      spec: {
        replicas: Math.min(first?.replicas ?? 0, replicas),
        ...(minReadySeconds && { minReadySeconds }),
        selector: { ...selector, matchLabels: { ...selector.matchLabels, [hashLabel]: hash } },
        template: { ...template, metadata: { ...template.metadata, labels } },
      },
    }
  }
}

export const revisionOf = (set: KubernetesObject): number =>
  Number(set.metadata.annotations?.[revisionKey] ?? 0)

const nextRevision = (sets: readonly KubernetesObject[]): number =>
  Math.max(0, ...sets.map(revisionOf)) + 1

/** The annotations that say how large the whole is meant to be. */
export function sizes(deployment: KubernetesObject): Record<string, string> {
  const { replicas = 1 } = deployment['spec']
  return { [desiredKey]: String(replicas), [maxKey]: String(replicas + limits(deployment).surge) }
}

function sharedAnnotations(deployment: KubernetesObject): Record<string, string> {
  const own = [revisionKey, historyKey, desiredKey, maxKey, lastAppliedKey]
  return Object.fromEntries(
    Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => !own.includes(key)),
  )
}

/** A set that is in use again, after an undo, gets the newest revision; the Deployment's annotations and size too. */
export async function keepRevision(
  deployment: KubernetesObject,
  fresh: KubernetesObject,
  all: readonly KubernetesObject[],
  { client }: ControllerContext,
): Promise<KubernetesObject> {
  const others = all.filter((set) => set !== fresh)
  const highest = Math.max(0, ...others.map(revisionOf))
  const before = revisionOf(fresh)
  const annotations: Record<string, string> = {
    ...fresh.metadata.annotations,
    ...sharedAnnotations(deployment),
    ...sizes(deployment),
  }
  if (before <= highest) {
    annotations[revisionKey] = String(highest + 1)
    const history = fresh.metadata.annotations?.[historyKey]
    annotations[historyKey] = history ? `${history},${before}` : String(before)
  }
  if (isDeepStrictEqual(annotations, fresh.metadata.annotations)) return fresh
  const { namespace, name } = fresh.metadata
  const kept = await client.modify(replicaSets, namespace, name, (set) => ({
    ...set,
    metadata: { ...set.metadata, annotations },
  }))
  return kept ?? fresh
}
