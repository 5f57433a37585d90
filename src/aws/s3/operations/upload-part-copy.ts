import { bucketOf, objectNeed } from '../access.ts'
import { chunksOf, readCopySource, requireSource, sourceNeeds } from '../copy-source.ts'
import { maxUploadBytes } from '../integrity.ts'
import { checksumLeaf, partNumberOf, requireUpload } from '../multipart.ts'
import { encryptionHeaders } from '../object-headers.ts'
import type { S3Operation } from '../operation.ts'
import { readCopyRange } from '../range.ts'
import { invalidArgument, noSuchUpload, refuse } from '../refusals.ts'
import type { S3Request } from '../request.ts'
import type { ByteRange, StoredObject } from '../storage/storage.ts'
import { refuseCustomerKeys } from '../write-object.ts'
import { isoTime, leaf, xmlDocument } from '../xml.ts'

/** Makes a part of a range of another object, or of all of it. */
export const uploadPartCopy: S3Operation = {
  name: 'UploadPartCopy',
  async access(request, call, deps) {
    const bucket = bucketOf(request, deps)
    const { needs } = await sourceNeeds(request, call, deps, false)
    return [...needs, objectNeed(request, call, bucket, 's3:PutObject')]
  },
  async handle(request, call, deps) {
    const { upload } = await requireUpload(request, deps)
    const number = partNumberOf(request)
    refuseCustomerKeys(request)
    const source = await requireSource(request, call, deps)
    const range = readRange(request, source)
    const algorithm = upload.checksumAlgorithm
    const tooLarge = () =>
      refuse.EntityTooLarge({}, { members: { MaxSizeAllowed: maxUploadBytes } })
    const staged = await deps.storage.stage(chunksOf(source, deps, range), {
      algorithms: algorithm ? [algorithm] : [],
      limit: maxUploadBytes,
      tooLarge,
    })
    const etag = staged.md5.toString('hex')
    const checksum = algorithm && staged.sums.get(algorithm)?.toString('base64')
    const part = {
      number,
      size: staged.size,
      etag,
      modifiedAt: call.at,
      ...(checksum !== undefined && { checksum }),
    }
    if (!(await deps.storage.uploads.putPart(upload, part, staged))) {
      throw noSuchUpload(upload.uploadId)
    }
    const from = deps.storage.buckets.get(readCopySource(request).bucket)
    const body =
      leaf('ETag', `"${etag}"`) +
      leaf('LastModified', isoTime(call.at)) +
      checksumLeaf(algorithm, checksum)
    return {
      headers: {
        ...encryptionHeaders(upload),
        ...(from &&
          from.versioning !== 'unset' && { 'x-amz-copy-source-version-id': source.versionId }),
      },
      body: xmlDocument('CopyPartResult', body),
    }
  },
}

function readRange({ headers }: S3Request, source: StoredObject): ByteRange | undefined {
  const name = 'x-amz-copy-source-range'
  const text = headers.get(name)
  if (text === undefined) return undefined
  const range = readCopyRange(text)
  if (!range) {
    const message =
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy'
    throw invalidArgument(message, name, text)
  }
  if (range.end >= source.size) {
    const message = `Range specified is not valid for source object of size: ${source.size}`
    throw invalidArgument(message, name, text)
  }
  return range
}
