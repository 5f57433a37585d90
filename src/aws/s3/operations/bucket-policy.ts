import type { Call, Need } from '../../operation.ts'
import { bucketNeed, bucketOf, isOwnAccount } from '../access.ts'
import { checkBucketPolicy, isPublicPolicy } from '../bucket-policy.ts'
import type { S3Deps, S3Operation } from '../operation.ts'
import { publicAccessBlock } from '../public-access.ts'
import { methodNotAllowed, noSuchBucket, refuse } from '../refusals.ts'
import type { S3Request } from '../request.ts'
import { leaf, xmlDocument } from '../xml.ts'

/** The policy as it was put, byte for byte. */
export const getBucketPolicy: S3Operation = {
  name: 'GetBucketPolicy',
  access: (request, call, deps) => policyNeeds(request, call, deps, 's3:GetBucketPolicy'),
  handle(request, _call, deps) {
    const { policy } = bucketOf(request, deps).settings
    if (policy === undefined) throw noPolicy(request)
    return { headers: { 'content-type': 'application/json' }, body: policy }
  },
}

export const putBucketPolicy: S3Operation = {
  name: 'PutBucketPolicy',
  checksumRequired: true,
  access: (request, call, deps) => policyNeeds(request, call, deps, 's3:PutBucketPolicy'),
  async handle(request, call, deps) {
    const bucket = bucketOf(request, deps)
    const policy = Buffer.from(request.body).toString('utf8')
    checkBucketPolicy(policy, bucket.name)
    if (isPublicPolicy(policy) && publicAccessBlock(bucket).BlockPublicPolicy) {
      const who = call.caller.kind === 'anonymous' ? '' : `User: ${call.caller.arn} is `
      const message = `${who}not authorized to perform: s3:PutBucketPolicy on resource: "arn:aws:s3:::${bucket.name}" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.`
      throw refuse.AccessDenied({}, { message, facts: { denied: true } })
    }
    const changed = await deps.storage.buckets.change(bucket.name, { settings: { policy } })
    if (!changed) throw noSuchBucket(bucket.name)
    return { status: 204 }
  },
}

export const deleteBucketPolicy: S3Operation = {
  name: 'DeleteBucketPolicy',
  access: (request, call, deps) => policyNeeds(request, call, deps, 's3:DeleteBucketPolicy'),
  async handle({ bucket }, _call, { storage }) {
    const changed = await storage.buckets.change(bucket, { settings: { policy: undefined } })
    if (!changed) throw noSuchBucket(bucket)
    return { status: 204 }
  },
}

export const getBucketPolicyStatus: S3Operation = {
  name: 'GetBucketPolicyStatus',
  access: (request, call, deps) => [
    bucketNeed(request, call, bucketOf(request, deps), 's3:GetBucketPolicyStatus'),
  ],
  handle(request, _call, deps) {
    const { policy } = bucketOf(request, deps).settings
    if (policy === undefined) throw noPolicy(request)
    return { body: xmlDocument('PolicyStatus', leaf('IsPublic', isPublicPolicy(policy))) }
  },
}

/** Only the owner's account has to do with the policy; its root always may, so that no policy locks everybody out. */
function policyNeeds(request: S3Request, call: Call, deps: S3Deps, action: string): Need[] {
  const bucket = bucketOf(request, deps)
  const need = bucketNeed(request, call, bucket, action)
  const { caller } = call
  if (caller.kind !== 'anonymous' && !isOwnAccount(caller, bucket)) {
    if (call.authorise(need).allowed) throw methodNotAllowed(request.method, 'BUCKETPOLICY')
  }
  if (caller.kind !== 'root') return [need]
  const { resourcePolicy: _, ...withoutPolicy } = need
  return [withoutPolicy]
}

function noPolicy({ bucket }: S3Request): Error {
  return refuse.NoSuchBucketPolicy({}, { members: { BucketName: bucket } })
}
