import { bucketNeed, bucketOf } from '../access.ts'
import type { S3Operation } from '../operation.ts'
import { xmlDocument } from '../xml.ts'

/** The region of a bucket; empty for us-east-1. */
export const getBucketLocation: S3Operation = {
  name: 'GetBucketLocation',
  access: (request, call, deps) => [
    bucketNeed(request, call, bucketOf(request, deps), 's3:GetBucketLocation'),
  ],
  handle(request, _call, deps) {
    const { region } = bucketOf(request, deps)
    return { body: xmlDocument('LocationConstraint', region === 'us-east-1' ? '' : region) }
  },
}
