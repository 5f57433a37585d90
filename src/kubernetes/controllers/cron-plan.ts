/** Which of a CronJob's moments have come, and when the next one comes: pure. */
import { horizonMs, parseSchedule, type Schedule } from '../api/resources/cron-schedule.ts'
import type { KubernetesObject } from '../object.ts'
import { parseTimestamp } from '../timestamp.ts'

const missedMax = 100

export interface Moments {
  /** The latest moment (ms) up to now for which no Job was made. */
  readonly due?: number
  /** More were missed than anybody would have run after the other. */
  readonly isFarBehind: boolean
  /** The next one (ms); none for a schedule that names days that there are not. */
  readonly next?: number
}

export function momentsOf(cronJob: KubernetesObject, now: number): Moments {
  const { spec, metadata, status } = cronJob as Record<string, KubernetesObject['status']>
  const schedule = parseSchedule(spec.schedule, spec.timeZone)
  const begun = parseTimestamp(status?.lastScheduleTime ?? metadata.creationTimestamp)
  const since = Math.max(begun, now - horizonMs)
  const deadline = spec.startingDeadlineSeconds
  const earliest = deadline === undefined ? since : Math.max(since, now - deadline * 1000)
  const { due, missed } = latest(schedule, earliest, now)
  const next = after(schedule, due ?? since, now)
  return {
    isFarBehind: missed > missedMax,
    ...(due !== undefined && { due }),
    ...(next !== undefined && { next }),
  }
}

/** The last moment within (`earliest`, `now`], and roughly how many there were. */
function latest(schedule: Schedule, earliest: number, now: number) {
  const first = schedule.next(earliest)
  if (first === undefined || first > now) return { missed: 0 }
  const second = schedule.next(first) ?? Infinity
  if (second > now) return { due: first, missed: 1 }
  const interval = second - first
  const missed = Math.floor((now - first) / interval) + 1
  // By whole intervals on from the first, so that `@every` keeps its beat; further back where moments lie unevenly.
  for (let back = 2; ; back *= 2) {
    const start = first + Math.max(0, missed - back) * interval
    let due = start === first ? first : undefined
    for (let at = schedule.next(start); at !== undefined && at <= now; at = schedule.next(at)) {
      due = at
    }
    if (due !== undefined) return { due, missed }
  }
}

function after(schedule: Schedule, base: number, now: number): number | undefined {
  const next = schedule.next(base)
  return next !== undefined && next <= now ? schedule.next(now) : next
}
