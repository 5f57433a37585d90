/**
 * The IAM policy language a second time, slow and plain: naive recursion from the text of the IAM user guide, on the
 * parsed JSON, sharing no code with the compiled evaluator. Tests hold the two against each other.
 */
import type { AuthorizationRequest, Decision, PolicyInput, PolicySet } from '../decision.ts'
import { arnMatches } from './reference-arns.ts'
import { referenceCondition } from './reference-conditions.ts'
import { principalLevel } from './reference-principal.ts'
import { likeness, variablesOf } from './reference-values.ts'

interface StatementJson {
  readonly Effect: 'Allow' | 'Deny'
  readonly Principal?: unknown
  readonly NotPrincipal?: unknown
  readonly Action?: string | string[]
  readonly NotAction?: string | string[]
  readonly Resource?: string | string[]
  readonly NotResource?: string | string[]
  readonly Condition?: Record<string, Record<string, unknown>>
}

const list = <T>(value: T | readonly T[]): readonly T[] =>
  Array.isArray(value) ? (value as readonly T[]) : [value as T]

/** What the fast evaluator must answer, but for reasons and references. */
export function referenceDecision(
  request: AuthorizationRequest,
  policies: PolicySet,
): { decision: Decision['decision']; deniedBy?: string } {
  const { principal } = request
  const member =
    principal.kind === 'root' || principal.kind === 'user' || principal.kind === 'session'
  const linked =
    principal.kind === 'session' && principal.roleArn.includes(':role/aws-service-role/')
  const rcp = linked ? [] : (policies.resourceControl ?? [])
  const scp = linked || !member ? [] : (policies.serviceControl ?? [])
  const boundary =
    member && principal.kind !== 'root' && policies.boundary?.length ? policies.boundary : undefined
  const session = member && policies.session?.length ? policies.session : undefined
  const endpoint = policies.endpoint?.length ? policies.endpoint : undefined
  const resource = policies.resource ? [policies.resource] : []
  const identity = member ? policies.identity : []
  const bounded = boundary !== undefined
  const any = (effect: string, inputs: readonly PolicyInput[], isResource = false) =>
    inputs.some((input) =>
      matching(request, input, isResource, bounded).some((s) => s.Effect === effect),
    )

  const denies: [string, boolean][] = [
    ['resource-control', rcp.some((level) => any('Deny', level))],
    ['service-control', scp.some((level) => any('Deny', level))],
    ['endpoint', any('Deny', endpoint ?? [])],
    ['resource', any('Deny', resource, true)],
    ['identity', any('Deny', identity)],
    ['boundary', any('Deny', boundary ?? [])],
    ['session', any('Deny', session ?? [])],
  ]
  const denying = denies.find(([, matched]) => matched)
  if (denying) return { decision: 'explicitDeny', deniedBy: denying[0] }
  const refuse = (deniedBy: string) => ({ decision: 'implicitDeny', deniedBy }) as const
  const allow = { decision: 'allowed' } as const
  if (!rcp.every((level) => any('Allow', level))) return refuse('resource-control')
  if (!scp.every((level) => any('Allow', level))) return refuse('service-control')
  if (endpoint && !any('Allow', endpoint)) return refuse('endpoint')

  const levels = resource
    .flatMap((input) => matching(request, input, true, bounded))
    .filter((statement) => statement.Effect === 'Allow')
    .map((statement) => principalLevel(request.principal, statement, bounded))
  const level = Math.max(0, ...levels)
  if (!member) return level > 0 ? allow : refuse('resource')

  const sameAccount = (request.resourceAccount ?? principal.account) === principal.account
  const service = request.action.split(':')[0]?.toLowerCase()
  const governed =
    policies.resourcePolicyRequired ??
    (policies.resource !== undefined &&
      (service === 'sts' || (service === 'kms' && request.resource.includes(':key/'))))
  const identityAllows = any('Allow', identity)
  const boundaryAllows = !boundary || any('Allow', boundary)
  const sessionAllows = !session || any('Allow', session)
  const limits = () =>
    !boundaryAllows ? refuse('boundary') : !sessionAllows ? refuse('session') : allow

  if (principal.kind === 'root') {
    return (governed || !sameAccount) && level === 0 ? refuse('resource') : limits()
  }
  if (sameAccount) {
    if (level === 3) return allow
    if (level === 2) return limits()
    if (governed && level === 0) return refuse('resource')
    return identityAllows ? limits() : refuse('identity')
  }
  if (!identityAllows) return refuse('identity')
  return level === 0 ? refuse('resource') : limits()
}

function matching(
  request: AuthorizationRequest,
  input: PolicyInput,
  isResource: boolean,
  bounded: boolean,
): StatementJson[] {
  const document = JSON.parse(input.document) as {
    Version?: string
    Statement: StatementJson | StatementJson[]
  }
  const modern = document.Version === '2012-10-17'
  return list(document.Statement).filter((s) =>
    statementMatches(request, s, modern, isResource, bounded),
  )
}

function statementMatches(
  request: AuthorizationRequest,
  statement: StatementJson,
  modern: boolean,
  isResource: boolean,
  bounded: boolean,
): boolean {
  const vars = variablesOf(request)
  const action = request.action.toLowerCase()
  const isAction = (pattern: string) =>
    likeness(pattern.toLowerCase(), action, false, vars) === true
  if (statement.Action !== undefined && !list(statement.Action).some(isAction)) return false
  if (statement.NotAction !== undefined && list(statement.NotAction).some(isAction)) return false
  if (statement.Action === undefined && statement.NotAction === undefined) return false
  const about = (pattern: string) => arnMatches(pattern, request.resource, modern, vars)
  if (statement.Resource !== undefined && !list(statement.Resource).some((p) => about(p) === true))
    return false
  if (
    statement.NotResource !== undefined &&
    !list(statement.NotResource).every((p) => about(p) === false)
  )
    return false
  const named = statement.Principal !== undefined || statement.NotPrincipal !== undefined
  if (named ? principalLevel(request.principal, statement, bounded) === 0 : isResource) return false
  for (const [operator, keys] of Object.entries(statement.Condition ?? {})) {
    for (const [key, values] of Object.entries(keys)) {
      const wanted = list(values as string).map(String)
      if (!referenceCondition(request, operator, key, wanted, modern)) return false
    }
  }
  return true
}
