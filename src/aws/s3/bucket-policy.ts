/** Bucket policies: checked before they are kept, and whether one is public. */
import { validatePolicy } from '../../kernel/policy/validate.ts'
import { refuse } from './refusals.ts'

const maxPolicyBytes = 20 * 1024

/** Checks a policy for a bucket. Throws MalformedPolicy with AWS's text. */
export function checkBucketPolicy(text: string, bucket: string): void {
  if (Buffer.byteLength(text) > maxPolicyBytes) {
    const message = 'Normalized policy document exceeds the maximum allowed size'
    throw refuse.MalformedPolicy({}, { message })
  }
  if (!text.trimStart().startsWith('{')) throw refuse.MalformedPolicy()
  const [problem] = validatePolicy(text, 'resource')
  if (problem) throw refuse.MalformedPolicy({}, { message: problem.message })
  for (const statement of statementsOf(text)) {
    if (!statement['Principal'] && !statement['NotPrincipal']) {
      throw refuse.MalformedPolicy({}, { message: 'Missing required field Principal' })
    }
    for (const action of listed(statement['Action'] ?? statement['NotAction'])) {
      if (action !== '*' && !/^s3:/i.test(action)) {
        throw refuse.MalformedPolicy({}, { message: 'Policy has invalid action' })
      }
    }
    for (const resource of listed(statement['Resource'] ?? statement['NotResource'])) {
      if (!isResourceOf(resource, bucket)) {
        throw refuse.MalformedPolicy({}, { message: 'Policy has invalid resource' })
      }
    }
  }
}

/** True where anybody at all is allowed something: a principal `*` without a condition that names fixed callers. */
export function isPublicPolicy(text: string): boolean {
  return statementsOf(text).some(
    (statement) =>
      statement['Effect'] === 'Allow' &&
      (namesEverybody(statement['Principal']) || statement['NotPrincipal'] !== undefined) &&
      !hasFixedCaller(statement['Condition']),
  )
}

type Statement = Readonly<Record<string, unknown>>

function statementsOf(text: string): readonly Statement[] {
  const document = JSON.parse(text) as { Statement?: Statement | Statement[] }
  const { Statement: statements = [] } = document
  return Array.isArray(statements) ? statements : [statements]
}

/** The resource must lie in the bucket; wildcards may stand anywhere in its name's pattern as AWS allows only in keys. */
function isResourceOf(resource: string, bucket: string): boolean {
  const prefix = 'arn:aws:s3:::'
  if (!resource.startsWith(prefix)) return false
  const name = resource.slice(prefix.length)
  return name === bucket || name === `${bucket}*` || name.startsWith(`${bucket}/`)
}

function namesEverybody(principal: unknown): boolean {
  if (principal === '*') return true
  if (typeof principal !== 'object' || principal === null) return false
  return listed((principal as Record<string, unknown>)['AWS']).some((one) => one.includes('*'))
}

/** Keys whose fixed value tells callers apart. */
const fixingKeys = new Set([
  'aws:sourceip',
  'aws:sourcearn',
  'aws:sourceaccount',
  'aws:sourceowner',
  'aws:sourcevpc',
  'aws:sourcevpce',
  'aws:principalorgid',
  'aws:principalorgpaths',
  'aws:principalaccount',
  'aws:principalarn',
  'aws:userid',
  's3:dataaccesspointarn',
  's3:dataaccesspointaccount',
])

function hasFixedCaller(condition: unknown): boolean {
  if (typeof condition !== 'object' || condition === null) return false
  return Object.entries(condition).some(([operator, keys]) => {
    if (/not|null|ifexists|^forallvalues/i.test(operator)) return false
    if (typeof keys !== 'object' || keys === null) return false
    return Object.entries(keys).some(
      ([key, values]) => fixingKeys.has(key.toLowerCase()) && listed(values).every(isFixed),
    )
  })
}

function isFixed(value: string): boolean {
  return !/[*?]|\$\{/.test(value) && !/\/0$/.test(value)
}

function listed(value: unknown): readonly string[] {
  const all = Array.isArray(value) ? value : value === undefined ? [] : [value]
  return all.filter((one) => typeof one === 'string')
}
