/** AWS's denial texts. */
import type { Caller } from '../caller.ts'
import type { Need } from '../operation.ts'

/**
 * `User: … is not authorized to perform: … on resource: … <reason>`. S3 (`quotesResource`) puts the resource in quotes,
 * and leaves it out where it is `*`. `reason` is the evaluator's phrase.
 */
export function denialText(
  caller: Caller,
  need: Need,
  reason: string,
  quotesResource: boolean,
): string {
  const who = caller.kind === 'anonymous' ? 'anonymous' : caller.arn
  const resource = quotesResource ? `"${need.resource}"` : need.resource
  const on = quotesResource && need.resource === '*' ? '' : ` on resource: ${resource}`
  return `User: ${who} is not authorized to perform: ${need.action}${on} ${reason}`
}
