/** Jobs: pods are made until enough of them have succeeded, or too many have failed. */
import { isDeepStrictEqual } from 'node:util'
import { finishedAs } from '../api/resources/jobs.ts'
import type { KubernetesObject } from '../object.ts'
import { jobs, objectKey, pods } from '../resources.ts'
import { claimPods, selects } from './claim-pods.ts'
import { type Controller, type ControllerContext, controllerOf, running } from './controller.ts'
import { completionOf, deadlineOf, endingOf, tallyOf } from './job-plan.ts'
import {
  createPod,
  deletePod,
  isTracked,
  type JobHands,
  releasePod,
  trackingFinalizer,
} from './job-pods.ts'
import { type BackOff, nextBackOff, type Scaling, scalingOf } from './job-scaling.ts'
import { countOf, finishedStatus, openStatus } from './job-status.ts'
import { addController, objectQueue } from './object-queue.ts'
import { isActive } from './replica-sets.ts'

const ownName = 'kubernetes.io/job-controller'

export const jobController: Controller = (context) => {
  const { client, recorder } = context
  const hands: JobHands = { client, events: recorder('job-controller') }
  /** By the Job's uid; forgotten with this process, as Kubernetes forgets it. */
  const backOffs = new Map<string, BackOff>()
  const queue = objectQueue('jobs', jobs, context, async (job) => {
    if ((job['spec'].managedBy ?? ownName) !== ownName) return
    if (finishedAs(job)) backOffs.delete(job.metadata.uid)
    else await reconcile(job, backOffs, context, hands, (at) => queue.addAt(objectKey(job), at))
  })
  const orphans = objectQueue('pods without a job', pods, context, async (pod) => {
    if (isTracked(pod) && !jobOf(pod, context)) await releasePod(pod, client)
  })
  return running(
    [
      client.watch(jobs, {}, ({ type, object }) => {
        queue.add(objectKey(object))
        if (type !== 'DELETED') return
        const { namespace = '', uid } = object.metadata
        backOffs.delete(uid)
        for (const pod of client.list(pods, { namespace }).items) {
          if (controllerOf(pod)?.uid === uid) orphans.add(objectKey(pod))
        }
      }),
      client.watch(pods, {}, ({ object }) => {
        const { namespace = '' } = object.metadata
        addController(queue, 'Job', object)
        if (isTracked(object) && !jobOf(object, context)) orphans.add(objectKey(object))
        if (controllerOf(object) || !object.metadata.labels) return
        // A pod that nobody controls may be one that a Job wants.
        for (const job of client.list(jobs, { namespace }).items) {
          if (selects(job, object)) queue.add(objectKey(job))
        }
      }),
    ],
    queue,
    orphans,
  )
}

function jobOf(pod: KubernetesObject, { client }: ControllerContext): KubernetesObject | undefined {
  const owner = controllerOf(pod)
  if (owner?.kind !== 'Job') return undefined
  const job = client.get(jobs, pod.metadata.namespace, owner.name)
  return job?.metadata.uid === owner.uid ? job : undefined
}

async function reconcile(
  job: KubernetesObject,
  backOffs: Map<string, BackOff>,
  context: ControllerContext,
  hands: JobHands,
  wakeAt: (at: number) => void,
): Promise<void> {
  const { client, clock } = context
  const { namespace, uid } = job.metadata
  const own = await claimPods(job, context, { mayAdopt: () => true, finalizer: trackingFinalizer })
  const now = clock.now()
  const tally = tallyOf(job, own)
  const backOff = nextBackOff(backOffs.get(uid), tally)
  let ending = endingOf(job, tally, now)
  let failure: Error | undefined
  if (ending) for (const pod of tally.active) await deletePod(job, pod, hands)
  else if (!job.metadata.deletionTimestamp) {
    const deadline = deadlineOf(job)
    if (deadline !== undefined) wakeAt(deadline)
    const { openAt, error } = await scale(job, scalingOf(job, tally, backOff), now, hands)
    if (openAt !== undefined) wakeAt(openAt)
    failure = error
  }
  const after = client
    .list(pods, namespace === undefined ? {} : { namespace })
    .items.filter((pod) => controllerOf(pod)?.uid === uid)
  ending ??= completionOf(job, tally.succeeded, after.filter(isActive).length)
  const count = countOf(job, tally, ending)
  // First who is counted, then the numbers: a pod is not counted twice whenever this process ends.
  const { status, said } = openStatus(job, { after, ending, count, perIndex: tally.perIndex, now })
  await writeStatus(job, status, context)
  if (said) hands.events.record(job, 'Normal', ...said)
  if (backOff) backOffs.set(uid, backOff)
  else backOffs.delete(uid)
  for (const pod of count.released) await releasePod(pod, client)
  const end = finishedStatus(status, ending, count.isWhole, now)
  await writeStatus(job, end.status, context)
  if (end.said) hands.events.record(job, ...end.said)
  if (failure) throw failure
}

/** `openAt`: when the next of the pods that are missing may be made. */
async function scale(
  job: KubernetesObject,
  { surplus, missing }: Scaling,
  now: number,
  hands: JobHands,
): Promise<{ openAt?: number; error?: Error }> {
  for (const pod of surplus) {
    // Let go before it is deleted, so that it does not count as a failure.
    await releasePod(pod, hands.client)
    await deletePod(job, pod, hands)
  }
  const ready = missing.filter(({ openAt }) => openAt <= now)
  const made = await Promise.allSettled(ready.map((pod) => createPod(job, pod, hands)))
  const later = missing.map(({ openAt }) => openAt).filter((at) => at > now)
  const next = later.length > 0 ? { openAt: Math.min(...later) } : {}
  const failed = made.find((result) => result.status === 'rejected')
  if (!failed) return next
  const error: Error = failed.reason
  hands.events.record(job, 'Warning', 'FailedCreate', `Error creating: ${error.message}`)
  return { ...next, error }
}

async function writeStatus(
  { metadata: { namespace, name, uid } }: KubernetesObject,
  status: object,
  { client }: ControllerContext,
): Promise<void> {
  await client.modify(
    jobs,
    namespace,
    name,
    (current) =>
      current.metadata.uid !== uid || isDeepStrictEqual(current['status'], status)
        ? undefined
        : { ...current, status },
    'status',
  )
}
