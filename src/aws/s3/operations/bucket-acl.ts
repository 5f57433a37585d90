import { bucketNeed, bucketOf } from '../access.ts'
import { checkAclBody, writeAcl } from '../acl.ts'
import type { S3Operation } from '../operation.ts'

/** The owner has full control, always. */
export const getBucketAcl: S3Operation = {
  name: 'GetBucketAcl',
  access: (request, call, deps) => [
    bucketNeed(request, call, bucketOf(request, deps), 's3:GetBucketAcl'),
  ],
  handle: (request, _call, deps) => ({ body: writeAcl(bucketOf(request, deps)) }),
}

/** Takes an ACL that says what is so; refuses any other. */
export const putBucketAcl: S3Operation = {
  name: 'PutBucketAcl',
  access: (request, call, deps) => [
    bucketNeed(request, call, bucketOf(request, deps), 's3:PutBucketAcl'),
  ],
  handle(request, _call, deps) {
    checkAclBody(request, bucketOf(request, deps))
    return {}
  },
}
