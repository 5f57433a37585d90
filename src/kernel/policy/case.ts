/** A case as people write it (JSON or YAML): a request, the policies of every type, and the evaluator's answer. */
import type {
  AuthorizationRequest,
  Decision,
  PolicyInput,
  PolicySet,
  PrincipalInput,
} from './decision.ts'
import { evaluate } from './evaluate.ts'
import { parseJson } from './json.ts'
import { principalOf } from './principal-input.ts'

/** A case, read and ready to be evaluated. */
export interface CaseInput {
  readonly request: AuthorizationRequest
  readonly policies: PolicySet
}

export type CaseAnswer = Decision | { readonly error: string }

/** Why a case could not be read; caught in this file only. */
class CaseError extends Error {}

/**
 * Evaluates a case: `{request: {principal, action, resource, resourceAccount, context}, identityPolicies[],
 * permissionsBoundaries[], sessionPolicy, resourcePolicy, serviceControlPolicies[level][],
 * resourceControlPolicies[level][], endpointPolicies[]}`. A principal is an ARN, a service's name, `*` or a
 * `PrincipalInput`; a policy is a document (object or JSON text) or `{name, arn, document}`. Never throws.
 */
export function evaluateCase(value: unknown, options?: { readonly explain?: boolean }): CaseAnswer {
  const read = readCase(value)
  return 'error' in read ? read : evaluate(read.request, read.policies, options)
}

/** Reads a case; what is wrong with it is named by its path (`identityPolicies[0]`). */
export function readCase(value: unknown): CaseInput | { readonly error: string } {
  try {
    const input = asRecord(value, 'the case')
    refuseUnknown(input, members, 'the case')
    return { request: readRequest(input['request']), policies: readPolicies(input) }
  } catch (error) {
    if (error instanceof CaseError) return { error: error.message }
    throw error
  }
}

const members = [
  ...['name', 'request', 'identityPolicies', 'permissionsBoundaries', 'permissionBoundaries'],
  ...['sessionPolicy', 'sessionPolicies', 'resourcePolicy', 'resourcePolicyRequired'],
  ...['serviceControlPolicies', 'resourceControlPolicies', 'endpointPolicies'],
  ...['id', 'description', 'expect', 'source'],
]
const requestMembers = ['principal', 'action', 'resource', 'resourceAccount', 'context']

type Fields = Readonly<Record<string, unknown>>

function readRequest(value: unknown): AuthorizationRequest {
  const input = asRecord(value, 'request')
  refuseUnknown(input, requestMembers, 'request')
  const account = input['resourceAccount']
  return {
    principal: readPrincipal(input['principal']),
    action: asText(input['action'], 'request.action'),
    resource: asText(input['resource'] ?? '*', 'request.resource'),
    ...(account !== undefined && {
      resourceAccount: asText(account, 'request.resourceAccount'),
    }),
    context: readContext(input['context']),
  }
}

function readPrincipal(value: unknown): PrincipalInput {
  if (typeof value === 'string') {
    const principal = principalOf(value)
    if (principal) return principal
    throw new CaseError(`request.principal: \`${value}\` is no principal`)
  }
  const input = asRecord(value, 'request.principal')
  const kind = input['kind']
  const text = (name: string, fallback?: string) =>
    asText(input[name] ?? fallback, `request.principal.${name}`)
  const canonical =
    input['canonicalUserId'] === undefined ? {} : { canonicalUserId: text('canonicalUserId') }
  switch (kind) {
    case 'anonymous':
      return { kind }
    case 'service':
      return { kind, service: text('service') }
    case 'federated':
      return { kind, provider: text('provider') }
    case 'root':
      return { kind, account: text('account'), arn: text('arn'), ...canonical }
    case 'user':
      return { kind, account: text('account'), arn: text('arn'), id: text('id', ''), ...canonical }
    case 'session': {
      const roleArn = text('roleArn')
      return {
        kind,
        account: text('account'),
        arn: text('arn'),
        roleArn,
        roleId: text('roleId', ''),
        ...canonical,
      }
    }
    default:
      throw new CaseError(`request.principal.kind: \`${String(kind)}\` is no kind of principal`)
  }
}

function readContext(value: unknown): AuthorizationRequest['context'] {
  const context: Record<string, string | readonly string[]> = Object.create(null)
  if (value === undefined || value === null) return context
  for (const [key, given] of Object.entries(asRecord(value, 'request.context'))) {
    const path = `request.context[${JSON.stringify(key)}]`
    context[key] = Array.isArray(given)
      ? given.map((each) => asScalar(each, path))
      : asScalar(given, path)
  }
  return context
}

function readPolicies(input: Fields): PolicySet {
  const boundary = input['permissionsBoundaries'] ?? input['permissionBoundaries']
  const session = input['sessionPolicy'] ?? input['sessionPolicies']
  const resource = input['resourcePolicy']
  const required = input['resourcePolicyRequired']
  const serviceControl = input['serviceControlPolicies']
  const resourceControl = input['resourceControlPolicies']
  const endpoint = input['endpointPolicies']
  return {
    identity: readList(input['identityPolicies'], 'identityPolicies'),
    ...(given(boundary) && { boundary: readList(boundary, 'permissionsBoundaries') }),
    ...(given(session) && { session: readList(session, 'sessionPolicy') }),
    ...(given(resource) && { resource: readPolicy(resource, 'resourcePolicy') }),
    ...(typeof required === 'boolean' && { resourcePolicyRequired: required }),
    ...(given(serviceControl) && {
      serviceControl: readLevels(serviceControl, 'serviceControlPolicies'),
    }),
    ...(given(resourceControl) && {
      resourceControl: readLevels(resourceControl, 'resourceControlPolicies'),
    }),
    ...(given(endpoint) && { endpoint: readList(endpoint, 'endpointPolicies') }),
  }
}

function given(value: unknown): boolean {
  return value !== undefined && value !== null
}

function readLevels(value: unknown, path: string): PolicyInput[][] {
  if (!Array.isArray(value)) throw new CaseError(`${path}: a list of levels is wanted`)
  return value.map((level: unknown, i) => readList(level, `${path}[${i}]`))
}

function readList(value: unknown, path: string): PolicyInput[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) return [readPolicy(value, path)]
  return value.map((each: unknown, i) => readPolicy(each, `${path}[${i}]`))
}

function readPolicy(value: unknown, path: string): PolicyInput {
  if (typeof value === 'string') return { name: path, document: checked(value, path) }
  const input = asRecord(value, path)
  const inner = input['document'] ?? input['policy']
  if (inner === undefined || 'Statement' in input) {
    return { name: path, document: checked(JSON.stringify(input), path) }
  }
  const arn = input['arn']
  return {
    name: asText(input['name'] ?? path, `${path}.name`),
    ...(arn !== undefined && { arn: asText(arn, `${path}.arn`) }),
    document: checked(typeof inner === 'string' ? inner : JSON.stringify(inner), path),
  }
}

function checked(document: string, path: string): string {
  const { node, problem } = parseJson(document)
  if (problem) throw new CaseError(`${path}: not JSON: ${problem.detail} at ${problem.span.start}`)
  if (node.kind !== 'object' || !node.members.some(({ key }) => key === 'Statement')) {
    throw new CaseError(`${path}: a policy document has a Statement`)
  }
  return document
}

function asRecord(value: unknown, path: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw new CaseError(`${path}: an object is wanted`)
}

function asText(value: unknown, path: string): string {
  if (typeof value === 'string') return value
  throw new CaseError(`${path}: a text is wanted`)
}

function asScalar(value: unknown, path: string): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new CaseError(`${path}: a text, number, boolean or a list of them is wanted`)
}

function refuseUnknown(input: Fields, known: readonly string[], path: string): void {
  const unknown = Object.keys(input).find((key) => !known.includes(key))
  if (unknown !== undefined) throw new CaseError(`${path}: unknown member \`${unknown}\``)
}
