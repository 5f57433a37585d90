/** Access control lists, as far as they say what is always so: the owner has full control. */

import { canonicalId, ownerContent } from './owner.ts'
import { ownershipOf } from './ownership.ts'
import { headerNotImplemented, invalidArgument, refuse } from './refusals.ts'
import type { S3Request } from './request.ts'
import type { Bucket } from './storage/storage.ts'
import { childrenOf, element, leaf, optionalText, readXml, xmlDocument } from './xml.ts'

const cannedAcls = new Set([
  'private',
  'public-read',
  'public-read-write',
  'aws-exec-read',
  'authenticated-read',
  'bucket-owner-read',
  'bucket-owner-full-control',
  'log-delivery-write',
])

/** Those that give nobody else anything. */
const plainAcls = new Set(['private', 'bucket-owner-full-control', 'bucket-owner-read'])

const grantHeaders = ['full-control', 'read', 'read-acp', 'write', 'write-acp'].map(
  (permission) => `x-amz-grant-${permission}`,
)

/** Checks `x-amz-acl`. Throws InvalidArgument, AccessControlListNotSupported, NotImplemented. */
export function checkCannedAcl(acl: string | undefined, ownership: string): void {
  if (acl === undefined) return
  if (!cannedAcls.has(acl)) throw invalidArgument('', 'x-amz-acl', acl)
  if (plainAcls.has(acl)) return
  if (ownership === 'BucketOwnerEnforced') throw refuse.AccessControlListNotSupported()
  throw headerNotImplemented('x-amz-acl')
}

/** Checks the ACL headers of a write in a bucket. */
export function checkAclHeaders({ headers }: S3Request, bucket: Bucket): void {
  const ownership = ownershipOf(bucket)
  const grant = grantHeaders.find((name) => headers.has(name))
  if (grant !== undefined) {
    if (ownership === 'BucketOwnerEnforced') throw refuse.AccessControlListNotSupported()
    throw headerNotImplemented(grant)
  }
  checkCannedAcl(headers.get('x-amz-acl'), ownership)
}

/** True where a write's headers need the right to set ACLs. */
export function asksForAcl({ headers }: S3Request): boolean {
  return headers.has('x-amz-acl') || grantHeaders.some((name) => headers.has(name))
}

/** Checks a PUT of an ACL: by header or body, it may only say that the owner has full control. */
export function checkAclBody(request: S3Request, bucket: Bucket): void {
  checkAclHeaders(request, bucket)
  if (request.body.length === 0) {
    if (request.headers.has('x-amz-acl')) return
    throw refuse.InvalidRequest(
      {},
      { message: 'Missing required header for this request: x-amz-acl' },
    )
  }
  const root = readXml(request.body, 'AccessControlPolicy')
  const [list] = childrenOf(root, 'AccessControlList')
  const [owner] = childrenOf(root, 'Owner')
  if (!list || !owner) throw refuse.MalformedACLError()
  const mine = canonicalId(bucket.account)
  const plain = childrenOf(list, 'Grant').every((grant) => {
    const [grantee] = childrenOf(grant, 'Grantee')
    const permission = optionalText(grant, 'Permission')
    if (!grantee || permission === undefined) throw refuse.MalformedACLError()
    return optionalText(grantee, 'ID') === mine && permission === 'FULL_CONTROL'
  })
  if (plain) return
  if (ownershipOf(bucket) === 'BucketOwnerEnforced') throw refuse.AccessControlListNotSupported()
  throw refuse.NotImplemented(
    {},
    { message: 'Grants to others than the owner are not implemented' },
  )
}

/** The ACL of a bucket and of everything in it. */
export function writeAcl({ account }: Bucket): string {
  const grantee = `<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser">${ownerContent(account)}</Grantee>`
  const grant = element('Grant', grantee + leaf('Permission', 'FULL_CONTROL'))
  return xmlDocument(
    'AccessControlPolicy',
    element('Owner', ownerContent(account)) + element('AccessControlList', grant),
  )
}
