import { bucketOf, objectNeed } from '../access.ts'
import { readClaims, receiveBody } from '../integrity.ts'
import { checkPartAlgorithm, partNumberOf, requireUpload } from '../multipart.ts'
import { encryptionHeaders } from '../object-headers.ts'
import type { S3Operation } from '../operation.ts'
import { noSuchUpload } from '../refusals.ts'
import { refuseCustomerKeys } from '../write-object.ts'

/** Stores one part; the same number again replaces it. */
export const uploadPart: S3Operation = {
  name: 'UploadPart',
  body: 'streamed',
  access: (request, call, deps) => [
    objectNeed(request, call, bucketOf(request, deps), 's3:PutObject'),
  ],
  async handle(request, call, deps) {
    const { upload } = await requireUpload(request, deps)
    const number = partNumberOf(request)
    refuseCustomerKeys(request)
    checkPartAlgorithm(upload, readClaims(request).algorithm)
    const { staged, checksum } = await receiveBody(request, deps, upload.checksumAlgorithm)
    const etag = staged.md5.toString('hex')
    const part = {
      number,
      size: staged.size,
      etag,
      modifiedAt: call.at,
      ...(checksum && { checksum: checksum.value }),
    }
    if (!(await deps.storage.uploads.putPart(upload, part, staged))) {
      throw noSuchUpload(upload.uploadId)
    }
    return {
      headers: {
        etag: `"${etag}"`,
        ...encryptionHeaders(upload),
        ...(checksum && {
          [`x-amz-checksum-${checksum.algorithm.toLowerCase()}`]: checksum.value,
        }),
      },
    }
  },
}
