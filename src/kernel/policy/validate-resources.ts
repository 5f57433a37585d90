/** Checks the ARNs of Resource and NotResource in IAM's words. */
import type { PolicyProblem } from './decision.ts'
import type { StatementShape, TextAt } from './policy-shape.ts'
import { textsOf } from './policy-shape.ts'

/** AWS's partitions: the public ones and the isolated. */
const partition = /^aws(?:-[a-z]+)*$/
const iamPaths = [
  ...['user/', 'federated-user/', 'role/', 'group/', 'instance-profile/', 'mfa/'],
  ...['server-certificate/', 'policy/', 'sms-mfa/', 'saml-provider/', 'oidc-provider/'],
  ...['report/', 'access-report/'],
]

export function validateResources({ element }: StatementShape): PolicyProblem[] {
  return textsOf(element('Resource') ?? element('NotResource')).flatMap((resource) => {
    const message = resourceProblem(resource)
    const { start, end } = resource.span
    return message ? [{ code: 'MalformedPolicyDocument', message, span: { start, end } }] : []
  })
}

/** AWS's text for what is wrong with one resource; undefined where nothing is. */
function resourceProblem({ text }: TextAt): string | undefined {
  if (text === '*') return undefined
  const fields = splitOutsideVariables(text)
  const [arn, part = '', service, region, account, ...rest] = fields
  // A pattern of stars and nothing else is the same as one star.
  if (fields.length === 1 && /^\*+$/.test(text)) return undefined
  if (fields.length === 1) return `Resource ${text} must be in ARN format or "*".`
  if (!isPartition(part)) {
    const vendor = service || (region === undefined ? '*' : '')
    const shown = [vendor, region ?? '*', account ?? '*', rest.join(':') || '*'].join(':')
    return `Partition "${part}" is not valid for resource "arn:${part}:${shown}".`
  }
  if (arn !== 'arn') return `Resource ${text} must be in ARN format or "*".`
  if (service === undefined) {
    return 'Resource vendor must be fully qualified and cannot contain regexes.'
  }
  const name = rest.join(':')
  if (service === 'iam') {
    if (region) return `IAM resource ${text} cannot contain region information.`
    const anything = name.startsWith('*') || name.includes('${') || name === 'root' || !name
    if (
      !anything &&
      !iamPaths.some(
        (path) => path.startsWith(name.split(/[*?]/)[0] ?? '') || name.startsWith(path),
      )
    ) {
      return `IAM resource path must either be "*", root, or start with ${iamPaths.join(', ')}.`
    }
  }
  if (service === 's3' && region && region !== '*' && !/^accesspoint[/:]/.test(name)) {
    return `Resource ${text} can not contain region information.`
  }
  return undefined
}

function isPartition(part: string): boolean {
  return /[*?]/.test(part) || part.includes('${') || partition.test(part)
}

/** True of a resource that AWS's older parser does not take: without a vendor, or with fields left out at the end. */
export function failsLegacyParsing(text: string): boolean {
  const [arn, part = '', service, ...rest] = splitOutsideVariables(text)
  if (arn !== 'arn' || service === undefined || !isPartition(part)) return false
  return service === '' || (rest.length < 3 && text.includes('::'))
}

/** Splits at colons, but not at those within `${…}`. */
function splitOutsideVariables(text: string): string[] {
  const fields: string[] = []
  let from = 0
  for (let at = 0; at < text.length; at++) {
    if (text.startsWith('${', at)) {
      const close = text.indexOf('}', at)
      if (close > 0) at = close
    } else if (text.charAt(at) === ':') {
      fields.push(text.slice(from, at))
      from = at + 1
    }
  }
  fields.push(text.slice(from))
  return fields
}
