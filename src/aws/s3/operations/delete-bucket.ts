import { bucketNeed, bucketOf } from '../access.ts'
import type { S3Operation } from '../operation.ts'
import { noSuchBucket, refuse } from '../refusals.ts'

/** Deletes a bucket that holds nothing: no object, version or marker. Uploads in progress go with it. */
export const deleteBucket: S3Operation = {
  name: 'DeleteBucket',
  access: (request, call, deps) => [
    bucketNeed(request, call, bucketOf(request, deps), 's3:DeleteBucket'),
  ],
  async handle({ bucket }, _call, { storage }) {
    const outcome = await storage.buckets.delete(bucket)
    if (outcome === 'missing') throw noSuchBucket(bucket)
    if (outcome === 'not-empty') {
      throw refuse.BucketNotEmpty({}, { members: { BucketName: bucket } })
    }
    return { status: 204 }
  },
}
