import { bucketOf } from '../access.ts'
import { checkAclHeaders } from '../acl.ts'
import { defaultChecksumType, isChecksumType } from '../checksums/checksum-type.ts'
import { isChecksumAlgorithm } from '../checksums/digest.ts'
import { encryptionHeaders, readObjectFacts } from '../object-headers.ts'
import type { S3Operation } from '../operation.ts'
import { headerNotImplemented, refuse } from '../refusals.ts'
import type { Upload } from '../storage/storage.ts'
import { refuseCustomerKeys, writeNeeds } from '../write-object.ts'
import { leaf, xmlDocument } from '../xml.ts'

/** Begins an upload in parts: what its object will be is said now. */
export const createMultipartUpload: S3Operation = {
  name: 'CreateMultipartUpload',
  access: (request, call, deps) => writeNeeds(request, call, deps),
  async handle(request, call, deps) {
    const bucket = bucketOf(request, deps)
    refuseCustomerKeys(request)
    checkAclHeaders(request, bucket)
    const facts = readObjectFacts(request, bucket, call.at)
    const upload = await deps.storage.uploads.create({
      ...facts,
      ...readChecksum(request.headers),
      bucket: bucket.name,
      key: request.key,
      startedAt: call.at,
    })
    const { checksumAlgorithm: algorithm, checksumType: type } = upload
    const body =
      leaf('Bucket', bucket.name) + leaf('Key', request.key) + leaf('UploadId', upload.uploadId)
    return {
      headers: {
        ...encryptionHeaders(facts),
        ...(algorithm && { 'x-amz-checksum-algorithm': algorithm }),
        ...(type && { 'x-amz-checksum-type': type }),
      },
      body: xmlDocument('InitiateMultipartUploadResult', body),
    }
  },
}

function readChecksum(
  headers: ReadonlyMap<string, string>,
): Pick<Upload, 'checksumAlgorithm' | 'checksumType'> {
  const algorithm = headers.get('x-amz-checksum-algorithm')?.toUpperCase()
  const type = headers.get('x-amz-checksum-type')?.toUpperCase()
  if (algorithm === undefined) {
    if (type === undefined) return {}
    const message =
      'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.'
    throw refuse.InvalidRequest({}, { message })
  }
  if (!isChecksumAlgorithm(algorithm)) throw headerNotImplemented('x-amz-checksum-algorithm')
  if (type === undefined) {
    return { checksumAlgorithm: algorithm, checksumType: defaultChecksumType(algorithm) }
  }
  if (isChecksumType(algorithm, type)) return { checksumAlgorithm: algorithm, checksumType: type }
  const message = `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`
  throw refuse.InvalidRequest({}, { message })
}
