/** Deployments: a ReplicaSet for each version of the template, and the way from one to the next. */
import { isDeepStrictEqual } from 'node:util'
import { matchesSelector } from '../api/selectors/label-selector.ts'
import type { KubernetesObject } from '../object.ts'
import { deployments, objectKey, replicaSets } from '../resources.ts'
import { parseTimestamp } from '../timestamp.ts'
import {
  type Controller,
  type ControllerContext,
  controllerOf,
  controllerReference,
  running,
  splitKey,
  unless,
} from './controller.ts'
import { deploymentStatus } from './deployment-status.ts'
import { podTemplateHash } from './pod-template-hash.ts'
import { limits, nextScaling } from './rollout.ts'
import { WorkQueue } from './work-queue.ts'

const revisionKey = 'deployment.kubernetes.io/revision'
const historyKey = 'deployment.kubernetes.io/revision-history'
const desiredKey = 'deployment.kubernetes.io/desired-replicas'
const maxKey = 'deployment.kubernetes.io/max-replicas'
const lastAppliedKey = 'kubectl.kubernetes.io/last-applied-configuration'
const hashLabel = 'pod-template-hash'
const collisionsMax = 100

type Events = ReturnType<ControllerContext['recorder']>

export const deploymentController: Controller = (context) => {
  const { client, clock, log, recorder } = context
  const events = recorder('deployment-controller')
  const queue = new WorkQueue({
    name: 'deployments',
    clock,
    log,
    async reconcile(key) {
      const { namespace, name } = splitKey(key)
      const deployment = client.get(deployments, namespace, name)
      if (!deployment) return
      const deadlineAt = await reconcile(deployment, context, events)
      if (deadlineAt !== undefined) queue.addAt(key, deadlineAt)
    },
  })
  return running(
    [
      client.watch(deployments, {}, ({ object }) => queue.add(objectKey(object))),
      client.watch(replicaSets, {}, ({ object }) => {
        const owner = controllerOf(object)
        const { namespace = '' } = object.metadata
        if (owner?.kind === 'Deployment') queue.add(`${namespace}/${owner.name}`)
      }),
    ],
    queue,
  )
}

async function reconcile(
  deployment: KubernetesObject,
  context: ControllerContext,
  events: Events,
): Promise<number | undefined> {
  const { client, clock } = context
  const { namespace, name, deletionTimestamp } = deployment.metadata
  let all = ownSets(deployment, context)
  let fresh = all.find((set) => hasTemplateOf(set, deployment))
  let isCreated = false
  let collisions: number = deployment['status']?.collisionCount ?? 0
  if (!deletionTimestamp && !deployment['spec'].paused) {
    if (!fresh) {
      const made = await createSet(deployment, all, context, events)
      fresh = made.set
      collisions = made.collisions
      isCreated = true
      all = [...all, fresh]
    } else fresh = await keepRevision(deployment, fresh, all, context)
    await markRevision(deployment, fresh, context)
    const old = all.filter((set) => set.metadata.uid !== fresh?.metadata.uid)
    for (const { set, replicas } of nextScaling(deployment, fresh, old)) {
      await resize(deployment, set, replicas, context, events)
    }
    await forgetOld(deployment, old, context)
  } else if (!deletionTimestamp) await resizePaused(deployment, all, context, events)
  all = ownSets(deployment, context)
  fresh = all.find((set) => hasTemplateOf(set, deployment))
  const current = client.get(deployments, namespace, name)
  if (current?.metadata.uid !== deployment.metadata.uid) return undefined
  const of = { ...deployment, status: current['status'] }
  const now = clock.now()
  const input = { deployment: of, fresh, all, isCreated, collisions, now }
  const { status, deadlineAt } = deploymentStatus(input)
  await client.modify(
    deployments,
    namespace,
    name,
    (d) => (isDeepStrictEqual(d['status'], status) ? undefined : { ...d, status }),
    'status',
  )
  return deadlineAt
}

/** The Deployment's sets, oldest first. */
function ownSets(deployment: KubernetesObject, { client }: ControllerContext): KubernetesObject[] {
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

function hasTemplateOf(set: KubernetesObject, deployment: KubernetesObject): boolean {
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

async function createSet(
  deployment: KubernetesObject,
  all: readonly KubernetesObject[],
  context: ControllerContext,
  events: Events,
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

const revisionOf = (set: KubernetesObject): number =>
  Number(set.metadata.annotations?.[revisionKey] ?? 0)

const nextRevision = (sets: readonly KubernetesObject[]): number =>
  Math.max(0, ...sets.map(revisionOf)) + 1

function sizes(deployment: KubernetesObject): Record<string, string> {
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
async function keepRevision(
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

async function markRevision(
  deployment: KubernetesObject,
  fresh: KubernetesObject,
  { client }: ControllerContext,
): Promise<void> {
  const revision = fresh.metadata.annotations?.[revisionKey] ?? '1'
  if (deployment.metadata.annotations?.[revisionKey] === revision) return
  const { namespace, name } = deployment.metadata
  await client.modify(deployments, namespace, name, (d) => {
    const annotations = { ...d.metadata.annotations, [revisionKey]: revision }
    return { ...d, metadata: { ...d.metadata, annotations } }
  })
}

async function resize(
  deployment: KubernetesObject,
  set: KubernetesObject,
  replicas: number,
  { client }: ControllerContext,
  events: Events,
): Promise<void> {
  const { namespace, name } = set.metadata
  const before: number = set['spec'].replicas ?? 0
  if (before === replicas) return
  await client.modify(replicaSets, namespace, name, (s) => ({
    ...s,
    metadata: { ...s.metadata, annotations: { ...s.metadata.annotations, ...sizes(deployment) } },
    spec: { ...s['spec'], replicas },
  }))
  const text = `Scaled ${replicas > before ? 'up' : 'down'} replica set ${name} from ${before} to ${replicas}`
  events.record(deployment, 'Normal', 'ScalingReplicaSet', text)
}

/** A paused Deployment is still scaled: its newest set that has pods takes the difference. */
async function resizePaused(
  deployment: KubernetesObject,
  all: readonly KubernetesObject[],
  context: ControllerContext,
  events: Events,
): Promise<void> {
  const inUse = all.filter((set) => (set['spec'].replicas ?? 0) > 0)
  const set = inUse.at(-1) ?? all.at(-1)
  if (!set) return
  const others = inUse.filter((s) => s !== set)
  const rest = others.reduce((n, s) => n + s['spec'].replicas, 0)
  const { replicas = 1 } = deployment['spec']
  await resize(deployment, set, Math.max(0, replicas - rest), context, events)
}

/** Old sets without pods beyond the history that is kept. */
async function forgetOld(
  deployment: KubernetesObject,
  old: readonly KubernetesObject[],
  { client }: ControllerContext,
): Promise<void> {
  const empty = old
    .filter((set) => set['spec'].replicas === 0 && !set['status']?.replicas)
    .filter((set) => !set.metadata.deletionTimestamp)
    .sort((a, b) => revisionOf(a) - revisionOf(b))
  const surplus = empty.length - (deployment['spec'].revisionHistoryLimit ?? 10)
  for (const { metadata } of empty.slice(0, Math.max(0, surplus))) {
    const { namespace, name, uid } = metadata
    await unless(['NotFound', 'Conflict'], () =>
      client.delete(replicaSets, namespace, name, { uid }),
    )
  }
}
