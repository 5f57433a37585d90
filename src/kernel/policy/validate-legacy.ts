/** What AWS sums up as `The policy failed legacy parsing`: an effect in another case, dates that are none, cut resources. */
import type { PolicyProblem } from './decision.ts'
import type { Span } from './json.ts'
import { conditionsOf, type StatementShape, textsOf } from './policy-shape.ts'
import { failsLegacyParsing } from './validate-resources.ts'

export function legacyProblems(statement: StatementShape, withResources: boolean): PolicyProblem[] {
  const { element } = statement
  const spans: Span[] = []
  for (const { text, span } of textsOf(element('Effect'))) {
    if (text !== 'Allow' && text !== 'Deny') spans.push(span)
  }
  for (const { operator, values } of conditionsOf(statement)) {
    if (!/^(?:For(?:All|Any)Values?:)?Date/i.test(operator.text)) continue
    for (const value of values.kind === 'array' ? values.items : [values]) {
      if ('text' in value && !isDate(value.text)) spans.push(value)
    }
  }
  for (const { text, span } of withResources ? resources(statement) : []) {
    if (failsLegacyParsing(text)) spans.push(span)
  }
  return spans.map((span) => ({
    code: 'MalformedPolicyDocument',
    message: 'The policy failed legacy parsing',
    span: { start: span.start, end: span.end },
  }))
}

function resources({ element }: StatementShape) {
  return textsOf(element('Resource') ?? element('NotResource'))
}

const epochMax = 2n ** 63n - 1n
const iso =
  /^\d+(?:-(?:0?[1-9]|1[0-2])(?:-(?:0?[1-9]|[12]\d|3[01]))?)?(?:t(?:\d{1,2}(?::\d{1,2}(?::\d{1,2}(?:\.\d{1,9})?)?)?)?(?:z|[+-]\d{2}(?::?\d{2})?)?)?$/i

/** Seconds of the epoch within 64 bits, or ISO 8601 with parts left out at the end; a variable may be anything. */
function isDate(text: string): boolean {
  if (text.includes('${')) return true
  if (/^-?\d{1,20}$/.test(text)) return BigInt(text) <= epochMax && BigInt(text) >= -epochMax - 1n
  return iso.test(text)
}
