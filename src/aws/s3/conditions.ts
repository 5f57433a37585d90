/** Conditional requests: what must hold of the object that is there. */
import { headerNotImplemented, noSuchKey, preconditionFailed } from './refusals.ts'
import type { StoredObject, StoredVersion, WriteCheck } from './storage/storage.ts'

type Headers = ReadonlyMap<string, string>

/** Names of the four conditions: plain on reads, with a prefix on a copy's source. */
interface Names {
  readonly match: string
  readonly noneMatch: string
  readonly modifiedSince: string
  readonly unmodifiedSince: string
}

const plain: Names = {
  match: 'if-match',
  noneMatch: 'if-none-match',
  modifiedSince: 'if-modified-since',
  unmodifiedSince: 'if-unmodified-since',
}

const source: Names = {
  match: 'x-amz-copy-source-if-match',
  noneMatch: 'x-amz-copy-source-if-none-match',
  modifiedSince: 'x-amz-copy-source-if-modified-since',
  unmodifiedSince: 'x-amz-copy-source-if-unmodified-since',
}

/** Of GET and HEAD: true where the answer is 304. Throws PreconditionFailed. ETag conditions beat those of time. */
export function isNotModified(headers: Headers, object: StoredObject): boolean {
  const failed = failedCondition(headers, object, plain)
  if (failed === undefined) return false
  if (failed === plain.match) throw preconditionFailed('If-Match')
  if (failed === plain.unmodifiedSince) throw preconditionFailed('If-Unmodified-Since')
  return true
}

/** Of copies: throws PreconditionFailed where the source is not as demanded. */
export function checkCopySource(headers: Headers, object: StoredObject): void {
  const failed = failedCondition(headers, object, source)
  if (failed !== undefined) throw preconditionFailed(failed)
}

/** Of writes: what to check in the write's own transaction; undefined where nothing is asked. Throws NotImplemented. */
export function writeCheck(headers: Headers, key: string): WriteCheck | undefined {
  const match = headers.get('if-match')
  const noneMatch = headers.get('if-none-match')
  if (noneMatch !== undefined && noneMatch !== '*') throw headerNotImplemented('If-None-Match')
  if (match !== undefined && noneMatch !== undefined) throw headerNotImplemented('If-Match')
  if (match === '*') throw headerNotImplemented('If-Match')
  if (noneMatch !== undefined) {
    return (current) => {
      if (current && !current.marker) throw preconditionFailed('If-None-Match')
    }
  }
  return match === undefined ? undefined : (current) => checkMatch(match, current, key)
}

/** Of deletions: the object, where it is there, must have this ETag. */
export function deleteCheck(match: string | undefined, key: string): WriteCheck | undefined {
  if (match === undefined) return undefined
  return (current) => {
    if (match === '*' && current && !current.marker) return
    checkMatch(match, current, key)
  }
}

/** An ETag without quotes, as clients send it in either form. */
export function bareEtag(text: string): string {
  return text.trim().replace(/^W\//, '').replace(/^"|"$/g, '')
}

function checkMatch(match: string, current: StoredVersion | undefined, key: string): void {
  if (!current || current.marker) throw noSuchKey(key)
  if (bareEtag(match) !== current.etag) throw preconditionFailed('If-Match')
}

function failedCondition(headers: Headers, object: StoredObject, names: Names): string | undefined {
  const modified = Math.floor(object.modifiedAt / 1000)
  const match = headers.get(names.match)
  if (match !== undefined) {
    if (!matches(match, object.etag)) return names.match
  } else {
    const since = seconds(headers.get(names.unmodifiedSince))
    if (since !== undefined && modified > since) return names.unmodifiedSince
  }
  const noneMatch = headers.get(names.noneMatch)
  if (noneMatch !== undefined) return matches(noneMatch, object.etag) ? names.noneMatch : undefined
  const since = seconds(headers.get(names.modifiedSince))
  return since !== undefined && modified <= since ? names.modifiedSince : undefined
}

function matches(list: string, etag: string): boolean {
  return list.split(',').some((one) => one.trim() === '*' || bareEtag(one) === etag)
}

/** Seconds since the epoch; a date that cannot be read is as none. */
function seconds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : Math.floor(at / 1000)
}
