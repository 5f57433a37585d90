/** Cron schedules as CronJobs have them: five fields with ranges, steps and names, `@hourly` and its like, `@every 90m`. */
import { isoSeconds } from '../../../kernel/iso-time.ts'

/** When something is to be run. */
export interface Schedule {
  /** The first moment (ms) after `after`; undefined when there is none within five years. */
  next(after: number): number | undefined
}

interface Field {
  readonly name: 'minute' | 'hour' | 'day' | 'month' | 'weekday'
  readonly min: number
  readonly max: number
  readonly names?: readonly string[]
}

const fields: readonly Field[] = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day', min: 1, max: 31 },
  {
    name: 'month',
    min: 1,
    max: 12,
    names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  { name: 'weekday', min: 0, max: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
]

const descriptors: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

const minuteMs = 60_000
const yearMs = 365 * 24 * 3_600_000
/** Nothing is looked for further away, back or ahead. */
export const horizonMs = 5 * yearMs
const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, m: minuteMs, s: 1000, ms: 1 }

interface Values {
  readonly set: ReadonlySet<number>
  /** `*`: says nothing about the day, where the other field of days does. */
  readonly isAny: boolean
}
type Rule = Readonly<Record<Field['name'], Values>>

/** Reads a schedule; its fields are of the time zone (default UTC). Throws an Error with the words of Kubernetes' parser. */
export function parseSchedule(text: string, timeZone = 'UTC'): Schedule {
  const spec = text.trim()
  if (!spec) throw new Error('empty spec string')
  if (spec.startsWith('@every ')) return everySchedule(spec.slice('@every '.length))
  if (spec.startsWith('@') && !Object.hasOwn(descriptors, spec)) {
    throw new Error(`unrecognized descriptor: ${spec}`)
  }
  const parts = (descriptors[spec] ?? spec).split(/\s+/)
  if (parts.length !== fields.length) {
    const found = `found ${parts.length}: [${parts.join(' ')}]`
    throw new Error(`expected exactly ${fields.length} fields, ${found}`)
  }
  const rule = Object.fromEntries(
    fields.map((field, i) => [field.name, valuesOf(parts[i] ?? '', field)]),
  ) as unknown as Rule
  return { next: (after) => nextMatch(rule, after, timeZone) }
}

function everySchedule(text: string): Schedule {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)]
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text) {
    const quoted = JSON.stringify(text)
    throw new Error(`failed to parse duration @every ${text}: time: invalid duration ${quoted}`)
  }
  const sum = parts.reduce((ms, [, n, unit]) => ms + Number(n) * (unitMs[unit ?? ''] ?? 0), 0)
  const delayMs = Math.max(1000, Math.trunc(sum / 1000) * 1000)
  return { next: (after) => Math.trunc(after / 1000) * 1000 + delayMs }
}

function valuesOf(text: string, field: Field): Values {
  const set = new Set<number>()
  let isAny = false
  for (const part of text.split(',').filter(Boolean)) {
    const { first, last, step, isStar } = rangeOf(part, field)
    isAny ||= isStar && step === 1
    for (let value = first; value <= last; value += step) set.add(value)
  }
  // A field without a value would never match.
  if (set.size === 0) wholeNumber('')
  return { set, isAny }
}

function rangeOf(part: string, field: Field) {
  const [range = '', stepText, ...moreSteps] = part.split('/')
  const [low = '', high, ...moreLimits] = range.split('-')
  const isStar = range === '*' || range === '?'
  if (moreLimits.length > 0) throw new Error(`too many hyphens: ${part}`)
  if (moreSteps.length > 0) throw new Error(`too many slashes: ${part}`)
  const step = stepText === undefined ? 1 : wholeNumber(stepText)
  const first = isStar ? field.min : numberOf(low, field)
  const isOpen = isStar || (high === undefined && stepText !== undefined)
  const last = isOpen ? field.max : high === undefined ? first : numberOf(high, field)
  if (first < field.min) {
    throw new Error(`beginning of range (${first}) below minimum (${field.min}): ${part}`)
  }
  if (last > field.max) {
    throw new Error(`end of range (${last}) above maximum (${field.max}): ${part}`)
  }
  if (first > last) {
    throw new Error(`beginning of range (${first}) beyond end of range (${last}): ${part}`)
  }
  if (step === 0) throw new Error(`step of range should be a positive number: ${part}`)
  return { first, last, step, isStar }
}

function numberOf(text: string, { names = [], min }: Field): number {
  const named = names.indexOf(text.toLowerCase())
  return named < 0 ? wholeNumber(text) : named + min
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  const quoted = JSON.stringify(text)
  throw new Error(
    `failed to parse int from ${text}: strconv.Atoi: parsing ${quoted}: invalid syntax`,
  )
}

function nextMatch(rule: Rule, after: number, timeZone: string): number | undefined {
  const local = localFields(timeZone)
  let at = (Math.floor(after / minuteMs) + 1) * minuteMs
  for (const end = after + horizonMs; at <= end; ) {
    const now = local(at)
    // What lies between is skipped in wall time of the zone; hours and minutes pass for real, so summer time is no trap.
    if (!rule.month.set.has(now.month)) at = startOfDay(local, at, now.year, now.month, 1)
    else if (!isDay(rule, now)) at = startOfDay(local, at, now.year, now.month - 1, now.day + 1)
    else if (!rule.hour.set.has(now.hour)) at += (60 - now.minute) * minuteMs
    else if (!rule.minute.set.has(now.minute)) at += minuteMs
    else return at
  }
  return undefined
}

/** Where both fields of days are given either of them may match. */
function isDay({ day, weekday }: Rule, now: { day: number; weekday: number }): boolean {
  const [inMonth, inWeek] = [day.set.has(now.day), weekday.set.has(now.weekday)]
  return day.isAny || weekday.isAny ? inMonth && inWeek : inMonth || inWeek
}

type LocalFields = ReturnType<typeof localFields>

/** Tells the fields of a moment in a zone. */
function localFields(timeZone: string) {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  })
  return (at: number) => {
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
    const of = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0
    const [year, month, day, hour, minute] = [
      of('year'),
      of('month'),
      of('day'),
      of('hour'),
      of('minute'),
    ]
    const wall = Date.UTC(year, month - 1, day, hour, minute)
    return { year, month, day, hour, minute, weekday: new Date(wall).getUTCDay(), wall }
  }
}

/** The beginning of a day of the zone, later than `at`; `month` counts from 0 and may overflow, as `day` may. */
function startOfDay(
  local: LocalFields,
  at: number,
  year: number,
  month: number,
  day: number,
): number {
  const wall = Date.UTC(year, month, day)
  const offset = (moment: number) => local(moment).wall - moment
  const guess = wall - offset(wall)
  return Math.max(at + minuteMs, wall - offset(guess))
}

/** Whether there is such a time zone. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name })
    return /^[A-Za-z]/.test(name)
  } catch {
    return false
  }
}

/** A moment (ms) as RFC 3339 with the offset of a zone. */
export function zonedTime(at: number, timeZone = 'UTC'): string {
  const { wall } = localFields(timeZone)(at)
  const minutes = Math.round((wall - Math.floor(at / minuteMs) * minuteMs) / minuteMs)
  const text = isoSeconds(at + minutes * minuteMs)
  if (minutes === 0) return text
  const two = (n: number) => String(n).padStart(2, '0')
  const size = Math.abs(minutes)
  return `${text.slice(0, -1)}${minutes < 0 ? '-' : '+'}${two(Math.trunc(size / 60))}:${two(size % 60)}`
}
