/** Failures of an indexed Job with a limit for each index (`backoffLimitPerIndex`): pure. */
import { type Indexes, parsedIndexes, withIndexes } from '../api/resources/job-indexes.ts'
import type { KubernetesObject } from '../object.ts'
import { judgeFailure } from './job-failure-policy.ts'
import { finishedAt, hasFailed, indexOf, isTracked } from './job-pods.ts'

/** Where a pod says how often those before it failed, and failed without counting. */
const countKey = 'batch.kubernetes.io/job-index-failure-count'
const ignoredKey = 'batch.kubernetes.io/job-index-ignored-failure-count'

export interface IndexFailures {
  /** Indexes that have failed for good. */
  readonly failed: Indexes
  /** By index, the failed pod that is to be replaced: it is kept until its count stands in its successor. */
  readonly replaced: ReadonlyMap<number, KubernetesObject>
}

const countIn = (pod: KubernetesObject, key: string): number =>
  Number(/^\d{1,9}$/.exec(pod.metadata.annotations?.[key] ?? '')?.[0] ?? 0)

/** How often the index has failed with this pod, whether that counts or not. */
const allFailures = (pod: KubernetesObject): number =>
  countIn(pod, countKey) + countIn(pod, ignoredKey) + 1

/** `settled`: the indexes that need no pod, because they have succeeded or have one. Undefined without a limit. */
export function indexFailuresOf(
  job: KubernetesObject,
  pods: readonly KubernetesObject[],
  settled: Indexes,
): IndexFailures | undefined {
  const { backoffLimitPerIndex: limit, completions } = job['spec']
  if (limit === undefined) return undefined
  const failures = pods.flatMap((pod) => {
    const index = indexOf(pod, completions)
    return index !== undefined && isTracked(pod) && hasFailed(pod, job) ? [{ pod, index }] : []
  })
  const isFinal = (pod: KubernetesObject) => {
    const { failIndex, isCounted } = judgeFailure(pod, job)
    return failIndex || (isCounted && countIn(pod, countKey) >= limit)
  }
  const failed = withIndexes(
    parsedIndexes(job['status']?.failedIndexes ?? '', completions),
    failures.filter(({ pod }) => isFinal(pod)).map(({ index }) => index),
  )
  const isDone = (index: number) =>
    [...settled, ...failed].some(({ first, last }) => first <= index && index <= last)
  const replaced = new Map<number, KubernetesObject>()
  for (const { pod, index } of failures) {
    const before = replaced.get(index)
    if (isDone(index) || (before && allFailures(before) > allFailures(pod))) continue
    replaced.set(index, pod)
  }
  return { failed, replaced }
}

/** What the pod of an index is told of those before it. */
export function failureAnnotations(
  job: KubernetesObject,
  replaced: KubernetesObject | undefined,
): Record<string, string> {
  if (!replaced) return { [countKey]: '0' }
  const { isCounted } = judgeFailure(replaced, job)
  const ignored = countIn(replaced, ignoredKey) + (isCounted ? 0 : 1)
  return {
    [countKey]: String(countIn(replaced, countKey) + (isCounted ? 1 : 0)),
    ...(ignored > 0 && { [ignoredKey]: String(ignored) }),
  }
}

/** The index' failures up to the pod that is to be replaced. */
export function indexBackOff(replaced: KubernetesObject): { failures: number; lastAt: number } {
  return { failures: allFailures(replaced), lastAt: finishedAt(replaced) }
}
