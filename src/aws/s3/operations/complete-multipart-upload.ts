import { createHash } from 'node:crypto'
import { bucketOf, objectNeed } from '../access.ts'
import { checksumOfParts } from '../checksums/checksum-type.ts'
import { bareEtag, writeCheck } from '../conditions.ts'
import { checksumLeaves, maxParts } from '../multipart.ts'
import { encryptionHeaders, versionHeader } from '../object-headers.ts'
import type { Reply, S3Operation } from '../operation.ts'
import { noSuchUpload, refuse } from '../refusals.ts'
import type { S3Request } from '../request.ts'
import type {
  Bucket,
  StoredChecksum,
  StoredObject,
  Upload,
  UploadedPart,
} from '../storage/storage.ts'
import { childrenOf, leaf, optionalText, readXml, requiredText, xmlDocument } from '../xml.ts'

const minPartBytes = 5 * 1024 * 1024

/** A part as the client lists it. */
interface Named {
  readonly number: number
  readonly etag: string
  readonly checksum: string | undefined
}

/** Makes the object of the parts listed, in their order. A repeated call is answered as the first. */
export const completeMultipartUpload: S3Operation = {
  name: 'CompleteMultipartUpload',
  maxBodyBytes: 8 * 1024 * 1024,
  access(request, call, deps) {
    const actions = ['s3:PutObject', ...(request.headers.has('if-match') ? ['s3:GetObject'] : [])]
    const bucket = bucketOf(request, deps)
    return actions.map((action) => objectNeed(request, call, bucket, action))
  },
  async handle(request, call, deps) {
    const { uploads } = deps.storage
    const { key, query, headers } = request
    const bucket = bucketOf(request, deps)
    const uploadId = query.get('uploadId') ?? ''
    const upload = await uploads.find(bucket.name, key, uploadId)
    if (!upload) {
      const done = await uploads.completed(bucket.name, key, uploadId)
      if (!done) throw noSuchUpload(uploadId)
      return answer(request, bucket, done)
    }
    const named = readParts(request, upload)
    const stored = new Map((await uploads.parts(upload, 0, maxParts)).map((p) => [p.number, p]))
    const parts = named.map((part) => matchPart(part, stored.get(part.number), uploadId))
    checkSizes(parts, headers.get('x-amz-mp-object-size'))
    const checksum = checksumOf(upload, parts)
    checkWholeSum(headers, checksum)
    const { bucket: _, key: __, uploadId: ___, startedAt: ____, ...facts } = upload
    const object = { ...facts, etag: etagOf(parts), ...(checksum && { checksum }) }
    const check = writeCheck(headers, key)
    const options = { at: call.at, ...(check && { check }) }
    const made = await uploads.complete(upload, parts, object, options)
    if (made) return answer(request, bucket, made)
    // Somebody else completed or aborted it, or replaced a part, while this ran.
    if (await uploads.find(bucket.name, key, uploadId)) throw refuse.OperationAborted()
    throw noSuchUpload(uploadId)
  },
}

function readParts({ body }: S3Request, upload: Upload): readonly Named[] {
  const root = readXml(body, 'CompleteMultipartUpload')
  const sumName = `Checksum${upload.checksumAlgorithm ?? ''}`
  const named = childrenOf(root, 'Part').map((part): Named => {
    const number = requiredText(part, 'PartNumber')
    if (!/^\d{1,5}$/.test(number)) throw refuse.MalformedXML()
    return {
      number: Number(number),
      etag: bareEtag(requiredText(part, 'ETag')),
      checksum: optionalText(part, sumName),
    }
  })
  if (named.length === 0 || named.length > maxParts) throw refuse.MalformedXML()
  for (const [index, part] of named.entries()) {
    if (index > 0 && part.number <= (named[index - 1]?.number ?? 0)) {
      throw refuse.InvalidPartOrder({}, { members: { UploadId: upload.uploadId } })
    }
  }
  return named
}

function matchPart(named: Named, stored: UploadedPart | undefined, uploadId: string): UploadedPart {
  const sameSum = named.checksum === undefined || named.checksum === stored?.checksum
  if (stored && stored.etag === named.etag && sameSum) return stored
  const members = { UploadId: uploadId, PartNumber: named.number, ETag: named.etag }
  throw refuse.InvalidPart({}, { members })
}

function checkSizes(parts: readonly UploadedPart[], claimed: string | undefined): void {
  for (const { size, number, etag } of parts.slice(0, -1)) {
    if (size >= minPartBytes) continue
    const members = {
      ProposedSize: size,
      MinSizeAllowed: minPartBytes,
      PartNumber: number,
      ETag: etag,
    }
    throw refuse.EntityTooSmall({}, { members })
  }
  const total = parts.reduce((sum, part) => sum + part.size, 0)
  if (claimed === undefined || claimed === String(total)) return
  const message = `The provided 'x-amz-mp-object-size' header value ${claimed} does not match what was computed: ${total}`
  throw refuse.InvalidRequest({}, { message })
}

function checksumOf(upload: Upload, parts: readonly UploadedPart[]): StoredChecksum | undefined {
  const { checksumAlgorithm: algorithm, checksumType: type } = upload
  if (!algorithm || !type) return undefined
  const sums = parts.flatMap(({ checksum, size }) =>
    checksum === undefined ? [] : [{ checksum, size }],
  )
  if (sums.length < parts.length) return undefined
  return { algorithm, type, value: checksumOfParts(algorithm, type, sums) }
}

/** A client may name the sum of the whole; composite ones with or without their count. */
function checkWholeSum(
  headers: ReadonlyMap<string, string>,
  checksum: StoredChecksum | undefined,
): void {
  if (!checksum) return
  const { algorithm, type, value } = checksum
  const wantedType = headers.get('x-amz-checksum-type')
  if (wantedType !== undefined && wantedType !== type) {
    const message = `The upload was created using the ${type} checksum mode. The complete request must use the same checksum mode.`
    throw refuse.InvalidRequest({}, { message })
  }
  const claimed = headers.get(`x-amz-checksum-${algorithm.toLowerCase()}`)
  if (claimed === undefined || claimed === value || claimed === value.replace(/-\d+$/, '')) return
  throw refuse.BadDigest({ algorithm })
}

function etagOf(parts: readonly UploadedPart[]): string {
  const md5 = createHash('md5')
  for (const part of parts) md5.update(Buffer.from(part.etag, 'hex'))
  return `${md5.digest('hex')}-${parts.length}`
}

function answer(request: S3Request, bucket: Bucket, object: StoredObject): Reply {
  const { host, key, secure } = request
  const path = key.split('/').map(encodeURIComponent).join('/')
  const body =
    leaf('Location', `${secure ? 'https' : 'http'}://${host}/${bucket.name}/${path}`) +
    leaf('Bucket', bucket.name) +
    leaf('Key', key) +
    leaf('ETag', `"${object.etag}"`) +
    checksumLeaves(object.checksum)
  return {
    headers: { ...encryptionHeaders(object), ...versionHeader(object, bucket) },
    body: xmlDocument('CompleteMultipartUploadResult', body),
  }
}
