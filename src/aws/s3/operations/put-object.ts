import { bucketOf } from '../access.ts'
import { checkAclHeaders } from '../acl.ts'
import { writeCheck } from '../conditions.ts'
import { receiveBody } from '../integrity.ts'
import { describeWrite, readObjectFacts } from '../object-headers.ts'
import type { S3Operation } from '../operation.ts'
import { noSuchBucket } from '../refusals.ts'
import { refuseCustomerKeys, writeNeeds } from '../write-object.ts'

/** Stores a body as the newest version of a key. */
export const putObject: S3Operation = {
  name: 'PutObject',
  body: 'streamed',
  access: (request, call, deps) => writeNeeds(request, call, deps),
  async handle(request, call, deps) {
    const { key } = request
    const bucket = bucketOf(request, deps)
    refuseCustomerKeys(request)
    checkAclHeaders(request, bucket)
    const facts = readObjectFacts(request, bucket, call.at)
    const check = writeCheck(request.headers, key)
    // Refuse before the body is taken in; the write checks again in its own transaction.
    check?.(await deps.storage.find(bucket.name, key))
    const { staged, checksum } = await receiveBody(request, deps)
    const object = {
      ...facts,
      etag: staged.md5.toString('hex'),
      ...(checksum && { checksum: { ...checksum, type: 'FULL_OBJECT' as const } }),
    }
    const options = { at: call.at, ...(check && { check }) }
    const stored = await deps.storage.put(bucket.name, key, staged, object, options)
    if (!stored) throw noSuchBucket(bucket.name)
    return { headers: describeWrite(stored, bucket) }
  },
}
