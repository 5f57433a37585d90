/** A Job's status, before and after the pods that ended are let go: pure. */

import { isoSeconds } from '../../kernel/iso-time.ts'
import { countIndexes, formatIndexes, withIndexes } from '../api/resources/job-indexes.ts'
import type { KubernetesObject } from '../object.ts'
import { conditionOf } from './controller.ts'
import { judgeFailure } from './job-failure-policy.ts'
import type { IndexFailures } from './job-index-failures.ts'
import { completedIndexes, type Ending, isIndexed, type Tally } from './job-plan.ts'
import { hasFailed, hasSucceeded, indexOf, isTerminating, isTracked } from './job-pods.ts'
import { isActive, isReady } from './replica-sets.ts'

/** How many pods one round counts at most: their uids stand in the status meanwhile. */
const countedMax = 500

// biome-ignore lint/suspicious/noExplicitAny: the API's open object
type Status = Record<string, any>

export interface Count {
  /** Pods that may be forgotten once the status names those of them that count. */
  readonly released: readonly KubernetesObject[]
  readonly succeeded: readonly KubernetesObject[]
  readonly failed: readonly KubernetesObject[]
  /** Nothing was left for a next round. */
  readonly isWhole: boolean
}

/** Which pods are counted now. A Job that fails counts what still ran as failed. */
export function countOf(
  job: KubernetesObject,
  { pods, perIndex }: Tally,
  ending: Ending | undefined,
): Count {
  const isOver = ending !== undefined || job.metadata.deletionTimestamp !== undefined
  const kept = new Set(isOver ? [] : perIndex?.replaced.values())
  const all = pods.filter(
    (pod) =>
      isTracked(pod) && !kept.has(pod) && (isOver || hasSucceeded(pod) || hasFailed(pod, job)),
  )
  const released = all.slice(0, countedMax)
  const uncounted = job['status']?.uncountedTerminatedPods ?? {}
  const waiting = new Set<string>([...(uncounted.succeeded ?? []), ...(uncounted.failed ?? [])])
  const open = released.filter(
    (pod) =>
      !waiting.has(pod.metadata.uid) &&
      (!isIndexed(job) || indexOf(pod, job['spec'].completions) !== undefined),
  )
  const isFailure = (pod: KubernetesObject) =>
    !hasSucceeded(pod) && (hasFailed(pod, job) || ending?.type === 'FailureTarget')
  return {
    released,
    succeeded: open.filter(hasSucceeded),
    failed: open.filter((pod) => isFailure(pod) && judgeFailure(pod, job).isCounted),
    isWhole: released.length === all.length,
  }
}

/** The status that names the pods to be counted; `said` is the event of a change between suspended and not. */
export function openStatus(
  job: KubernetesObject,
  of: {
    /** The Job's pods as they are now. */
    readonly after: readonly KubernetesObject[]
    readonly ending: Ending | undefined
    readonly count: Count
    readonly perIndex: IndexFailures | undefined
    readonly now: number
  },
): { status: Status; said?: [reason: string, message: string] } {
  const { after, ending, count, now } = of
  const before: Status = job['status'] ?? {}
  const uids = (pods: readonly KubernetesObject[]) => pods.map((pod) => pod.metadata.uid)
  const uncounted = before['uncountedTerminatedPods'] ?? {}
  const succeeded = isIndexed(job) ? [] : uids(count.succeeded)
  const suspension = ending ? undefined : suspensionOf(job, now)
  const active = after.filter(isActive)
  const isRestarted = suspension?.said?.[0] === 'Resumed'
  const startTime = isRestarted || !before['startTime'] ? isoSeconds(now) : before['startTime']
  const isStarted = before['startTime'] || !job['spec'].suspend
  const interim = ending && conditionOf(job, ending.type)?.status !== 'True'
  const { active: _active, ...kept } = before
  const status = {
    ...kept,
    ...(active.length > 0 && { active: active.length }),
    ...(isStarted && { startTime }),
    ready: active.filter(isReady).length,
    terminating: after.filter(isTerminating).length,
    ...(isIndexed(job) && indexStatus(job, count)),
    ...(of.perIndex && { failedIndexes: formatIndexes(of.perIndex.failed) }),
    uncountedTerminatedPods: named(
      [...(uncounted.succeeded ?? []), ...succeeded],
      [...(uncounted.failed ?? []), ...uids(count.failed)],
    ),
    ...(suspension?.conditions && { conditions: suspension.conditions }),
    ...(interim && {
      conditions: [...(before['conditions'] ?? []), condition(ending.type, ending, now)],
    }),
  }
  return { status, ...(suspension?.said && { said: suspension.said }) }
}

function indexStatus(job: KubernetesObject, { succeeded }: Count): Status {
  const more = succeeded.flatMap((pod) => indexOf(pod, job['spec'].completions) ?? [])
  const indexes = withIndexes(completedIndexes(job), more)
  if (indexes.length === 0) return {}
  return { succeeded: countIndexes(indexes), completedIndexes: formatIndexes(indexes) }
}

const named = (succeeded: readonly string[], failed: readonly string[]): Status => ({
  ...(succeeded.length > 0 && { succeeded }),
  ...(failed.length > 0 && { failed }),
})

function condition(
  type: string,
  { reason, message }: { reason: string; message: string },
  now: number,
  status = 'True',
): Status {
  const at = isoSeconds(now)
  return { type, status, lastProbeTime: at, lastTransitionTime: at, reason, message }
}

/** The conditions where the Job was suspended or resumed since. */
function suspensionOf(
  job: KubernetesObject,
  now: number,
): { conditions: Status[]; said: [string, string] } | undefined {
  if (job.metadata.deletionTimestamp) return undefined
  const { suspend } = job['spec']
  const isShown = conditionOf(job, 'Suspended')?.status === 'True'
  if (Boolean(suspend) === isShown) return undefined
  const reason = suspend ? 'Suspended' : 'Resumed'
  const message = suspend ? 'Job suspended' : 'Job resumed'
  const made = condition(
    'Suspended',
    { reason: `Job${reason}`, message },
    now,
    suspend ? 'True' : 'False',
  )
  const before: Status[] = job['status']?.conditions ?? []
  const isThere = before.some(({ type }) => type === 'Suspended')
  const conditions = isThere
    ? before.map((c) => (c['type'] === 'Suspended' ? made : c))
    : [...before, made]
  return { conditions, said: [reason, message] }
}

/** The status after the counted pods were let go: numbers instead of names, and the end where it has come. */
export function finishedStatus(
  open: Status,
  ending: Ending | undefined,
  isWhole: boolean,
  now: number,
): { status: Status; said?: ['Normal' | 'Warning', string, string] } {
  const { succeeded = [], failed = [] } = open['uncountedTerminatedPods']
  const sum = (name: string, more: readonly unknown[]) => {
    const total = (open[name] ?? 0) + more.length
    return total > 0 ? { [name]: total } : {}
  }
  const status: Status = {
    ...open,
    ...sum('succeeded', succeeded),
    ...sum('failed', failed),
    uncountedTerminatedPods: {},
  }
  if (!ending || !isWhole || open['terminating'] > 0) return { status }
  const isComplete = ending.type === 'SuccessCriteriaMet'
  const end = condition(isComplete ? 'Complete' : 'Failed', ending, now)
  return {
    status: {
      ...status,
      conditions: [...open['conditions'], end],
      ...(isComplete && { completionTime: isoSeconds(now) }),
    },
    said: isComplete
      ? ['Normal', 'Completed', 'Job completed']
      : ['Warning', ending.reason, ending.message],
  }
}
