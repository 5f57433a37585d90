/** What every operation that makes an object needs to be allowed. */
import type { Call, ConditionContext, Need } from '../operation.ts'
import { bucketOf, objectNeed } from './access.ts'
import { asksForAcl } from './acl.ts'
import type { S3Deps } from './operation.ts'
import { headerNotImplemented } from './refusals.ts'
import type { S3Request } from './request.ts'

/** `PutObject`, and more for headers that set tags, ACL, retention or legal hold. */
export function writeNeeds(
  request: S3Request,
  call: Call,
  deps: S3Deps,
  context: ConditionContext = {},
): Need[] {
  const bucket = bucketOf(request, deps)
  const { headers } = request
  const actions = ['s3:PutObject']
  if (asksForAcl(request)) actions.push('s3:PutObjectAcl')
  if (headers.has('x-amz-tagging')) actions.push('s3:PutObjectTagging')
  if (headers.has('x-amz-object-lock-mode')) actions.push('s3:PutObjectRetention')
  if (headers.has('x-amz-object-lock-legal-hold')) actions.push('s3:PutObjectLegalHold')
  if (headers.has('if-match')) actions.push('s3:GetObject')
  return actions.map((action) => objectNeed(request, call, bucket, action, context))
}

/** Keys that the client brings are not served. Throws NotImplemented. */
export function refuseCustomerKeys({ headers }: S3Request): void {
  const name = [
    'x-amz-server-side-encryption-customer-algorithm',
    'x-amz-copy-source-server-side-encryption-customer-algorithm',
  ].find((one) => headers.has(one))
  if (name !== undefined) throw headerNotImplemented(name)
}
