/** AWS's denial texts. */
import { explicitReason, implicitReason } from '../../kernel/policy/reason.ts'
import type { Caller } from '../caller.ts'
import type { Need } from '../operation.ts'

/**
 * `User: … is not authorized to perform: … on resource: … <reason>`. S3 (`quotesResource`) puts the resource in quotes.
 * S3 and STS leave it out where it is `*`. `reason` is the evaluator's phrase.
 */
export function denialText(
  caller: Caller,
  need: Need,
  reason: string,
  quotesResource: boolean,
): string {
  const who = caller.kind === 'anonymous' ? 'anonymous' : caller.arn
  const resource = quotesResource ? `"${need.resource}"` : need.resource
  const silent = need.resource === '*' && (quotesResource || need.action.startsWith('sts:'))
  const on = silent ? '' : ` on resource: ${resource}`
  return `User: ${who} is not authorized to perform: ${need.action}${on}${reasonText(need, reason)}`
}

/** A trust policy that is silent is not spoken of, and one that denies is called by its name. */
function reasonText({ action, isTrustPolicy }: Need, reason: string): string {
  if (!isTrustPolicy) return ` ${reason}`
  if (reason === implicitReason('resource', action)) return ''
  if (reason === explicitReason('resource'))
    return ' with an explicit deny in the role trust policy'
  return ` ${reason}`
}
