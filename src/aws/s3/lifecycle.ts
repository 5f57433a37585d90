/** Lifecycle rules: what of a bucket has had its time. Pure; the sweep that carries it out is in lifecycle-sweep.ts. */
import type { XmlElement } from '../protocol/xml-reader.ts'
import type { ListedVersion } from './storage/storage.ts'
import type { Tags } from './tags.ts'
import { childrenOf, optionalText, readXml } from './xml.ts'

/** An enabled rule. Days are counted from a version's making, or from when it ceased to be the newest. */
export interface LifecycleRule {
  readonly prefix: string
  readonly tags: Tags
  readonly largerThan: number
  readonly smallerThan: number
  readonly expireDays?: number
  /** ms since the epoch. */
  readonly expireAt?: number
  readonly removesLoneMarkers: boolean
  readonly noncurrentDays?: number
  /** How many versions that are no longer the newest are kept whatever their age. */
  readonly keptNoncurrent: number
  readonly abortDays?: number
}

/** What to do with a version. `hide` deletes as a client would: with versioning by a marker. */
export type LifecycleAction = 'keep' | 'hide' | 'remove'

/** A version among those of its key. */
export interface VersionPlace {
  readonly version: ListedVersion
  readonly tags: Tags
  /** When it ceased to be the newest; undefined of the newest. ms since the epoch. */
  readonly supersededAt: number | undefined
  /** How many of those after the newest are newer than it. */
  readonly newerNoncurrent: number
  /** True where the key has no other version. */
  readonly alone: boolean
}

const dayMs = 86_400_000

/** The enabled rules of a stored `LifecycleConfiguration`. */
export function readLifecycle(text: string): readonly LifecycleRule[] {
  const rules = childrenOf(readXml(Buffer.from(text), 'LifecycleConfiguration'), 'Rule')
  return rules.filter((rule) => optionalText(rule, 'Status') === 'Enabled').map(readRule)
}

/** S3 acts at the midnight (UTC) after the days have passed. All in ms since the epoch. */
export function dueAt(from: number, days: number): number {
  return Math.ceil((from + days * dayMs) / dayMs) * dayMs
}

/** What the rules want of a version at a time. */
export function lifecycleAction(
  rules: readonly LifecycleRule[],
  place: VersionPlace,
  now: number,
): LifecycleAction {
  let action: LifecycleAction = 'keep'
  for (const rule of rules) {
    if (!applies(rule, place)) continue
    const wanted = ruleAction(rule, place, now)
    if (wanted === 'remove') return 'remove'
    if (wanted === 'hide') action = 'hide'
  }
  return action
}

/** True where an upload in progress has had its time. */
export function isUploadOver(
  rules: readonly LifecycleRule[],
  upload: { readonly key: string; readonly startedAt: number },
  now: number,
): boolean {
  return rules.some(
    ({ abortDays, prefix }) =>
      abortDays !== undefined &&
      upload.key.startsWith(prefix) &&
      dueAt(upload.startedAt, abortDays) <= now,
  )
}

function applies(rule: LifecycleRule, { version, tags }: VersionPlace): boolean {
  if (!version.key.startsWith(rule.prefix)) return false
  // A marker has neither tags nor a size.
  if (version.marker) return Object.keys(rule.tags).length === 0
  if (version.size <= rule.largerThan || version.size >= rule.smallerThan) return false
  return Object.entries(rule.tags).every(([key, value]) => tags[key] === value)
}

function ruleAction(rule: LifecycleRule, place: VersionPlace, now: number): LifecycleAction {
  const { version, supersededAt, alone } = place
  const { expireDays, expireAt, noncurrentDays } = rule
  if (supersededAt !== undefined) {
    const over = noncurrentDays !== undefined && dueAt(supersededAt, noncurrentDays) <= now
    return over && place.newerNoncurrent >= rule.keptNoncurrent ? 'remove' : 'keep'
  }
  const old =
    (expireDays !== undefined && dueAt(version.modifiedAt, expireDays) <= now) ||
    (expireAt !== undefined && expireAt <= now)
  if (version.marker) return alone && (rule.removesLoneMarkers || old) ? 'remove' : 'keep'
  return old ? 'hide' : 'keep'
}

function readRule(rule: XmlElement): LifecycleRule {
  const [filter] = childrenOf(rule, 'Filter')
  const [both] = filter ? childrenOf(filter, 'And') : []
  const scope = both ?? filter ?? rule
  const [expiration] = childrenOf(rule, 'Expiration')
  const [noncurrent] = childrenOf(rule, 'NoncurrentVersionExpiration')
  const [abort] = childrenOf(rule, 'AbortIncompleteMultipartUpload')
  const expireDays = numberOf(expiration, 'Days')
  const date = expiration && optionalText(expiration, 'Date')
  const noncurrentDays = numberOf(noncurrent, 'NoncurrentDays')
  const abortDays = numberOf(abort, 'DaysAfterInitiation')
  const tags = childrenOf(scope, 'Tag').map((tag): [string, string] => [
    optionalText(tag, 'Key') ?? '',
    optionalText(tag, 'Value') ?? '',
  ])
  return {
    prefix: scope.children.find(({ name }) => name === 'Prefix')?.text ?? '',
    tags: Object.fromEntries(tags),
    largerThan: numberOf(scope, 'ObjectSizeGreaterThan') ?? -1,
    smallerThan: numberOf(scope, 'ObjectSizeLessThan') ?? Number.POSITIVE_INFINITY,
    removesLoneMarkers:
      expiration !== undefined &&
      optionalText(expiration, 'ExpiredObjectDeleteMarker')?.toLowerCase() === 'true',
    keptNoncurrent: numberOf(noncurrent, 'NewerNoncurrentVersions') ?? 0,
    ...(expireDays !== undefined && { expireDays }),
    ...(date && !Number.isNaN(Date.parse(date)) && { expireAt: Date.parse(date) }),
    ...(noncurrentDays !== undefined && { noncurrentDays }),
    ...(abortDays !== undefined && { abortDays }),
  }
}

function numberOf(parent: XmlElement | undefined, name: string): number | undefined {
  const text = parent && optionalText(parent, name)
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}
