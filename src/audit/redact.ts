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

/** Forms of secrets wherever they stand: JWTs (also cut ones), EKS tokens, PEM keys, AWS secrets in assignments, signatures in URLs. */
const secretTexts: readonly RegExp[] = [
  /\beyJ[\w-]{8,}(?:\.[\w-]*){0,2}/g,
  /\bk8s-aws-v1\.[\w-]+/g,
  /-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[\w\s+/=]*(?:-----END [A-Z ]{0,20}PRIVATE KEY-----)?/g,
  /(?<=aws_secret_access_key\s{0,4}[=:]\s{0,4}["']?)[A-Za-z0-9/+=]{16,}/gi,
  /(?<=\b[a-z][a-z0-9+.-]{1,30}:\/\/[^\s/:@]{0,256}:)[^\s/@]+(?=@)/gi,
  /(?<=(?:X-Amz-Signature|X-Amz-Security-Token|Signature)=)[^&\s"']+/gi,
]

/** A text without any of these holds none of the above: most texts are done after one look. */
const suspicious =
  /eyJ|k8s-aws-v1|PRIVATE KEY|aws_secret_access_key|:\/\/|Signature=|Security-Token=/i

const maxText = 2048
/** No text is searched further: what follows is dropped unseen. */
const maxSearched = 4 * maxText
const maxItems = 50
const maxDepth = 6
/** Characters of all texts of one value together. */
const maxTotal = 16_384

/** A copy fit for records: secrets hidden, texts and lists cut, streams and bytes left out. Never throws. */
export function redact(value: unknown): unknown {
  return copyOf(value, 0, { left: maxTotal }, asGiven)
}

/** `nameOf` says what the members of the value itself are called in its copy. */
function copyOf(
  value: unknown,
  depth: number,
  budget: { left: number },
  nameOf: (name: string) => string,
): unknown {
  if (typeof value === 'string') {
    const clean = redactText(value)
    budget.left -= clean.length
    return budget.left < 0 ? '…' : clean
  }
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.toISOString()
  if (typeof value !== 'object' || depth >= maxDepth || budget.left < 0) return undefined
  if (Array.isArray(value)) {
    return value.slice(0, maxItems).map((item) => copyOf(item, depth + 1, budget, asGiven))
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return undefined
  const copy: Record<string, unknown> = {}
  let items = 0
  for (const name in value) {
    if (items++ === maxItems) break
    const member = (value as Readonly<Record<string, unknown>>)[name]
    const clean = isSecretName(name) ? hidden : copyOf(member, depth + 1, budget, asGiven)
    budget.left -= name.length
    if (clean !== undefined) copy[nameOf(name)] = clean
  }
  return copy
}

/** Hides secrets within a text and cuts it. */
export function redactText(text: string): string {
  let clean = text.slice(0, maxSearched)
  if (suspicious.test(clean)) {
    for (const pattern of secretTexts) clean = clean.replace(pattern, hidden)
  }
  return clean.length > maxText ? `${clean.slice(0, maxText)}…` : clean
}

/** An operation's input as a record keeps it, names in CloudTrail's spelling (`RoleArn` → `roleArn`). */
export function redactedInput(input: unknown): Readonly<Record<string, unknown>> | undefined {
  const clean = copyOf(input, 0, { left: maxTotal }, recordedName)
  if (typeof clean !== 'object' || clean === null || Array.isArray(clean)) return undefined
  for (const _ in clean) return clean as Readonly<Record<string, unknown>>
  return undefined
}

function asGiven(name: string): string {
  return name
}

// A memo of the models' member names: made anew with each record, they cost more than the rest of the copy.
const recordedNames = new Map<string, string>()
const recordedNamesMax = 10_000

/** CloudTrail's own exception is `Host`. */
function recordedName(name: string): string {
  const known = recordedNames.get(name)
  if (known !== undefined) return known
  const recorded = name === 'Host' ? name : name.charAt(0).toLowerCase() + name.slice(1)
  if (recordedNames.size < recordedNamesMax) recordedNames.set(name, recorded)
  return recorded
}

/** True of names such as `SecretAccessKey`, `web_identity_token`, `x-amz-security-token`. */
export function isSecretName(name: string): boolean {
  return secretNames.has(name.replace(/[-_]/g, '').toLowerCase())
}
