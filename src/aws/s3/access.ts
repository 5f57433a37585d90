/** What a caller must be allowed to do, with the condition keys that only S3 knows. */
import type { Caller } from '../caller.ts'
import {
  type Call,
  type ConditionContext,
  type Need,
  Refusal,
  type WireError,
} from '../operation.ts'
import { isBucketName } from './bucket-name.ts'
import { isPublicPolicy } from './bucket-policy.ts'
import type { S3Deps } from './operation.ts'
import { publicAccessBlock } from './public-access.ts'
import { noSuchBucket, refuse } from './refusals.ts'
import type { S3Request } from './request.ts'
import type { Bucket, StoredVersion } from './storage/storage.ts'
import { readTagHeader } from './tags.ts'

type Mutable = Record<string, string | readonly string[]>

/** The bucket that the request names. Throws InvalidBucketName, NoSuchBucket; AccessDenied where the owner is not the expected one. */
export function bucketOf(request: S3Request, { storage }: S3Deps, name = request.bucket): Bucket {
  const bucket = storage.buckets.get(name)
  if (!bucket) throw isBucketName(name) ? noSuchBucket(name) : invalidName(name)
  const expected = request.headers.get('x-amz-expected-bucket-owner')
  if (expected !== undefined && expected !== bucket.account) throw refuse.AccessDenied()
  return bucket
}

/** A need on the bucket itself. */
export function bucketNeed(
  request: S3Request,
  call: Call,
  bucket: Bucket,
  action: string,
  context: ConditionContext = {},
): Need {
  return need(request, call, bucket, action, `arn:aws:s3:::${bucket.name}`, context)
}

/** A need on an object; the key is raw in the ARN. */
export function objectNeed(
  request: S3Request,
  call: Call,
  bucket: Bucket,
  action: string,
  context: ConditionContext = {},
  key = request.key,
): Need {
  return need(request, call, bucket, action, `arn:aws:s3:::${bucket.name}/${key}`, context)
}

/** The needs of an operation on one object. With a version, `GetObject…` becomes `GetObjectVersion…`. */
export async function existingObjectNeeds(
  request: S3Request,
  call: Call,
  deps: S3Deps,
  ...actions: readonly string[]
): Promise<readonly Need[]> {
  const bucket = bucketOf(request, deps)
  const versionId = request.query.get('versionId')
  const object = await findObject(request, deps)
  const context = { ...existingTags(object), ...versionContext(versionId) }
  return actions.map((action) => {
    const name = versionId === undefined ? action : action.replace('Object', 'ObjectVersion')
    return objectNeed(request, call, bucket, name, context)
  })
}

/** The object that the request names, looked up once. */
export async function findObject(
  request: S3Request,
  { storage }: S3Deps,
): Promise<StoredVersion | undefined> {
  if (!('found' in request)) {
    const versionId = request.query.get('versionId')
    request.found = await storage.find(request.bucket, request.key, versionId)
  }
  return request.found
}

/** `s3:ExistingObjectTag/…` of an object. */
export function existingTags(object: StoredVersion | undefined): ConditionContext {
  if (!object || object.marker) return {}
  return prefixed('s3:ExistingObjectTag/', object.tags)
}

/** `s3:RequestObjectTag/…` of tags that a request brings. */
export function requestTags(tags: Readonly<Record<string, string>>): ConditionContext {
  const keys = Object.keys(tags)
  if (keys.length === 0) return {}
  return { ...prefixed('s3:RequestObjectTag/', tags), 's3:RequestObjectTagKeys': keys }
}

export function versionContext(versionId: string | undefined): ConditionContext {
  return versionId === undefined ? {} : { 's3:VersionId': versionId }
}

/** Who may not list may not learn that a key is missing: the refusal to throw for an absent object. */
export function missing(request: S3Request, call: Call, bucket: Bucket, refusal: Refusal): Refusal {
  const list = bucketNeed(request, call, bucket, 's3:ListBucket')
  const { allowed, message } = call.authorise(list)
  return allowed ? refusal : deniedRefusal(message, list, call.caller)
}

/** A denial as S3 answers it: the reason is told to callers of the owner's account only. */
export function denied(message: string, need: Need, caller: Caller): WireError {
  const sameAccount =
    caller.kind !== 'anonymous' &&
    (need.resourceAccount === undefined || need.resourceAccount === caller.account)
  return { code: 'AccessDenied', status: 403, message: sameAccount ? message : 'Access Denied' }
}

/** The same as something to throw from a handler. */
export function deniedRefusal(message: string, need: Need, caller: Caller): Refusal {
  const { message: text, code, status } = denied(message, need, caller)
  return new Refusal(text, { code, status, facts: { denied: true } })
}

/** True where the caller belongs to the bucket's account. */
export function isOwnAccount(caller: Caller, bucket: Bucket): boolean {
  return caller.kind !== 'anonymous' && caller.account === bucket.account
}

function need(
  request: S3Request,
  call: Call,
  bucket: Bucket,
  action: string,
  resource: string,
  context: ConditionContext,
): Need {
  const policy = policyFor(call.caller, bucket)
  return {
    action,
    resource,
    resourceAccount: bucket.account,
    ...(policy !== undefined && { resourcePolicy: policy }),
    context: {
      's3:ResourceAccount': bucket.account,
      ...requestContext(request, call),
      ...context,
    },
  }
}

/** Restrict Public Buckets cuts a public policy off for everybody outside of the bucket's account. */
function policyFor(caller: Caller, bucket: Bucket): string | undefined {
  const { policy } = bucket.settings
  if (policy === undefined || isOwnAccount(caller, bucket)) return policy
  const cut = publicAccessBlock(bucket).RestrictPublicBuckets && isPublicPolicy(policy)
  return cut ? undefined : policy
}

const headerKeys = [
  'x-amz-acl',
  'x-amz-content-sha256',
  'x-amz-copy-source',
  'x-amz-grant-full-control',
  'x-amz-grant-read',
  'x-amz-grant-read-acp',
  'x-amz-grant-write',
  'x-amz-grant-write-acp',
  'x-amz-metadata-directive',
  'x-amz-object-ownership',
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-storage-class',
  'x-amz-website-redirect-location',
] as const

const lockKeys = {
  'x-amz-object-lock-mode': 's3:object-lock-mode',
  'x-amz-object-lock-retain-until-date': 's3:object-lock-retain-until-date',
  'x-amz-object-lock-legal-hold': 's3:object-lock-legal-hold',
} as const

/** The keys that follow from the request alone. A header or parameter that is absent gives no key. */
function requestContext({ headers, method }: S3Request, call: Call): Mutable {
  const context: Mutable = {}
  for (const name of headerKeys) {
    const value = headers.get(name)
    if (value !== undefined) context[`s3:${name}`] = value
  }
  if (method !== 'GET' && method !== 'HEAD') {
    for (const [name, key] of Object.entries(lockKeys)) {
      const value = headers.get(name)
      if (value !== undefined) context[key] = value
    }
    for (const name of ['if-match', 'if-none-match']) {
      const value = headers.get(name)
      if (value !== undefined) context[`s3:${name}`] = value
    }
    const tagging = headers.get('x-amz-tagging')
    if (tagging !== undefined) Object.assign(context, requestTags(readTagHeader(tagging)))
  }
  const { signature } = call
  if (signature) {
    context['s3:authType'] = signature.form === 'query' ? 'REST-QUERY-STRING' : 'REST-HEADER'
    context['s3:signatureversion'] = signature.version === 'v4' ? 'AWS4-HMAC-SHA256' : 'AWS'
    context['s3:signatureAge'] = String(Math.max(0, call.at - signature.signedAt))
  }
  return context
}

function prefixed(prefix: string, values: Readonly<Record<string, string>>): ConditionContext {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [prefix + key, value]))
}

function invalidName(name: string): Refusal {
  return refuse.InvalidBucketName({}, { members: { BucketName: name } })
}
