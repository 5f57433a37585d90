/** Owners as S3 shows them: an account's canonical id. */
import { createHash } from 'node:crypto'
import { leaf } from './xml.ts'

/** 64 hex digits that always stand for the same account. */
export function canonicalId(account: string): string {
  return createHash('sha256').update(`s3 canonical user ${account}`).digest('hex')
}

/** The content of an `Owner` or `Initiator` element. */
export function ownerContent(account: string): string {
  return leaf('ID', canonicalId(account)) + leaf('DisplayName', account)
}
