/** Checks a bucket policy in S3's words. */
import type { PolicyProblem } from './decision.ts'
import { type JsonNode, type JsonObject, parseJson, type Span } from './json.ts'
import {
  conditionsOf,
  documentElements,
  isStorableOperator,
  policySize,
  type StatementShape,
  statementElements,
  statementShapes,
  textsOf,
} from './policy-shape.ts'
import { principalsOf } from './principal-element.ts'
import { isAwsPrincipal } from './validate-trust.ts'

/** S3 user guide, "Bucket policies": 20 KB. */
const sizeMax = 20 * 1024

/**
 * Checks a bucket policy. `bucketArn` (`arn:aws:s3:::name`): resources of other buckets are refused. The first problem
 * is the one that S3 names.
 */
export function validateBucketPolicy(text: string, bucketArn?: string): PolicyProblem[] {
  const whole = { start: 0, end: text.length }
  const { node, problem: json } = parseJson(text)
  if (json || node.kind !== 'object') {
    const message = "Policies must be valid JSON and the first byte must be '{'"
    return [problem(message, json?.span ?? node ?? whole)]
  }
  const problems = documentProblems(node)
  if (policySize(text) > sizeMax) {
    problems.push(problem('Policy exceeds the maximum allowed document size.', whole))
  }
  for (const statement of statementShapes(node)) {
    problems.push(...statementProblems(statement))
    problems.push(...resourceProblems(statement, bucketArn))
  }
  return problems
}

function problem(message: string, { start, end }: Span): PolicyProblem {
  return { code: 'MalformedPolicy', message, span: { start, end } }
}

function documentProblems(document: JsonObject): PolicyProblem[] {
  const problems: PolicyProblem[] = []
  for (const { key, keySpan, value } of document.members) {
    if (!documentElements.includes(key)) {
      problems.push(problem(`Unknown field ${key}`, keySpan))
    }
    const versions = ['2012-10-17', '2008-10-17']
    if (key === 'Version' && !(value.kind === 'string' && versions.includes(value.text))) {
      problems.push(problem('The policy must contain a valid version string', value))
    }
  }
  const statement = document.members.find((each) => each.key === 'Statement')?.value
  const list = statement?.kind === 'array' ? statement.items : statement ? [statement] : []
  if (list.length === 0) {
    problems.push(problem('Missing required field Statement', statement ?? document))
  }
  for (const each of list) {
    if (each.kind !== 'object') problems.push(problem('Invalid policy syntax.', each))
  }
  return problems
}

function statementProblems(statement: StatementShape): PolicyProblem[] {
  const { node, element } = statement
  const problems: PolicyProblem[] = []
  for (const { key, keySpan, value } of node.members) {
    if (!statementElements.includes(key)) problems.push(problem(`Unknown field ${key}`, keySpan))
    if (/^(?:Sid|Effect)$/.test(key) && value.kind !== 'string') {
      problems.push(problem('Invalid policy syntax.', value))
    }
  }
  const effect = element('Effect')
  if (!effect) problems.push(problem('Missing required field Effect', node))
  else if (!['Allow', 'Deny'].includes(textsOf(effect)[0]?.text ?? '')) {
    problems.push(problem(`Invalid effect: ${textsOf(effect)[0]?.text ?? ''}`, effect.value))
  }
  for (const name of ['Principal', 'Action', 'Resource']) {
    const [own, opposite] = [element(name), element(`Not${name}`)]
    if (own && opposite) problems.push(problem('Invalid policy syntax.', opposite))
    if (!own && !opposite) problems.push(problem(`Missing required field ${name}`, node))
  }
  problems.push(...principalProblems((element('Principal') ?? element('NotPrincipal'))?.value))
  for (const { text, span } of textsOf(element('Action') ?? element('NotAction'))) {
    if (text !== '*' && !/^s3(?:-outposts|-object-lambda|express)?:[A-Za-z*?]+$/i.test(text)) {
      problems.push(problem('Policy has invalid action', span))
    }
  }
  return [...problems, ...conditionProblems(statement)]
}

function principalProblems(node: JsonNode | undefined): PolicyProblem[] {
  if (!node) return []
  const principals = principalsOf(node)
  const known = principals.every(({ type, value }) => {
    if (type === '*') return value === '*'
    if (type === 'AWS') return isAwsPrincipal(value)
    if (type === 'CanonicalUser') return /^[0-9a-f]{64}$/.test(value)
    return (type === 'Service' || type === 'Federated') && value !== ''
  })
  return known && principals.length > 0 ? [] : [problem('Invalid principal in policy', node)]
}

function conditionProblems(statement: StatementShape): PolicyProblem[] {
  const condition = statement.element('Condition')?.value
  if (!condition) return []
  if (condition.kind !== 'object') return [problem('Invalid policy syntax.', condition)]
  const problems: PolicyProblem[] = []
  for (const { key, keySpan, value } of condition.members) {
    if (!isStorableOperator(key)) problems.push(problem(`Invalid Condition type : ${key}`, keySpan))
    if (value.kind !== 'object') problems.push(problem('Invalid policy syntax.', value))
  }
  for (const { key, values } of conditionsOf(statement)) {
    if (!key.text.includes(':')) {
      problems.push(problem('Policy has an invalid condition key', key.span))
    }
    const scalars = values.kind === 'array' ? values.items : [values]
    if (!scalars.every((each) => 'text' in each)) {
      problems.push(problem('Invalid policy syntax.', values))
    }
  }
  return problems
}

function resourceProblems({ element }: StatementShape, bucketArn?: string): PolicyProblem[] {
  const resource = element('Resource') ?? element('NotResource')
  if (!resource) return []
  const texts = textsOf(resource)
  const problems =
    texts.length === 0 ? [problem('Policy has invalid resource', resource.value)] : []
  for (const { text, span } of texts) {
    const own = bucketArn === undefined || text === bucketArn || text.startsWith(`${bucketArn}/`)
    if (!own || !/^arn:aws[a-z-]*:s3/.test(text)) {
      problems.push(problem('Policy has invalid resource', span))
    }
  }
  return problems
}
