/** Object lock: retention and legal hold of versions. */
import { invalidArgument, refuse } from './refusals.ts'
import type { Bucket, ObjectLock, StoredVersion } from './storage/storage.ts'
import {
  childrenOf,
  element,
  leaf,
  optionalText,
  readXml,
  requiredText,
  xmlDocument,
} from './xml.ts'

/** The default retention of a bucket's object lock. */
export interface LockRule {
  readonly mode: 'GOVERNANCE' | 'COMPLIANCE'
  readonly days: number
}

const dayMs = 86_400_000

/** True where the bucket was made with object lock, or got it later. */
export function hasObjectLock({ settings }: Bucket): boolean {
  return settings['object-lock'] !== undefined
}

/** Throws InvalidRequest where the bucket has no object lock. */
export function requireObjectLock(bucket: Bucket): void {
  if (hasObjectLock(bucket)) return
  throw refuse.InvalidRequest({}, { message: 'Bucket is missing Object Lock Configuration' })
}

export function writeLockConfiguration(rule?: LockRule): string {
  const retention = rule
    ? element(
        'Rule',
        element('DefaultRetention', leaf('Mode', rule.mode) + leaf('Days', rule.days)),
      )
    : ''
  return xmlDocument('ObjectLockConfiguration', leaf('ObjectLockEnabled', 'Enabled') + retention)
}

/** Checks an `ObjectLockConfiguration`. Throws MalformedXML. */
export function readLockConfiguration(body: Uint8Array): LockRule | undefined {
  const root = readXml(body, 'ObjectLockConfiguration')
  if (requiredText(root, 'ObjectLockEnabled') !== 'Enabled') throw refuse.MalformedXML()
  const [rule] = childrenOf(root, 'Rule')
  if (!rule) return undefined
  const [retention] = childrenOf(rule, 'DefaultRetention')
  if (!retention) throw refuse.MalformedXML()
  const mode = requiredText(retention, 'Mode')
  const days = optionalText(retention, 'Days')
  const years = optionalText(retention, 'Years')
  if ((days === undefined) === (years === undefined) || !isMode(mode)) throw refuse.MalformedXML()
  const count = Number(days ?? years) * (years === undefined ? 1 : 365)
  if (!Number.isInteger(count) || count < 1 || count > 36_500) {
    const message =
      "Default retention period must be a positive integer value for 'Days' or 'Years'"
    throw invalidArgument(message, days === undefined ? 'Years' : 'Days', days ?? years ?? '')
  }
  return { mode, days: count }
}

/** What a write's headers, else the bucket's default, ask for. Throws InvalidRequest, InvalidArgument. */
export function readLockHeaders(
  headers: ReadonlyMap<string, string>,
  bucket: Bucket,
  at: number,
): ObjectLock | undefined {
  const mode = headers.get('x-amz-object-lock-mode')
  const until = headers.get('x-amz-object-lock-retain-until-date')
  const hold = headers.get('x-amz-object-lock-legal-hold')
  if (mode === undefined && until === undefined && hold === undefined)
    return defaultLock(bucket, at)
  if (!hasObjectLock(bucket)) {
    throw refuse.InvalidRequest({}, { message: 'Bucket is missing ObjectLockConfiguration' })
  }
  if ((mode === undefined) !== (until === undefined)) {
    const message =
      'x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied'
    throw invalidArgument(message, 'x-amz-object-lock-mode', mode ?? '')
  }
  if (hold !== undefined && hold !== 'ON' && hold !== 'OFF') {
    const message = 'Legal Hold must be either of `ON` or `OFF`'
    throw invalidArgument(message, 'x-amz-object-lock-legal-hold', hold)
  }
  const retention =
    mode === undefined || until === undefined
      ? defaultLock(bucket, at)
      : checkRetention(mode, until, at)
  return { ...retention, ...(hold !== undefined && { legalHold: hold === 'ON' }) }
}

/** Checks mode and date of a retention. Throws InvalidArgument. */
export function checkRetention(mode: string, until: string, at: number): ObjectLock {
  if (!isMode(mode))
    throw invalidArgument('Unknown wormMode directive.', 'x-amz-object-lock-mode', mode)
  const end = Date.parse(until)
  if (Number.isNaN(end) || end <= at) {
    const message = 'The retain until date must be in the future!'
    throw invalidArgument(message, 'x-amz-object-lock-retain-until-date', until)
  }
  return { mode, until: end }
}

/** Throws AccessDenied where a version may not be deleted. `bypass`: the caller may and wants to pass over governance. */
export function checkDeletable(
  version: StoredVersion | undefined,
  at: number,
  bypass: boolean,
): void {
  if (!version || version.marker) return
  if (isLocked(version.lock, at, bypass)) {
    const message = 'Access Denied because object protected by object lock.'
    throw refuse.AccessDenied({}, { message })
  }
}

/** Throws AccessDenied where a retention may not be changed so: it may be made longer, not shorter. */
export function checkRetentionChange(
  before: ObjectLock | undefined,
  after: ObjectLock,
  at: number,
  bypass: boolean,
): void {
  const { mode, until = 0 } = before ?? {}
  if (!mode || until <= at || (mode === 'GOVERNANCE' && bypass)) return
  const weaker = after.mode !== mode && !(mode === 'GOVERNANCE' && after.mode === 'COMPLIANCE')
  if (weaker || (after.until ?? 0) < until) {
    const message = 'Access Denied because object protected by object lock.'
    throw refuse.AccessDenied({}, { message })
  }
}

function isLocked(lock: ObjectLock | undefined, at: number, bypass: boolean): boolean {
  if (lock?.legalHold) return true
  if (!lock?.mode || (lock.until ?? 0) <= at) return false
  return lock.mode === 'COMPLIANCE' || !bypass
}

function defaultLock({ settings }: Bucket, at: number): ObjectLock | undefined {
  const text = settings['object-lock']
  const rule = text === undefined ? undefined : readLockConfiguration(Buffer.from(text))
  return rule && { mode: rule.mode, until: at + rule.days * dayMs }
}

function isMode(text: string): text is 'GOVERNANCE' | 'COMPLIANCE' {
  return text === 'GOVERNANCE' || text === 'COMPLIANCE'
}
