/** Deployments: a ReplicaSet for each version of the template, and the way from one to the next. */
import { isDeepStrictEqual } from 'node:util'
import type { EventRecorder } from '../events.ts'
import type { KubernetesObject } from '../object.ts'
import { deployments, objectKey, replicaSets } from '../resources.ts'
import { type Controller, type ControllerContext, running, unless } from './controller.ts'
import {
  adoptSets,
  createSet,
  hasTemplateOf,
  keepRevision,
  ownSets,
  revisionKey,
  revisionOf,
  sizes,
} from './deployment-sets.ts'
import { deploymentStatus } from './deployment-status.ts'
import { addController, objectQueue } from './object-queue.ts'
import { nextScaling } from './rollout.ts'

export const deploymentController: Controller = (context) => {
  const { client, recorder } = context
  const events = recorder('deployment-controller')
  const queue = objectQueue('deployments', deployments, context, (deployment) =>
    reconcile(deployment, context, events),
  )
  return running(
    [
      client.watch(deployments, {}, ({ object }) => queue.add(objectKey(object))),
      client.watch(replicaSets, {}, ({ object }) => addController(queue, 'Deployment', object)),
    ],
    queue,
  )
}

async function reconcile(
  deployment: KubernetesObject,
  context: ControllerContext,
  events: EventRecorder,
): Promise<number | undefined> {
  const { client, clock } = context
  const { namespace, name, deletionTimestamp } = deployment.metadata
  if (!deletionTimestamp) await adoptSets(deployment, context)
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
  events: EventRecorder,
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
  events: EventRecorder,
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
