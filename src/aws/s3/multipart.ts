/** What the operations of multipart uploads share. */
import { bucketOf } from './access.ts'
import type { ChecksumAlgorithm } from './checksums/digest.ts'
import type { S3Deps } from './operation.ts'
import { invalidArgument, noSuchUpload, refuse } from './refusals.ts'
import type { S3Request } from './request.ts'
import type { Bucket, StoredChecksum, Upload } from './storage/storage.ts'
import { leaf } from './xml.ts'

export const maxParts = 10_000

/** The upload that the request names. Throws NoSuchUpload. */
export async function requireUpload(
  request: S3Request,
  deps: S3Deps,
): Promise<{ upload: Upload; bucket: Bucket }> {
  const bucket = bucketOf(request, deps)
  const uploadId = request.query.get('uploadId') ?? ''
  const upload = await deps.storage.uploads.find(bucket.name, request.key, uploadId)
  if (!upload) throw noSuchUpload(uploadId)
  return { upload, bucket }
}

/** The parameter `partNumber`. Throws InvalidArgument. */
export function partNumberOf({ query }: S3Request): number {
  const text = query.get('partNumber') ?? ''
  const number = Number(text)
  if (/^\d{1,5}$/.test(text) && number >= 1 && number <= maxParts) return number
  const message = 'Part number must be an integer between 1 and 10000, inclusive'
  throw invalidArgument(message, 'partNumber', text)
}

/** A part must bring the sum that the upload was begun with. Throws InvalidRequest. */
export function checkPartAlgorithm(upload: Upload, sent: ChecksumAlgorithm | undefined): void {
  const expected = upload.checksumAlgorithm
  if (sent === undefined || expected === undefined || sent === expected) return
  const message = `Checksum Type mismatch occurred, expected checksum Type: ${expected.toLowerCase()}, actual checksum Type: ${sent.toLowerCase()}`
  throw refuse.InvalidRequest({}, { message })
}

/** `ChecksumCRC32` and so on. */
export function checksumLeaf(
  algorithm: ChecksumAlgorithm | undefined,
  value: string | undefined,
): string {
  return algorithm === undefined ? '' : leaf(`Checksum${algorithm}`, value)
}

/** The sum of an object and its type. */
export function checksumLeaves(checksum: StoredChecksum | undefined): string {
  if (!checksum) return ''
  return checksumLeaf(checksum.algorithm, checksum.value) + leaf('ChecksumType', checksum.type)
}
