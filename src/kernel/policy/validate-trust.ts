/** Checks what only a role's trust policy may and must have, in IAM's words. */
import type { PolicyProblem } from './decision.ts'
import type { Span } from './json.ts'
import { type StatementShape, textsOf } from './policy-shape.ts'
import { accountPrincipal, type NamedPrincipal, principalsOf } from './principal-element.ts'

export function validateTrust(statement: StatementShape): PolicyProblem[] {
  const { element, node } = statement
  const resource = element('Resource') ?? element('NotResource')
  const problems: PolicyProblem[] = []
  if (resource) problems.push(problem('Has prohibited field Resource', resource))
  const principal = element('Principal')
  const principals = principal ? principalsOf(principal.value) : []
  if (principals.length === 0) {
    const message = 'AssumeRole policy must contain principals.'
    problems.push(problem(message, principal ?? node))
  }
  problems.push(...principals.flatMap(invalidPrincipal))
  for (const { text, span } of textsOf(element('Action') ?? element('NotAction'))) {
    if (/^sts:/i.test(text)) continue
    problems.push(problem('AssumeRole policy may only specify STS AssumeRole actions.', span))
  }
  return problems
}

const types = new Set(['AWS', 'Service', 'Federated', 'CanonicalUser'])
const entityArn =
  /^arn:aws[a-z-]*:(?:iam::\d{12}:(?:root|(?:user|role)\/[^*?]+)|sts::\d{12}:(?:assumed-role|federated-user)\/[^*?]+)$/
const uniqueId = /^A(?:ROA|IDA)[A-Z0-9]{12,124}$/

/** True for an `AWS` principal that names everyone, an account, a user, a role or a session. */
export function isAwsPrincipal(value: string): boolean {
  return (
    value === '*' ||
    accountPrincipal(value) !== undefined ||
    entityArn.test(value) ||
    uniqueId.test(value)
  )
}

/** A service principal as AWS names them: `ec2.amazonaws.com`, `states.us-east-1.amazonaws.com`. */
export function isServicePrincipal(value: string): boolean {
  return /^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:amazonaws|aws\.internal|amazon)(?:\.com(?:\.cn)?)?$/.test(
    value,
  )
}

function invalidPrincipal({ type, value, span }: NamedPrincipal): PolicyProblem[] {
  if (type === '*') {
    return [problem('AssumeRolepolicy contained an invalid principal: "STAR":"*".', span)]
  }
  const valid =
    types.has(type) &&
    value !== '' &&
    (type !== 'AWS' || isAwsPrincipal(value)) &&
    (type !== 'Service' || isServicePrincipal(value))
  if (valid) return []
  const shown = type === 'AWS' ? 'AWS' : type.toUpperCase()
  return [problem(`Invalid principal in policy: "${shown}":"${value}"`, span)]
}

function problem(message: string, { start, end }: Span): PolicyProblem {
  return { code: 'MalformedPolicyDocument', message, span: { start, end } }
}
