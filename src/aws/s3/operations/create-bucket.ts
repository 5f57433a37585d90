import type { Call } from '../../operation.ts'
import { checkCannedAcl } from '../acl.ts'
import { isBucketName } from '../bucket-name.ts'
import { writeLockConfiguration } from '../object-lock.ts'
import type { S3Operation } from '../operation.ts'
import { defaultOwnership, ownerships, writeOwnership } from '../ownership.ts'
import { defaultPublicAccessBlock } from '../public-access.ts'
import { invalidArgument, refuse } from '../refusals.ts'
import type { S3Request } from '../request.ts'
import type { Bucket } from '../storage/storage.ts'
import { maxBucketTags, readTagging, writeTagging } from '../tags.ts'
import { childrenOf, optionalText, readXml } from '../xml.ts'

interface Wanted {
  readonly region: string
  readonly tagging?: string
}

/** Makes a bucket in the caller's account. Names are taken across all accounts. */
export const createBucket: S3Operation = {
  name: 'CreateBucket',
  access(request, call) {
    const resource = `arn:aws:s3:::${request.bucket}`
    const { headers } = request
    const actions = ['s3:CreateBucket']
    if (headers.has('x-amz-acl') && headers.get('x-amz-acl') !== 'private')
      actions.push('s3:PutBucketAcl')
    if (headers.has('x-amz-object-ownership')) actions.push('s3:PutBucketOwnershipControls')
    if (wantsLock(request)) {
      actions.push('s3:PutBucketObjectLockConfiguration', 's3:PutBucketVersioning')
    }
    const ownership = headers.get('x-amz-object-ownership')
    const context = {
      's3:LocationConstraint': readBody(request, call).region,
      ...(ownership !== undefined && { 's3:x-amz-object-ownership': ownership }),
    }
    return actions.map((action) => ({ action, resource, context }))
  },
  async handle(request, call, deps) {
    const { storage } = deps
    const name = request.bucket
    if (!isBucketName(name)) {
      throw refuse.InvalidBucketName({}, { members: { BucketName: name } })
    }
    const { region, tagging } = readBody(request, call)
    const ownership = request.headers.get('x-amz-object-ownership') ?? defaultOwnership
    if (!ownerships.has(ownership)) {
      throw invalidArgument(
        'Invalid x-amz-object-ownership header',
        'x-amz-object-ownership',
        ownership,
      )
    }
    checkCannedAcl(request.headers.get('x-amz-acl'), ownership)
    const bucket: Bucket = {
      name,
      account: call.account,
      region,
      createdAt: call.at,
      versioning: wantsLock(request) ? 'Enabled' : 'unset',
      settings: {
        publicAccessBlock: defaultPublicAccessBlock,
        ownershipControls: writeOwnership(ownership),
        ...(wantsLock(request) && { 'object-lock': writeLockConfiguration() }),
        ...(tagging !== undefined && { tagging }),
      },
    }
    if ((await storage.buckets.create(bucket)) === 'exists') {
      const owner = storage.buckets.get(name)?.account
      if (owner !== call.account)
        throw refuse.BucketAlreadyExists({}, { members: { BucketName: name } })
      // The oldest region keeps its oldest manner.
      if (region !== 'us-east-1') {
        throw refuse.BucketAlreadyOwnedByYou({}, { members: { BucketName: name } })
      }
    }
    return {
      headers: { location: `/${name}`, 'x-amz-bucket-arn': `arn:aws:s3:::${name}` },
    }
  },
}

function wantsLock({ headers }: S3Request): boolean {
  return headers.get('x-amz-bucket-object-lock-enabled')?.toLowerCase() === 'true'
}

/** Without a word of it the bucket is made in the region that the request was signed for. Throws MalformedXML, InvalidLocationConstraint. */
function readBody({ body }: S3Request, { region }: Pick<Call, 'region'>): Wanted {
  if (body.length === 0) return { region }
  const root = readXml(body, 'CreateBucketConfiguration')
  const constraint = optionalText(root, 'LocationConstraint')
  if (constraint !== undefined && !/^[a-zA-Z]{2}(-[a-z]+)*(-\d)?$/.test(constraint)) {
    throw refuse.InvalidLocationConstraint({}, { members: { LocationConstraint: constraint } })
  }
  const [tags] = childrenOf(root, 'Tags')
  const tagging =
    tags &&
    writeTagging(readTagging({ ...root, children: [{ ...tags, name: 'TagSet' }] }, maxBucketTags))
  return {
    region: constraint === 'EU' ? 'eu-west-1' : (constraint ?? region),
    ...(tagging !== undefined && { tagging }),
  }
}
