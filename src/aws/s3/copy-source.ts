/** The source of a copy: found, and what reading it needs. */
import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { Call, Need } from '../operation.ts'
import { bucketOf, existingTags, missing, objectNeed, versionContext } from './access.ts'
import { type ChecksumAlgorithm, startDigest } from './checksums/digest.ts'
import { checkCopySource } from './conditions.ts'
import type { S3Deps } from './operation.ts'
import { invalidArgument, noSuchKey, noSuchVersion, refuse } from './refusals.ts'
import type { S3Request } from './request.ts'
import type { ByteRange, StoredObject, StoredVersion } from './storage/storage.ts'
import { isVersionId } from './storage/version-id.ts'

export interface CopySource {
  readonly bucket: string
  readonly key: string
  readonly versionId: string | undefined
}

/** Reads `x-amz-copy-source`: `[/]bucket/key[?versionId=…]`, percent-encoded. Throws InvalidArgument. */
export function readCopySource({ headers }: S3Request): CopySource {
  const text = headers.get('x-amz-copy-source') ?? ''
  const mark = text.indexOf('?versionId=')
  const versionId = mark < 0 ? undefined : text.slice(mark + '?versionId='.length)
  const path = decode(mark < 0 ? text : text.slice(0, mark), text).replace(/^\//, '')
  const slash = path.indexOf('/')
  if (slash < 1 || slash === path.length - 1) throw notASource(text)
  if (versionId !== undefined && !isVersionId(versionId)) {
    throw invalidArgument('Invalid version id specified', 'x-amz-copy-source', text)
  }
  return { bucket: path.slice(0, slash), key: path.slice(slash + 1), versionId }
}

/** The needs on the source; `withTags`: its tags go along. */
export async function sourceNeeds(
  request: S3Request,
  call: Call,
  deps: S3Deps,
  withTags: boolean,
): Promise<{ needs: readonly Need[]; found: StoredVersion | undefined }> {
  const source = readCopySource(request)
  const bucket = bucketOf({ ...request, headers: new Map() }, deps, source.bucket)
  const found = await deps.storage.find(source.bucket, source.key, source.versionId)
  const context = { ...existingTags(found), ...versionContext(source.versionId) }
  const kind = source.versionId === undefined ? 'Object' : 'ObjectVersion'
  const actions = [`s3:Get${kind}`]
  const hasTags = found && !found.marker && Object.keys(found.tags).length > 0
  if (withTags && hasTags) actions.push(`s3:Get${kind}Tagging`)
  const needs = actions.map((action) =>
    objectNeed(request, call, bucket, action, context, source.key),
  )
  return { needs, found }
}

/** The source's version. Throws NoSuchKey, NoSuchVersion, InvalidRequest for a marker, PreconditionFailed. */
export async function requireSource(
  request: S3Request,
  call: Call,
  deps: S3Deps,
): Promise<StoredObject> {
  const source = readCopySource(request)
  const bucket = bucketOf({ ...request, headers: new Map() }, deps, source.bucket)
  const expected = request.headers.get('x-amz-source-expected-bucket-owner')
  if (expected !== undefined && expected !== bucket.account) throw refuse.AccessDenied()
  const found = await deps.storage.find(source.bucket, source.key, source.versionId)
  if (!found || (found.marker && source.versionId === undefined)) {
    const refusal =
      source.versionId === undefined
        ? noSuchKey(source.key)
        : noSuchVersion(source.key, source.versionId)
    throw missing(request, call, bucket, refusal)
  }
  if (found.marker) {
    const message =
      'The source of a copy request may not specifically refer to a delete marker by version id.'
    throw refuse.InvalidRequest({}, { message })
  }
  checkCopySource(request.headers, found)
  return found
}

/** The bytes of an object as a stream of chunks. Throws NoSuchKey where it went away meanwhile. */
export function chunksOf(
  object: StoredObject,
  { storage }: S3Deps,
  range?: ByteRange,
): AsyncIterable<Uint8Array> {
  if (object.size === 0) return oneChunk(new Uint8Array(0))
  const body = storage.open(object, range)
  if (!body) throw noSuchKey(object.key)
  return body instanceof Uint8Array
    ? oneChunk(body)
    : (body as Readable & AsyncIterable<Uint8Array>)
}

/** Reads an object through to take sums of it. */
export async function digestObject(
  object: StoredObject,
  deps: S3Deps,
  algorithm: ChecksumAlgorithm | undefined,
): Promise<{ md5: string; sum?: string }> {
  const md5 = createHash('md5')
  const digest = algorithm && startDigest(algorithm)
  for await (const chunk of chunksOf(object, deps)) {
    md5.update(chunk)
    digest?.update(chunk)
  }
  const sum = digest?.digest().toString('base64')
  return { md5: md5.digest('hex'), ...(sum !== undefined && { sum }) }
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

function decode(text: string, whole: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    if (cause instanceof URIError) throw notASource(whole)
    throw cause
  }
}

function notASource(text: string): Error {
  const message = 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey'
  return invalidArgument(message, 'x-amz-copy-source', text)
}
