/** Bucket policies: checked before they are kept, and whether one is public. */
import { validateBucketPolicy } from '../../kernel/policy/validate-bucket.ts'
import { refuse } from './refusals.ts'

/** Checks a policy for a bucket. Throws MalformedPolicy with AWS's text. */
export function checkBucketPolicy(text: string, bucket: string): void {
  const [problem] = validateBucketPolicy(text, `arn:aws:s3:::${bucket}`)
  if (problem) throw refuse.MalformedPolicy({}, { message: problem.message })
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
