import { bucketOf, existingObjectNeeds } from '../access.ts'
import { checkAclBody, writeAcl } from '../acl.ts'
import { versionHeader } from '../object-headers.ts'
import type { S3Operation } from '../operation.ts'
import { requireObject } from '../read-object.ts'

/** The bucket's owner has full control, always. */
export const getObjectAcl: S3Operation = {
  name: 'GetObjectAcl',
  access: (request, call, deps) => existingObjectNeeds(request, call, deps, 's3:GetObjectAcl'),
  async handle(request, call, deps) {
    const object = await requireObject(request, call, deps)
    const bucket = bucketOf(request, deps)
    return { headers: versionHeader(object, bucket), body: writeAcl(bucket) }
  },
}

/** Takes an ACL that says what is so; refuses any other. */
export const putObjectAcl: S3Operation = {
  name: 'PutObjectAcl',
  access: (request, call, deps) => existingObjectNeeds(request, call, deps, 's3:PutObjectAcl'),
  async handle(request, call, deps) {
    const object = await requireObject(request, call, deps)
    const bucket = bucketOf(request, deps)
    checkAclBody(request, bucket)
    return { headers: versionHeader(object, bucket) }
  },
}
