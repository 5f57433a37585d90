/** What a writer says of an object in headers, and the headers that tell it back. */

import { readLockHeaders } from './object-lock.ts'
import { invalidArgument, refuse } from './refusals.ts'
import type { S3Request } from './request.ts'
import type { Bucket, ObjectFacts, StoredObject, StoredVersion } from './storage/storage.ts'
import { readTagHeader } from './tags.ts'
import { httpTime } from './xml.ts'

type Headers = Record<string, string>

/** Kept as they come and given back at each GET. */
const contentHeaders = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
] as const

/** Kept beside them. */
const otherHeaders = [
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-server-side-encryption-bucket-key-enabled',
  'x-amz-website-redirect-location',
] as const

const storageClasses = new Set([
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER',
  'DEEP_ARCHIVE',
  'GLACIER_IR',
])

const maxMetadataBytes = 2048

/** Reads all facts of a new object. Throws InvalidArgument, InvalidTag, MetadataTooLarge, InvalidStorageClass, NotImplemented. */
export function readObjectFacts(request: S3Request, bucket: Bucket, at: number): ObjectFacts {
  const tagging = request.headers.get('x-amz-tagging')
  const lock = readLockHeaders(request.headers, bucket, at)
  return {
    ...readDescription(request),
    storageClass: readStorageClass(request),
    tags: tagging === undefined ? {} : readTagHeader(tagging),
    ...(lock && { lock }),
  }
}

/** Content headers and user metadata: what a copy with `REPLACE` brings anew. */
export function readDescription({
  headers: given,
}: S3Request): Pick<ObjectFacts, 'headers' | 'metadata'> {
  const headers: Headers = {}
  for (const name of [...contentHeaders, ...otherHeaders]) {
    const value = given.get(name)
    if (value !== undefined && value !== '') headers[name] = value
  }
  const encoding = (headers['content-encoding'] ?? '')
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'aws-chunked')
    .join(',')
  if (encoding !== '') headers['content-encoding'] = encoding
  else delete headers['content-encoding']
  checkEncryption(headers)
  return { headers, metadata: readMetadata(given) }
}

export function readStorageClass({ headers }: S3Request): string {
  const value = headers.get('x-amz-storage-class') ?? 'STANDARD'
  if (!storageClasses.has(value)) {
    throw refuse.InvalidStorageClass({}, { members: { StorageClassRequested: value } })
  }
  return value
}

/** The headers of GET and HEAD that describe a version. */
export function describeObject(object: StoredObject, bucket: Bucket): Headers {
  const headers: Headers = {
    'accept-ranges': 'bytes',
    'last-modified': httpTime(object.modifiedAt),
    etag: `"${object.etag}"`,
    'content-type': 'binary/octet-stream',
    'x-amz-server-side-encryption': 'AES256',
    ...object.headers,
    ...versionHeader(object, bucket),
  }
  for (const [name, value] of Object.entries(object.metadata)) {
    headers[`x-amz-meta-${name}`] = headerText(value)
  }
  if (object.storageClass !== 'STANDARD') headers['x-amz-storage-class'] = object.storageClass
  const tags = Object.keys(object.tags).length
  if (tags > 0) headers['x-amz-tagging-count'] = String(tags)
  const { mode, until, legalHold } = object.lock ?? {}
  if (mode) headers['x-amz-object-lock-mode'] = mode
  if (until !== undefined) {
    headers['x-amz-object-lock-retain-until-date'] = new Date(until).toISOString()
  }
  if (legalHold !== undefined) {
    headers['x-amz-object-lock-legal-hold'] = legalHold ? 'ON' : 'OFF'
  }
  return headers
}

/** The headers that answer a write. */
export function describeWrite(object: StoredObject, bucket: Bucket): Headers {
  const headers: Headers = { etag: `"${object.etag}"`, ...encryptionHeaders(object) }
  Object.assign(headers, versionHeader(object, bucket), checksumHeaders(object))
  return headers
}

/** `x-amz-checksum-…` and its type; nothing where the object has none. */
export function checksumHeaders({ checksum }: StoredObject): Headers {
  if (!checksum) return {}
  const name = `x-amz-checksum-${checksum.algorithm.toLowerCase()}`
  return { [name]: checksum.value, 'x-amz-checksum-type': checksum.type }
}

/** `x-amz-version-id`, which buckets that never had versioning do not tell. */
export function versionHeader({ versionId }: StoredVersion, { versioning }: Bucket): Headers {
  return versioning === 'unset' ? {} : { 'x-amz-version-id': versionId }
}

/** How the bytes are encrypted at rest, as the writer asked or by default. */
export function encryptionHeaders({ headers }: Pick<ObjectFacts, 'headers'>): Headers {
  const answer: Headers = { 'x-amz-server-side-encryption': 'AES256' }
  for (const name of otherHeaders) {
    const value = headers[name]
    if (name.startsWith('x-amz-server-side') && value !== undefined) answer[name] = value
  }
  return answer
}

function readMetadata(headers: ReadonlyMap<string, string>): Record<string, string> {
  const metadata: Record<string, string> = {}
  let size = 0
  for (const [name, value] of headers) {
    if (!name.startsWith('x-amz-meta-')) continue
    const key = name.slice('x-amz-meta-'.length)
    metadata[key] = value
    size += Buffer.byteLength(key) + Buffer.byteLength(value)
  }
  if (size > maxMetadataBytes) {
    throw refuse.MetadataTooLarge({}, { members: { Size: size, MaxSizeAllowed: maxMetadataBytes } })
  }
  return metadata
}

function checkEncryption(headers: Headers): void {
  const name = 'x-amz-server-side-encryption'
  const value = headers[name]
  if (value === undefined || ['AES256', 'aws:kms', 'aws:kms:dsse'].includes(value)) return
  throw invalidArgument('The encryption method specified is not supported', name, value)
}

/** Text beyond ASCII goes as RFC 2047 words, as AWS sends it. */
function headerText(value: string): string {
  return /^[\t -~]*$/.test(value)
    ? value
    : `=?UTF-8?B?${Buffer.from(value, 'utf8').toString('base64')}?=`
}
