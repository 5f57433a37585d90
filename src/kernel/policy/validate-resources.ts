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
  if (arn !== 'arn' || fields.length === 1) return `Resource ${text} must be in ARN format or "*".`
  const wild = /[*?]/.test(part) || part.includes('${')
  if (!wild && !partition.test(part)) {
    const shown = [service || '*', region ?? '*', account ?? '*', rest.join(':') || '*'].join(':')
    return `Partition "${part}" is not valid for resource "arn:${part}:${shown}".`
  }
  if (service === undefined) {
    return 'Resource vendor must be fully qualified and cannot contain regexes.'
  }
  if (service === '' || (fields.length < 6 && text.includes('::'))) {
    return 'The policy failed legacy parsing'
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
      return `IAM resource path must either be "*" or start with ${iamPaths.join(', ')}.`
    }
  }
  if (service === 's3' && region && region !== '*' && !/^accesspoint[/:]/.test(name)) {
    return `Resource ${text} can not contain region information.`
  }
  return undefined
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
