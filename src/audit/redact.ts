/** The one redactor: what may never stand in a log or an audit record is replaced, and what is too large is cut. */

const hidden = 'HIDDEN_DUE_TO_SECURITY_REASONS'

/** Names of members whose values are secrets, whatever they hold; compared without case, `-` and `_`. */
const secretNames = new Set([
  'accesstoken',
  'authorization',
  'clientsecret',
  'cookie',
  'idtoken',
  'masteruserpassword',
  'newpassword',
  'oldpassword',
  'password',
  'privatekey',
  'refreshtoken',
  'samlassertion',
  'secret',
  'secretaccesskey',
  'secretkey',
  'sessiontoken',
  'setcookie',
  'tokencode',
  'tradeintoken',
  'webidentitytoken',
  'xamzsecuritytoken',
  'xamzsignature',
  'signature',
])

/** Forms of secrets wherever they stand: JWTs, EKS tokens, PEM keys, AWS secrets in assignments, signatures in URLs. */
const secretTexts: readonly RegExp[] = [
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g,
  /\bk8s-aws-v1\.[\w-]+/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g,
  /(?<=aws_secret_access_key\s*[=:]\s*["']?)[A-Za-z0-9/+=]{16,}/gi,
  /(?<=(?:X-Amz-Signature|X-Amz-Security-Token|Signature)=)[^&\s"']+/gi,
]

const maxText = 2048
const maxItems = 50
const maxDepth = 6

/** A copy fit for records: secrets hidden, texts and lists cut, streams and bytes left out. Never throws. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value)
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.toISOString()
  if (typeof value !== 'object' || depth >= maxDepth) return undefined
  if (Array.isArray(value)) return value.slice(0, maxItems).map((item) => redact(item, depth + 1))
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) {
    return undefined
  }
  const copy: Record<string, unknown> = {}
  let items = 0
  for (const [name, member] of Object.entries(value)) {
    if (items++ >= maxItems) break
    const clean = isSecretName(name) ? hidden : redact(member, depth + 1)
    if (clean !== undefined) copy[name] = clean
  }
  return copy
}

/** Hides secrets within a text and cuts it. */
export function redactText(text: string): string {
  let clean = text
  for (const pattern of secretTexts) clean = clean.replace(pattern, hidden)
  return clean.length > maxText ? `${clean.slice(0, maxText)}…` : clean
}

/** An operation's input as a record keeps it, names in CloudTrail's spelling (`RoleArn` → `roleArn`). */
export function redactedInput(input: unknown): Readonly<Record<string, unknown>> | undefined {
  const clean = redact(input)
  if (typeof clean !== 'object' || clean === null || Array.isArray(clean)) return undefined
  const entries = Object.entries(clean)
  if (entries.length === 0) return undefined
  return Object.fromEntries(
    entries.map(([name, value]) => [name === 'Host' ? name : lowerFirst(name), value]),
  )
}

/** CloudTrail's own exception is `Host`. */
function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1)
}

/** True of names such as `SecretAccessKey`, `web_identity_token`, `x-amz-security-token`. */
export function isSecretName(name: string): boolean {
  return secretNames.has(name.replace(/[-_]/g, '').toLowerCase())
}
