import { bucketNeed, bucketOf } from '../access.ts'
import { hasObjectLock } from '../object-lock.ts'
import type { S3Operation } from '../operation.ts'
import { noSuchBucket, refuse } from '../refusals.ts'
import { leaf, readXml, requiredText, xmlDocument } from '../xml.ts'

/** Whether a bucket keeps versions; an empty answer where nobody ever asked for it. */
export const getBucketVersioning: S3Operation = {
  name: 'GetBucketVersioning',
  access: (request, call, deps) => [
    bucketNeed(request, call, bucketOf(request, deps), 's3:GetBucketVersioning'),
  ],
  handle(request, _call, deps) {
    const { versioning } = bucketOf(request, deps)
    const status = versioning === 'unset' ? undefined : versioning
    return { body: xmlDocument('VersioningConfiguration', leaf('Status', status)) }
  },
}

export const putBucketVersioning: S3Operation = {
  name: 'PutBucketVersioning',
  checksumRequired: true,
  access: (request, call, deps) => [
    bucketNeed(request, call, bucketOf(request, deps), 's3:PutBucketVersioning'),
  ],
  async handle(request, _call, deps) {
    const bucket = bucketOf(request, deps)
    const status = requiredText(readXml(request.body, 'VersioningConfiguration'), 'Status')
    if (status !== 'Enabled' && status !== 'Suspended') throw refuse.MalformedXML()
    if (request.headers.has('x-amz-mfa')) {
      throw refuse.NotImplemented({}, { members: { Header: 'x-amz-mfa' } })
    }
    if (status === 'Suspended' && hasObjectLock(bucket)) {
      const message =
        'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.'
      throw refuse.InvalidBucketState({}, { message })
    }
    const changed = await deps.storage.buckets.change(bucket.name, { versioning: status })
    if (!changed) throw noSuchBucket(bucket.name)
    return {}
  },
}
