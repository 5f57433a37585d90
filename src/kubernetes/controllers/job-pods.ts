/** A Job's pods: what each of them counts for, and how they are made, given up and let go. */
import type { ClusterClient } from '../cluster-client.ts'
import type { EventRecorder } from '../events.ts'
import type { KubernetesObject } from '../object.ts'
import { pods } from '../resources.ts'
import { parseTimestamp } from '../timestamp.ts'
import { conditionOf, controllerReference, unless } from './controller.ts'

/** Holds a pod back from being forgotten before its Job has counted it. */
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking'
const indexKey = 'batch.kubernetes.io/job-completion-index'
const nameBaseMax = 58

/** What the actions on pods need. */
export interface JobHands {
  readonly client: ClusterClient
  readonly events: EventRecorder
}

const phaseOf = (pod: KubernetesObject): string => pod['status']?.phase ?? ''

export const isTracked = (pod: KubernetesObject): boolean =>
  pod.metadata.finalizers?.includes(trackingFinalizer) ?? false

export const hasSucceeded = (pod: KubernetesObject): boolean => phaseOf(pod) === 'Succeeded'

/** Being deleted, and something of it may still run. */
export function isTerminating(pod: KubernetesObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds: grace = 0 } = pod.metadata
  return Boolean(deletionTimestamp) && grace > 0 && !['Succeeded', 'Failed'].includes(phaseOf(pod))
}

/** A pod that is replaced only once it has failed, not already when it is being deleted. */
export function replacesFailedOnly(job: KubernetesObject): boolean {
  return job['spec'].podReplacementPolicy === 'Failed' || Boolean(job['spec'].podFailurePolicy)
}

/** A pod that was deleted before its end has failed; one that is being deleted, where the Job does not wait for it. */
export function hasFailed(pod: KubernetesObject, job: KubernetesObject): boolean {
  if (phaseOf(pod) === 'Failed') return true
  if (!pod.metadata.deletionTimestamp || hasSucceeded(pod)) return false
  return !isTerminating(pod) || !replacesFailedOnly(job)
}

/** The pod's index in an indexed Job, if it is one of those that the Job has. */
export function indexOf(pod: KubernetesObject, completions: number): number | undefined {
  const text = pod.metadata.annotations?.[indexKey] ?? ''
  return /^\d{1,10}$/.test(text) && Number(text) < completions ? Number(text) : undefined
}

/** When (ms) the pod came to its end: of its containers, else of being ready, else of its deletion. */
export function finishedAt(pod: KubernetesObject): number {
  const statuses: { state?: { terminated?: { finishedAt?: string } } }[] =
    pod['status']?.containerStatuses ?? []
  const ends = statuses.map(({ state }) => parseTimestamp(state?.terminated?.finishedAt))
  if (ends.length > 0 && ends.every((at) => !Number.isNaN(at))) return Math.max(...ends)
  const ready = conditionOf(pod, 'Ready')
  if (ready?.status === 'False') return parseTimestamp(ready.lastTransitionTime)
  const { creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds = 0 } = pod.metadata
  if (!deletionTimestamp) return parseTimestamp(creationTimestamp)
  return parseTimestamp(deletionTimestamp) - deletionGracePeriodSeconds * 1000
}

/** Makes one pod of the Job; an indexed Job's for its index. */
export async function createPod(
  job: KubernetesObject,
  {
    index,
    annotations: more,
  }: { readonly index?: number; readonly annotations?: Readonly<Record<string, string>> },
  { client, events }: JobHands,
): Promise<void> {
  const { metadata = {}, spec } = job['spec'].template
  const { labels, finalizers = [] } = metadata
  const annotations = more ? { ...metadata.annotations, ...more } : metadata.annotations
  const text = String(index)
  const suffix = index === undefined ? '-' : `-${text}-`
  const pod = await client.create(pods, job.metadata.namespace, {
    metadata: {
      generateName: job.metadata.name.slice(0, nameBaseMax - suffix.length) + suffix,
      labels: index === undefined ? labels : { ...labels, [indexKey]: text },
      annotations: index === undefined ? annotations : { ...annotations, [indexKey]: text },
      finalizers: [...new Set([...finalizers, trackingFinalizer])],
      ownerReferences: [controllerReference(job)],
    },
    spec: index === undefined ? structuredClone(spec) : indexedSpec(job, index),
  })
  events.record(job, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`)
}

/** The template's spec with what tells a pod its index: its host name, and a variable in each container. */
function indexedSpec(job: KubernetesObject, index: number): object {
  const spec = structuredClone(job['spec'].template.spec)
  const name = 'JOB_COMPLETION_INDEX'
  const fieldPath = `metadata.labels['${indexKey}']`
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
    const env: { name: string }[] = container.env ?? []
    if (env.some((entry) => entry.name === name)) continue
    container.env = [...env, { name, valueFrom: { fieldRef: { fieldPath } } }]
  }
  return { ...spec, hostname: `${job.metadata.name}-${index}` }
}

/** Asks a pod to go. */
export async function deletePod(
  job: KubernetesObject,
  { metadata: { namespace, name, uid } }: KubernetesObject,
  { client, events }: JobHands,
): Promise<void> {
  await unless(['NotFound', 'Conflict'], () => client.delete(pods, namespace, name, { uid }))
  events.record(job, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`)
}

/** Lets a pod be forgotten. */
export async function releasePod(
  { metadata: { namespace, name, uid } }: KubernetesObject,
  client: ClusterClient,
): Promise<void> {
  await client.modify(pods, namespace, name, (current) => {
    if (current.metadata.uid !== uid || !isTracked(current)) return undefined
    const finalizers = (current.metadata.finalizers ?? []).filter((f) => f !== trackingFinalizer)
    return { ...current, metadata: { ...current.metadata, finalizers } }
  })
}
