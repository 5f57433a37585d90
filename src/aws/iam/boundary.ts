/** Permissions boundaries: managed policies that bound what a user or role may. */
import { findManaged } from './find.ts'
import type { PolicySource } from './lookup.ts'
import type { Attachment } from './records.ts'

/** The boundary of a request as a record's; its policy must be there. */
export function checkBoundary(
  source: PolicySource,
  account: string,
  arn: string | undefined,
): { readonly boundary?: Attachment } {
  if (arn === undefined) return {}
  const text = `Scope ARN: ${arn} does not exist or is not attachable.`
  return { boundary: attachmentOf(arn, findManaged(source, account, arn, text)) }
}

/** A policy as it is attached: those of accounts by their ids, too. */
export function attachmentOf(arn: string, policy: { id: string; aws?: true }): Attachment {
  return policy.aws ? { arn } : { arn, id: policy.id }
}
