import { bucketOf, objectNeed } from '../access.ts'
import type { S3Operation } from '../operation.ts'
import { noSuchUpload } from '../refusals.ts'

/** Ends an upload and throws its parts away. */
export const abortMultipartUpload: S3Operation = {
  name: 'AbortMultipartUpload',
  access: (request, call, deps) => [
    objectNeed(request, call, bucketOf(request, deps), 's3:AbortMultipartUpload'),
  ],
  async handle({ bucket, key, query }, _call, { storage }) {
    const uploadId = query.get('uploadId') ?? ''
    if (!(await storage.uploads.abort(bucket, key, uploadId))) throw noSuchUpload(uploadId)
    return { status: 204 }
  },
}
