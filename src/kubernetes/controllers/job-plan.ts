/** What a Job's pods amount to, whether that ends the Job, and how many pods it wants: pure. */
import {
  countCommon,
  countIndexes,
  freeIndexes,
  type Indexes,
  parseIndexes,
  withIndexes,
} from '../api/resources/job-indexes.ts'
import type { KubernetesObject } from '../object.ts'
import { parseTimestamp } from '../timestamp.ts'
import { conditionOf } from './controller.ts'
import { judgeFailure } from './job-failure-policy.ts'
import {
  finishedAt,
  hasFailed,
  hasSucceeded,
  indexOf,
  isTerminating,
  isTracked,
  replacesFailedOnly,
} from './job-pods.ts'
import { isActive, worstFirst } from './replica-sets.ts'

const backOffFirstMs = 10_000
const backOffMaxMs = 360_000
/** How many pods one round makes or deletes at most. */
const burstMax = 500

/** Failures since the last success, and when the last of them was (ms). */
export interface BackOff {
  readonly failures: number
  readonly lastAt: number
}

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
}

export const isIndexed = (job: KubernetesObject): boolean =>
  job['spec'].completionMode === 'Indexed'

/** The completed indexes that the status names; none where it cannot be read. */
export function completedIndexes(job: KubernetesObject): Indexes {
  if (!isIndexed(job)) return []
  return parsedIndexes(job['status']?.completedIndexes ?? '', job['spec'].completions)
}

function parsedIndexes(text: string, completions: number): Indexes {
  try {
    return parseIndexes(text, completions)
  } catch {
    return []
  }
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
  const counted = newlyFailed.filter((pod) => judgeFailure(pod, job).isCounted)
  return {
    pods,
    active: pods.filter(isActive),
    newlySucceeded,
    newlyFailed,
    succeeded: isIndexed(job)
      ? countIndexes(indexes)
      : succeeded + (uncounted.succeeded?.length ?? 0) + newlySucceeded.length,
    failed: failed + (uncounted.failed?.length ?? 0) + counted.length,
    indexes,
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

/** The record after the pods that are newly seen to have ended. */
export function nextBackOff(before: BackOff | undefined, tally: Tally): BackOff | undefined {
  const { newlySucceeded, newlyFailed } = tally
  const succeededAt = Math.max(...newlySucceeded.map(finishedAt))
  const failures = newlyFailed.map(finishedAt).filter((at) => at > succeededAt)
  const earlier = newlySucceeded.length > 0 ? 0 : (before?.failures ?? 0)
  if (failures.length === 0) return newlySucceeded.length > 0 ? undefined : before
  return { failures: earlier + failures.length, lastAt: Math.max(...failures) }
}

/** When (ms) the next pod may be made after failures. */
export function retryAt({ failures, lastAt }: BackOff): number {
  return lastAt + Math.min(backOffFirstMs * 2 ** (failures - 1), backOffMaxMs)
}

/** Pods to give up, else how many to make, an indexed Job's by their indexes. */
export interface Scaling {
  readonly surplus: readonly KubernetesObject[]
  readonly missing: readonly (number | undefined)[]
}

export function scalingOf(job: KubernetesObject, tally: Tally): Scaling {
  const { active, pods, succeeded, indexes } = tally
  const { parallelism, completions, suspend } = job['spec']
  if (suspend) return { surplus: active, missing: [] }
  const wanted =
    completions === undefined
      ? succeeded > 0
        ? active.length
        : parallelism
      : Math.max(0, Math.min(parallelism, completions - succeeded))
  const surplus = surplusOf(job, active, active.length - wanted).slice(0, burstMax)
  if (surplus.length > 0) return { surplus, missing: [] }
  const leaving = replacesFailedOnly(job) ? pods.filter(isTerminating) : []
  const count = Math.min(wanted - active.length - leaving.length, burstMax)
  if (count <= 0) return { surplus, missing: [] }
  if (!isIndexed(job)) return { surplus, missing: Array(count).fill(undefined) }
  const taken = [...active, ...leaving].flatMap((pod) => indexOf(pod, completions) ?? [])
  return { surplus, missing: freeIndexes(withIndexes(indexes, taken), count, completions) }
}

/** Pods whose index is not, or twice, among the Job's; then those that are least use. */
function surplusOf(
  job: KubernetesObject,
  active: readonly KubernetesObject[],
  atLeast: number,
): KubernetesObject[] {
  const seen = new Set<number>()
  const isWrong = (pod: KubernetesObject) => {
    const index = indexOf(pod, job['spec'].completions)
    if (index === undefined || seen.has(index)) return true
    seen.add(index)
    return false
  }
  const ordered = [...active].sort(worstFirst)
  const wrong = isIndexed(job) ? ordered.toReversed().filter(isWrong) : []
  const others = ordered.filter((pod) => !wrong.includes(pod))
  return [...wrong, ...others.slice(0, Math.max(0, atLeast - wrong.length))]
}
