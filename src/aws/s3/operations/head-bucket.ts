import { bucketNeed, bucketOf } from '../access.ts'
import type { S3Operation } from '../operation.ts'

/** Says that a bucket is there and where. */
export const headBucket: S3Operation = {
  name: 'HeadBucket',
  access: (request, call, deps) => [
    bucketNeed(request, call, bucketOf(request, deps), 's3:ListBucket'),
  ],
  handle(request, _call, deps) {
    const { region, name } = bucketOf(request, deps)
    return {
      headers: {
        'x-amz-bucket-region': region,
        'x-amz-bucket-arn': `arn:aws:s3:::${name}`,
        'x-amz-access-point-alias': 'false',
        'content-type': 'application/xml',
      },
    }
  },
}
