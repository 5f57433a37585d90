/** CronJobs: a Job at each moment of the schedule, as far as those before it allow; old ones are cleared away. */
import { isDeepStrictEqual } from 'node:util'
import { isoSeconds } from '../../kernel/iso-time.ts'
import { finishedAs } from '../api/resources/jobs.ts'
import type { EventRecorder } from '../events.ts'
import type { KubernetesObject } from '../object.ts'
import { cronJobs, jobs, objectKey } from '../resources.ts'
import { parseTimestamp } from '../timestamp.ts'
import {
  type Controller,
  type ControllerContext,
  controllerOf,
  running,
  unless,
} from './controller.ts'
import { makeCronJobsJob } from './cron-make-job.ts'
import { momentsOf } from './cron-plan.ts'
import { addController, objectQueue } from './object-queue.ts'

export const cronJobController: Controller = (context) => {
  const { client, clock, recorder } = context
  const events = recorder('cronjob-controller')
  const queue = objectQueue('cron jobs', cronJobs, context, (cronJob) =>
    reconcile(cronJob, context, events),
  )
  /** By uid. A new schedule begins with its next moment, not with one that has passed. */
  const schedules = new Map<string, string>()
  return running(
    [
      client.watch(cronJobs, {}, ({ type, object }) => {
        const { uid } = object.metadata
        const { schedule, timeZone = '', suspend } = object['spec']
        const [before, now] = [schedules.get(uid), `${schedule} ${timeZone}`]
        if (type === 'DELETED') schedules.delete(uid)
        else schedules.set(uid, now)
        if (before === undefined || before === now || suspend) return queue.add(objectKey(object))
        const { next } = momentsOf(object, clock.now())
        if (next !== undefined) queue.addAt(objectKey(object), next)
      }),
      client.watch(jobs, {}, ({ object }) => addController(queue, 'CronJob', object)),
    ],
    queue,
  )
}

interface JobReference {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace?: string
  readonly name: string
  readonly uid: string
  readonly resourceVersion: string
}

interface Round {
  readonly cronJob: KubernetesObject
  readonly context: ControllerContext
  readonly events: EventRecorder
  active: JobReference[]
}

async function reconcile(
  cronJob: KubernetesObject,
  context: ControllerContext,
  events: EventRecorder,
): Promise<number | undefined> {
  const { client, clock } = context
  const { namespace, uid } = cronJob.metadata
  const own = client
    .list(jobs, namespace === undefined ? {} : { namespace })
    .items.filter((job) => controllerOf(job)?.uid === uid)
  const round: Round = { cronJob, context, events, active: cronJob['status']?.active ?? [] }
  await clearOld(round, own)
  sayWhatEnded(round, own)
  const lastSuccessful = own
    .filter((job) => finishedAs(job) === 'Complete')
    .map((job) => job['status'].completionTime as string)
    .concat(cronJob['status']?.lastSuccessfulTime ?? [])
    .sort((a, b) => parseTimestamp(a) - parseTimestamp(b))
    .at(-1)
  const { suspend } = cronJob['spec']
  const now = clock.now()
  const isOpen = !cronJob.metadata.deletionTimestamp && !suspend
  const moments = isOpen ? momentsOf(cronJob, now) : undefined
  let failure: unknown
  let started: number | undefined
  try {
    if (moments?.due !== undefined) started = await startDue(round, moments.due, now)
    if (started !== undefined && moments?.isFarBehind) {
      const why =
        'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew'
      events.record(cronJob, 'Warning', 'TooManyMissedTimes', why)
    }
  } catch (error) {
    failure = error
  }
  await writeStatus(round, {
    ...(started !== undefined && { lastScheduleTime: isoSeconds(started) }),
    ...(lastSuccessful && { lastSuccessfulTime: lastSuccessful }),
  })
  if (failure) throw failure
  return moments?.next
}

/** Makes the Job of the moment `due`, unless it is too late or one before it still runs; answers the moment where it did. */
async function startDue(round: Round, due: number, now: number): Promise<number | undefined> {
  const { cronJob, context, events, active } = round
  const { concurrencyPolicy, startingDeadlineSeconds: deadline } = cronJob['spec']
  if (parseTimestamp(cronJob['status']?.lastScheduleTime) === due) return undefined
  if (deadline !== undefined && due + deadline * 1000 < now) {
    const at = new Date(due).toUTCString().replace('GMT', '+0000')
    const why = `Missed scheduled time to start a job: ${at}`
    events.record(cronJob, 'Warning', 'MissSchedule', why)
    return undefined
  }
  if (concurrencyPolicy === 'Forbid' && active.length > 0) {
    const why =
      'Not starting job because prior execution is running and concurrency policy is Forbid'
    events.record(cronJob, 'Normal', 'JobAlreadyActive', why)
    return undefined
  }
  if (concurrencyPolicy === 'Replace') for (const job of active) await remove(round, job)
  const job = await makeCronJobsJob(cronJob, due, context, events)
  if (!job) return undefined
  const { apiVersion, kind } = job
  const { namespace, name, uid, resourceVersion } = job.metadata
  const reference = {
    apiVersion,
    kind,
    ...(namespace && { namespace }),
    name,
    uid,
    resourceVersion,
  }
  round.active = [...round.active.filter((other) => other.uid !== uid), reference]
  return due
}

async function remove(round: Round, { name, uid }: JobReference): Promise<void> {
  const { cronJob, context, events } = round
  const options = { propagationPolicy: 'Background', uid } as const
  await unless(['NotFound', 'Conflict'], () =>
    context.client.delete(jobs, cronJob.metadata.namespace, name, options),
  )
  round.active = round.active.filter((job) => job.uid !== uid)
  events.record(cronJob, 'Normal', 'SuccessfulDelete', `Deleted job ${name}`)
}

/** Finished Jobs beyond the limits of the history go, oldest first. */
async function clearOld(round: Round, own: readonly KubernetesObject[]): Promise<void> {
  const { successfulJobsHistoryLimit, failedJobsHistoryLimit } = round.cronJob['spec']
  const begun = (job: KubernetesObject) => parseTimestamp(job['status'].startTime)
  for (const [type, limit] of [
    ['Complete', successfulJobsHistoryLimit],
    ['Failed', failedJobsHistoryLimit],
  ] as const) {
    const finished = own.filter(
      (job) => finishedAs(job) === type && !job.metadata.deletionTimestamp,
    )
    const byAge = finished.sort((a, b) => begun(a) - begun(b))
    for (const { metadata, apiVersion, kind } of byAge.slice(
      0,
      Math.max(0, byAge.length - limit),
    )) {
      await remove(round, { apiVersion, kind, ...metadata })
    }
  }
}

/** Takes Jobs that ended or are gone off the list of the active, and tells of such as nobody knew. */
function sayWhatEnded(round: Round, own: readonly KubernetesObject[]): void {
  const { cronJob, events, context } = round
  const leave = (uid: string) => {
    round.active = round.active.filter((job) => job.uid !== uid)
  }
  for (const job of own) {
    const { name, uid } = job.metadata
    const isListed = round.active.some((active) => active.uid === uid)
    const finished = finishedAs(job)
    if (finished && isListed) {
      leave(uid)
      const said = `Saw completed job: ${name}, condition: ${finished}`
      events.record(cronJob, 'Normal', 'SawCompletedJob', said)
    } else if (!finished && !isListed) {
      const said = `Saw a job that the controller did not create or forgot: ${name}`
      events.record(cronJob, 'Warning', 'UnexpectedJob', said)
    }
  }
  for (const { name, uid } of round.active) {
    if (context.client.get(jobs, cronJob.metadata.namespace, name)?.metadata.uid === uid) continue
    leave(uid)
    events.record(cronJob, 'Normal', 'MissingJob', `Active job went missing: ${name}`)
  }
}

async function writeStatus({ cronJob, context, active }: Round, more: object): Promise<void> {
  const { namespace, name, uid } = cronJob.metadata
  await context.client.modify(
    cronJobs,
    namespace,
    name,
    (current) => {
      const { active: _, ...before } = current['status'] ?? {}
      const status = { ...before, ...(active.length > 0 && { active }), ...more }
      if (current.metadata.uid !== uid || isDeepStrictEqual(current['status'], status)) return
      return { ...current, status }
    },
    'status',
  )
}
