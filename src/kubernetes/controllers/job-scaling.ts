/** Which pods a Job has too many of and which it lacks, and how long it waits after failures: pure. */
import { freeIndexes, joinIndexes, withIndexes } from '../api/resources/job-indexes.ts'
import type { KubernetesObject } from '../object.ts'
import { failureAnnotations, indexBackOff } from './job-index-failures.ts'
import { isIndexed, type Tally } from './job-plan.ts'
import { finishedAt, indexOf, isTerminating, replacesFailedOnly } from './job-pods.ts'
import { worstFirst } from './replica-sets.ts'

const backOffFirstMs = 10_000
const backOffMaxMs = 360_000
/** How many pods one round makes or deletes at most. */
const burstMax = 500

/** Failures since the last success, and when the last of them was (ms). */
export interface BackOff {
  readonly failures: number
  readonly lastAt: number
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
function retryAt({ failures, lastAt }: BackOff): number {
  return lastAt + Math.min(backOffFirstMs * 2 ** (failures - 1), backOffMaxMs)
}

/** A pod to be made. */
export interface NewPod {
  /** Of an indexed Job. */
  readonly index?: number
  readonly annotations?: Readonly<Record<string, string>>
  /** Not before this moment (ms). */
  readonly openAt: number
}

/** Pods to give up, else those to be made. */
export interface Scaling {
  readonly surplus: readonly KubernetesObject[]
  readonly missing: readonly NewPod[]
}

export function scalingOf(
  job: KubernetesObject,
  tally: Tally,
  backOff: BackOff | undefined,
): Scaling {
  const { active, pods, succeeded } = tally
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
  const openAt = backOff ? retryAt(backOff) : 0
  if (!isIndexed(job)) return { surplus, missing: Array(count).fill({ openAt }) }
  const taken = [...active, ...leaving].flatMap((pod) => indexOf(pod, completions) ?? [])
  return { surplus, missing: missingIndexes(job, tally, taken, count, openAt) }
}

function missingIndexes(
  job: KubernetesObject,
  { indexes, perIndex }: Tally,
  taken: readonly number[],
  count: number,
  openAt: number,
): NewPod[] {
  const done = withIndexes(joinIndexes(indexes, perIndex?.failed ?? []), taken)
  return freeIndexes(done, count, job['spec'].completions).map((index) => {
    if (!perIndex) return { index, openAt }
    // Each index waits for its own failures only.
    const replaced = perIndex.replaced.get(index)
    return {
      index,
      annotations: failureAnnotations(job, replaced),
      openAt: replaced ? retryAt(indexBackOff(replaced)) : 0,
    }
  })
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
