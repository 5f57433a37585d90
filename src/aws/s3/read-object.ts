/** What GET and HEAD share: the version, its conditions, the range or part asked for. */
import type { Call } from '../operation.ts'
import { bucketOf, findObject, missing } from './access.ts'
import { isNotModified } from './conditions.ts'
import { checksumHeaders, describeObject, versionHeader } from './object-headers.ts'
import type { S3Deps } from './operation.ts'
import { versionIdOf } from './parameters.ts'
import { readRange } from './range.ts'
import { invalidArgument, methodNotAllowed, noSuchKey, noSuchVersion, refuse } from './refusals.ts'
import type { S3Request } from './request.ts'
import type { Bucket, ByteRange, StoredObject, StoredVersion } from './storage/storage.ts'
import { httpTime } from './xml.ts'

/** An answer without its bytes. `range` undefined: no bytes at all (304, an empty object). */
export interface ReadAnswer {
  readonly object: StoredObject
  readonly status: 200 | 206 | 304
  readonly headers: Readonly<Record<string, string>>
  readonly range?: ByteRange
}

/** Finds the object that the request names. Throws NoSuchKey, NoSuchVersion, MethodNotAllowed for a marker, or the denial that hides it. */
export async function requireObject(
  request: S3Request,
  call: Call,
  deps: S3Deps,
): Promise<StoredObject> {
  const bucket = bucketOf(request, deps)
  const versionId = versionIdOf(request)
  const found = await findObject(request, deps)
  if (found && !found.marker) return found
  throw absence(request, call, bucket, versionId, found)
}

/** Works out the answer to a read. Throws PreconditionFailed, InvalidRange, InvalidPartNumber and what `requireObject` throws. */
export async function readObject(
  request: S3Request,
  call: Call,
  deps: S3Deps,
): Promise<ReadAnswer> {
  const { headers, query } = request
  const object = await requireObject(request, call, deps)
  const bucket = bucketOf(request, deps)
  const described = { ...describeObject(object, bucket), ...overrides(request, call) }
  if (isNotModified(headers, object)) {
    const { etag = '', 'last-modified': modified = '' } = described
    const cache = described['cache-control']
    const kept = {
      etag,
      'last-modified': modified,
      ...(cache !== undefined && { 'cache-control': cache }),
      ...versionHeader(object, bucket),
    }
    return { object, status: 304, headers: kept }
  }
  const part = query.get('partNumber')
  if (part !== undefined) return readPart(object, part, request, described)
  const range = readRange(headers.get('range'), object.size)
  if (range === 'unsatisfiable') {
    const members = {
      RangeRequested: headers.get('range') ?? '',
      ActualObjectSize: object.size,
    }
    throw refuse.InvalidRange(
      {},
      { members, headers: { 'content-range': `bytes */${object.size}` } },
    )
  }
  if (range === 'whole') return whole(object, request, described)
  return partial(object, range, described)
}

function whole(
  object: StoredObject,
  { headers }: S3Request,
  described: Readonly<Record<string, string>>,
): ReadAnswer {
  const wanted = headers.get('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED'
  return {
    object,
    status: 200,
    headers: {
      ...described,
      'content-length': String(object.size),
      ...(wanted && checksumHeaders(object)),
    },
    ...(object.size > 0 && { range: { start: 0, end: object.size - 1 } }),
  }
}

function partial(
  object: StoredObject,
  range: ByteRange,
  described: Readonly<Record<string, string>>,
): ReadAnswer {
  const headers = {
    ...described,
    'content-length': String(range.end - range.start + 1),
    'content-range': `bytes ${range.start}-${range.end}/${object.size}`,
  }
  return { object, status: 206, headers, range }
}

/** `partNumber`: the bytes of one part; an object that was not uploaded in parts is its own part 1. */
function readPart(
  object: StoredObject,
  text: string,
  request: S3Request,
  described: Readonly<Record<string, string>>,
): ReadAnswer {
  const number = Number(text)
  if (!/^\d{1,5}$/.test(text) || number < 1 || number > 10_000) {
    const message = 'Part number must be an integer between 1 and 10000, inclusive'
    throw invalidArgument(message, 'partNumber', text)
  }
  if (request.headers.has('range')) {
    const message = 'Cannot specify both Range header and partNumber query parameter'
    throw refuse.InvalidRequest({}, { message })
  }
  const parts = object.parts ?? [{ number: 1, size: object.size }]
  if (number > parts.length) {
    const members = { PartNumberRequested: number, ActualPartCount: parts.length }
    throw refuse.InvalidPartNumber({}, { members })
  }
  const start = parts.slice(0, number - 1).reduce((sum, part) => sum + part.size, 0)
  const size = parts[number - 1]?.size ?? 0
  const count = object.parts
    ? { ...described, 'x-amz-mp-parts-count': String(parts.length) }
    : described
  return size === 0
    ? whole(object, request, count)
    : partial(object, { start, end: start + size - 1 }, count)
}

/** `response-content-type` and its like: only a signed request may change what others would see. */
function overrides({ query }: S3Request, call: Call): Record<string, string> {
  const changed: Record<string, string> = {}
  for (const name of overridable) {
    const value = query.get(`response-${name}`)
    if (value === undefined) continue
    if (call.caller.kind === 'anonymous') {
      const message = 'Request specific response headers cannot be used for anonymous GET requests.'
      throw refuse.InvalidRequest({}, { message })
    }
    changed[name] = value
  }
  return changed
}

const overridable = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
]

function absence(
  request: S3Request,
  call: Call,
  bucket: Bucket,
  versionId: string | undefined,
  found: StoredVersion | undefined,
): Error {
  const { key, method } = request
  if (versionId === undefined) {
    return missing(request, call, bucket, noSuchKey(key, found?.versionId))
  }
  if (!found) return missing(request, call, bucket, noSuchVersion(key, versionId))
  const refusal = methodNotAllowed(method, 'DeleteMarker')
  return refuse.MethodNotAllowed(
    {},
    {
      members: refusal.members,
      headers: {
        'x-amz-delete-marker': 'true',
        'x-amz-version-id': versionId,
        'last-modified': httpTime(found.modifiedAt),
        allow: 'DELETE',
      },
    },
  )
}
