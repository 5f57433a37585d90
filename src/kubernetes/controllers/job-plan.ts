/** What a Job's pods amount to, whether that ends the Job, and how many pods it wants: pure. */
import {
  countCommon,
  countIndexes,
  type Indexes,
  parsedIndexes,
  withIndexes,
} from '../api/resources/job-indexes.ts'
import type { KubernetesObject } from '../object.ts'
import { parseTimestamp } from '../timestamp.ts'
import { conditionOf } from './controller.ts'
import { judgeFailure } from './job-failure-policy.ts'
import { type IndexFailures, indexFailuresOf } from './job-index-failures.ts'
import { hasFailed, hasSucceeded, indexOf, isTracked } from './job-pods.ts'
import { isActive } from './replica-sets.ts'

export interface Tally {
  readonly pods: readonly KubernetesObject[]
  readonly active: readonly KubernetesObject[]
  /** Ended, and in no number of the status yet. */
  readonly newlySucceeded: readonly KubernetesObject[]
  readonly newlyFailed: readonly KubernetesObject[]
  /** With those that are only now seen. */
  readonly succeeded: number
  readonly failed: number
  /** Of an indexed Job: what has succeeded. */
  readonly indexes: Indexes
  /** Of one with a limit for each index. */
  readonly perIndex: IndexFailures | undefined
}

export const isIndexed = (job: KubernetesObject): boolean =>
  job['spec'].completionMode === 'Indexed'

/** The completed indexes that the status names; none where it cannot be read. */
export function completedIndexes(job: KubernetesObject): Indexes {
  if (!isIndexed(job)) return []
  return parsedIndexes(job['status']?.completedIndexes ?? '', job['spec'].completions)
}

export function tallyOf(job: KubernetesObject, pods: readonly KubernetesObject[]): Tally {
  const { succeeded = 0, failed = 0, uncountedTerminatedPods: uncounted = {} } = job['status'] ?? {}
  const waiting = new Set<string>([...(uncounted.succeeded ?? []), ...(uncounted.failed ?? [])])
  const isNew = (pod: KubernetesObject) =>
    isTracked(pod) &&
    !waiting.has(pod.metadata.uid) &&
    (!isIndexed(job) || indexOf(pod, job['spec'].completions) !== undefined)
  const newlySucceeded = pods.filter((pod) => isNew(pod) && hasSucceeded(pod))
  const newlyFailed = pods.filter((pod) => isNew(pod) && hasFailed(pod, job))
  const indexes = withIndexes(
    completedIndexes(job),
    newlySucceeded.flatMap((pod) => indexOf(pod, job['spec'].completions) ?? []),
  )
  const active = pods.filter(isActive)
  const running = active.flatMap((pod) => indexOf(pod, job['spec'].completions) ?? [])
  const counted = newlyFailed.filter((pod) => judgeFailure(pod, job).isCounted)
  return {
    pods,
    active,
    newlySucceeded,
    newlyFailed,
    succeeded: isIndexed(job)
      ? countIndexes(indexes)
      : succeeded + (uncounted.succeeded?.length ?? 0) + newlySucceeded.length,
    failed: failed + (uncounted.failed?.length ?? 0) + counted.length,
    indexes,
    perIndex: indexFailuresOf(job, pods, withIndexes(indexes, running)),
  }
}

export interface Ending {
  readonly type: 'SuccessCriteriaMet' | 'FailureTarget'
  readonly reason: string
  readonly message: string
}

/** Why the Job ends now whatever its pods do; undefined while it goes on. */
export function endingOf(job: KubernetesObject, tally: Tally, now: number): Ending | undefined {
  for (const type of ['SuccessCriteriaMet', 'FailureTarget'] as const) {
    const before = conditionOf(job, type)
    if (before?.status === 'True') return { type, reason: before.reason, message: before.message }
  }
  const failure = (reason: string, message: string): Ending => {
    return { type: 'FailureTarget', reason, message }
  }
  for (const pod of tally.pods) {
    const { failJob } = hasFailed(pod, job) ? judgeFailure(pod, job) : {}
    if (failJob) return failure('PodFailurePolicy', failJob)
  }
  if (tally.failed > job['spec'].backoffLimit || hasRestartedTooOften(job, tally.pods)) {
    return failure('BackoffLimitExceeded', 'Job has reached the specified backoff limit')
  }
  if ((deadlineOf(job) ?? Infinity) <= now) {
    return failure('DeadlineExceeded', 'Job was active longer than specified deadline')
  }
  const failed = countIndexes(tally.perIndex?.failed ?? [])
  if (failed > (job['spec'].maxFailedIndexes ?? Infinity)) {
    const why = 'Job has exceeded the specified maximal number of failed indexes'
    return failure('MaxFailedIndexesExceeded', why)
  }
  if (failed > 0 && failed + tally.succeeded >= job['spec'].completions) {
    return failure('FailedIndexes', 'Job has failed indexes')
  }
  return successOf(job, tally)
}

/** When (ms) the Job has been active for too long. */
export function deadlineOf(job: KubernetesObject): number | undefined {
  const { activeDeadlineSeconds: seconds, suspend } = job['spec']
  const startedAt = parseTimestamp(job['status']?.startTime)
  if (seconds === undefined || suspend || Number.isNaN(startedAt)) return undefined
  return startedAt + seconds * 1000
}

/** Containers that are restarted in place count as failures too. */
function hasRestartedTooOften(job: KubernetesObject, pods: readonly KubernetesObject[]): boolean {
  const { backoffLimit, template } = job['spec']
  if (template.spec.restartPolicy !== 'OnFailure') return false
  let restarts = 0
  for (const pod of pods) {
    const { phase, initContainerStatuses = [], containerStatuses = [] } = pod['status'] ?? {}
    if (phase !== 'Running' && phase !== 'Pending') continue
    const containers: { restartCount: number }[] = [...initContainerStatuses, ...containerStatuses]
    for (const { restartCount } of containers) restarts += restartCount
  }
  return backoffLimit === 0 ? restarts > 0 : restarts >= backoffLimit
}

function successOf(job: KubernetesObject, { indexes, succeeded }: Tally): Ending | undefined {
  const rules: { succeededIndexes?: string; succeededCount?: number }[] =
    (succeeded > 0 && job['spec'].successPolicy?.rules) || []
  const met = rules.findIndex(({ succeededIndexes, succeededCount = Infinity }) => {
    if (succeededIndexes === undefined) return succeeded >= succeededCount
    const wanted = parsedIndexes(succeededIndexes, job['spec'].completions)
    if (wanted.length === 0) return false
    const common = countCommon(wanted, indexes)
    return common >= Math.min(countIndexes(wanted), succeededCount)
  })
  if (met < 0) return undefined
  const message = `Matched rules at index ${met}`
  return { type: 'SuccessCriteriaMet', reason: 'SuccessPolicy', message }
}

/** The ending by completions, once no pod is active any more. */
export function completionOf(
  job: KubernetesObject,
  succeeded: number,
  active: number,
): Ending | undefined {
  if (active > 0 || succeeded < (job['spec'].completions ?? 1)) return undefined
  const message = 'Reached expected number of succeeded pods'
  return { type: 'SuccessCriteriaMet', reason: 'CompletionsReached', message }
}
