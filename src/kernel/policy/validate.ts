/** Checks a policy document as AWS does before it stores one: its codes, its texts, its order. */
import type { PolicyKind, PolicyProblem, ValidatePolicy } from './decision.ts'
import { type JsonNode, type JsonObject, parseJson, type Span } from './json.ts'
import {
  documentElements,
  isStorableOperator,
  policySize,
  type StatementShape,
  statementElements,
  statementShapes,
  type TextAt,
  textsOf,
} from './policy-shape.ts'
import { validateBucketPolicy } from './validate-bucket.ts'
import { legacyProblems } from './validate-legacy.ts'
import { validateResources } from './validate-resources.ts'
import { validateTrust } from './validate-trust.ts'

/**
 * Checks a document for its place; an empty list means that AWS would take it, else the first problem is the one that
 * AWS names. Never throws.
 */
export const validatePolicy: ValidatePolicy = (text, kind) => {
  if (kind === 'resource') return validateBucketPolicy(text)
  const size = sizeProblem(text, kind)
  const { node, problem } = parseJson(text)
  if (problem) {
    const message = kind === 'trust' ? 'This policy contains invalid Json' : syntaxErrors
    return [...size, malformed(message, problem.span)]
  }
  const syntax = syntaxProblems(node, kind)
  if (syntax.length > 0 || node.kind !== 'object') return [...syntax, ...size]
  const statements = statementShapes(node)
  // Of services whose policies are not ours to judge, and of roles, whose policies name no resource.
  const resourceless = kind === 'trust' || kind === 'resource-based'
  return [
    ...versionProblems(node, kind),
    ...statements.flatMap((statement) => legacyProblems(statement, !resourceless)),
    ...sidProblems(statements),
    ...statements.flatMap(missingActions),
    ...(resourceless ? [] : statements.flatMap(validateResources)),
    ...statements.flatMap(vendorProblems),
    ...(resourceless ? [] : statements.flatMap(missingResources)),
    ...statements.flatMap((statement) => principalProblems(statement, kind)),
    ...(kind === 'trust' ? statements.flatMap(validateTrust) : []),
    ...size,
  ]
}

const syntaxErrors = 'Syntax errors in policy.'

/** A problem in IAM's words. */
export function malformed(message: string, { start, end }: Span): PolicyProblem {
  return { code: 'MalformedPolicyDocument', message, span: { start, end } }
}

/** Quotas, IAM user guide; of organisations' policies: AWS Organizations user guide. Inline ones are summed by IAM. */
const quotas: Partial<Record<PolicyKind, readonly [size: number, text: string]>> = {
  managed: [6144, 'Cannot exceed quota for PolicySize: 6144'],
  boundary: [6144, 'Cannot exceed quota for PolicySize: 6144'],
  trust: [2048, 'Cannot exceed quota for ACLSizePerRole: 2048'],
  'service-control': [5120, 'You have exceeded the allowed size of a policy document.'],
  'resource-control': [5120, 'You have exceeded the allowed size of a policy document.'],
  endpoint: [20480, 'You have exceeded the allowed size of a policy document.'],
}

function sizeProblem(text: string, kind: PolicyKind): PolicyProblem[] {
  const quota = quotas[kind]
  if (!quota || policySize(text) <= quota[0]) return []
  return [{ code: 'LimitExceeded', message: quota[1], span: { start: 0, end: text.length } }]
}

/** Everything that AWS sums up as `Syntax errors in policy.`: wrong JSON types, unknown elements, operators of keys. */
function syntaxProblems(node: JsonNode, kind: PolicyKind): PolicyProblem[] {
  const spans: Span[] = []
  if (node.kind !== 'object') spans.push(node)
  else {
    for (const { key, keySpan, value } of node.members) {
      if (!documentElements.includes(key)) spans.push(keySpan)
      if (key === 'Id' && value.kind !== 'string') spans.push(value)
      if (key === 'Version' && !isVersion(value)) spans.push(value)
    }
    const statement = node.members.find((each) => each.key === 'Statement')?.value
    const list = statement?.kind === 'array' ? statement.items : statement ? [statement] : []
    if (list.length === 0) spans.push(statement ?? node)
    for (const each of list) spans.push(...statementSyntax(each, kind))
  }
  return spans.map((span) => malformed(syntaxErrors, span))
}

function isVersion(value: JsonNode): boolean {
  return value.kind === 'string' && (value.text === '2012-10-17' || value.text === '2008-10-17')
}

function statementSyntax(node: JsonNode, kind: PolicyKind): Span[] {
  if (node.kind !== 'object') return [node]
  const spans: Span[] = []
  const has = (name: string) => node.members.some((each) => each.key === name)
  for (const { key, keySpan, value } of node.members) {
    if (!statementElements.includes(key)) spans.push(keySpan)
    if (key === 'Sid' && value.kind !== 'string') spans.push(value)
    if (key === 'Effect' && !isEffect(value)) spans.push(value)
    if (/^(?:Not)?(?:Action|Resource)$/.test(key) && !isTexts(value)) spans.push(value)
    if (/^(?:Not)?Principal$/.test(key) && !isPrincipal(value)) spans.push(value)
    if (key === 'Condition') spans.push(...conditionSyntax(value))
  }
  if (!has('Effect')) spans.push(node)
  for (const name of ['Action', 'Resource', 'Principal']) {
    if (has(name) && has(`Not${name}`)) spans.push(node)
  }
  if (kind === 'trust' && has('NotPrincipal')) spans.push(node)
  return spans
}

/** In any case: an `allow` is no syntax error yet, see `legacyProblems`. */
function isEffect(value: JsonNode): boolean {
  return value.kind === 'string' && /^(?:allow|deny)$/i.test(value.text)
}

function isTexts(value: JsonNode): boolean {
  if (value.kind === 'string') return true
  return value.kind === 'array' && value.items.every((item) => item.kind === 'string')
}

function isPrincipal(value: JsonNode): boolean {
  if (value.kind === 'string') return value.text === '*'
  return value.kind === 'object' && value.members.every((each) => isTexts(each.value))
}

function conditionSyntax(condition: JsonNode): Span[] {
  if (condition.kind !== 'object') return [condition]
  return condition.members.flatMap(({ key, keySpan, value }) => {
    if (value.kind !== 'object') return [value]
    if (value.members.length === 0) return []
    if (!isStorableOperator(key)) return [keySpan]
    return value.members.filter((each) => !isScalars(each.value)).map((each) => each.value)
  })
}

function isScalars(value: JsonNode): boolean {
  if (value.kind === 'array') return value.items.every((item) => 'text' in item)
  return value.kind !== 'object' && value.kind !== 'null'
}

/** Only managed policies must be of the newer version; inline documents may have the older or none. */
function versionProblems(document: JsonObject, kind: PolicyKind): PolicyProblem[] {
  if (kind !== 'managed') return []
  const version = document.members.find((each) => each.key === 'Version')
  if (version?.value.kind === 'string' && version.value.text === '2012-10-17') return []
  const message = 'Policy document must be version 2012-10-17 or greater.'
  return [malformed(message, version ?? document)]
}

function sidProblems(statements: readonly StatementShape[]): PolicyProblem[] {
  const seen = new Set<string>()
  const problems: PolicyProblem[] = []
  for (const { text, span } of statements.flatMap(({ element }) => textsOf(element('Sid')))) {
    if (!/^[0-9A-Za-z]*$/.test(text)) {
      const form = 'Check that your input satisfies the regular expression [0-9A-Za-z]*'
      problems.push(malformed(`Statement IDs (SID) must be alpha-numeric. ${form}`, span))
    }
    if (text !== '' && seen.has(text)) {
      problems.push(malformed('Statement IDs (SID) in a single policy must be unique.', span))
    }
    seen.add(text)
  }
  return problems
}

function missingActions({ element, node }: StatementShape): PolicyProblem[] {
  if (textsOf(element('Action') ?? element('NotAction')).length > 0) return []
  return [malformed('Policy statement must contain actions.', node)]
}

function missingResources({ element, node }: StatementShape): PolicyProblem[] {
  if (textsOf(element('Resource') ?? element('NotResource')).length > 0) return []
  return [malformed('Policy statement must contain resources.', node)]
}

/** `s3:GetObject`, `*`. (Keys of conditions need no vendor, whatever the text says.) */
function vendorProblems({ element }: StatementShape): PolicyProblem[] {
  return textsOf(element('Action') ?? element('NotAction')).flatMap(actionProblem)
}

const noVendor = 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.'

function actionProblem({ text, span }: TextAt): PolicyProblem[] {
  if (text === '*') return []
  const [vendor = '', ...rest] = text.split(':')
  if (rest.length === 0) return [malformed(noVendor, span)]
  if (rest.length > 1) return [malformed('Actions/Condition can contain only one colon.', span)]
  if (vendor === '*') return []
  return /^[A-Za-z0-9.-]+$/.test(vendor) ? [] : [malformed(`Vendor ${vendor} is not valid`, span)]
}

function principalProblems({ element, node }: StatementShape, kind: PolicyKind): PolicyProblem[] {
  const principal = element('Principal') ?? element('NotPrincipal')
  if (kind === 'trust' || kind === 'endpoint' || kind === 'resource-based') return []
  if (kind === 'resource-control') {
    const everyone = principal?.key === 'Principal' && textsOf(principal)[0]?.text === '*'
    const deny = textsOf(element('Effect'))[0]?.text === 'Deny'
    return everyone && deny ? [] : [malformed(notOfType, principal ?? node)]
  }
  if (!principal) return []
  const forbidden = 'Policy document should not specify a principal.'
  return [malformed(kind === 'service-control' ? notOfType : forbidden, principal)]
}

const notOfType =
  'The provided policy document does not meet the requirements of the specified policy type.'
