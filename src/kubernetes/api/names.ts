/** Names, label keys and values, and the texts with which Kubernetes refuses bad ones. */
import { randomInt } from 'node:crypto'

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const subdomain = `${label}(\\.${label})*`
const qualified = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const labelText =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character"
const subdomainText =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"
const dns1035Text =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character"
const qualifiedText =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
const labelValueText =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
const configKeyText = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
const environmentText =
  "a valid environment variable name must consist only of printable ASCII characters other than '='"

const matchers = new Map(
  [
    label,
    subdomain,
    qualified,
    `(${qualified})?`,
    '[-._a-zA-Z0-9]+',
    '[a-z]([-a-z0-9]*[a-z0-9])?',
  ].map((source) => [source, new RegExp(`^(?:${source})$`)] as const),
)

function check(value: string, source: string, text: string, examples: readonly string[]): string[] {
  const matcher = matchers.get(source) ?? new RegExp(`^(?:${source})$`)
  if (matcher.test(value)) return []
  const list = examples.map((e, i) => `${i > 0 ? " or '" : "'"}${e}', `).join('')
  return [`${text} (e.g. ${list}regex used for validation is '${source}')`]
}

function noLongerThan(value: string, max: number): string[] {
  return Buffer.byteLength(value) > max ? [`must be no more than ${max} characters`] : []
}

/** A rule gives the reasons why a name is refused: none when it is good. */
export type NameRule = (name: string) => string[]

export const dnsLabel: NameRule = (name) => [
  ...noLongerThan(name, 63),
  ...check(name, label, labelText, ['my-name', '123-abc']),
]

export const dnsSubdomain: NameRule = (name) => [
  ...noLongerThan(name, 253),
  ...check(name, subdomain, subdomainText, ['example.com']),
]

/**
 * What can stand in a path: names of roles and bindings (`system:node`). Kubernetes takes more: here NUL and
 * characters beyond the basic plane are refused too, since not every store keeps and orders them alike.
 */
export const pathSegmentName: NameRule = (name) => {
  if (name === '.' || name === '..') return [`may not be '${name}'`]
  const problems = ['/', '%'].filter((c) => name.includes(c)).map((c) => `may not contain '${c}'`)
  if (/[\0\ud800-\udfff]/.test(name)) {
    problems.push('may not contain NUL or characters beyond the basic multilingual plane')
  }
  return problems
}

export const dns1035Label: NameRule = (name) => [
  ...noLongerThan(name, 63),
  ...check(name, '[a-z]([-a-z0-9]*[a-z0-9])?', dns1035Text, ['my-name', 'abc-123']),
]

/** A label, annotation or finalizer key: `[prefix/]name`. */
export const qualifiedName: NameRule = (key) => {
  const parts = key.split('/')
  const examples = ['MyName', 'my.name', '123-abc']
  if (parts.length > 2) {
    return [
      `a qualified name ${check('/', qualified, qualifiedText, examples)[0]} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ]
  }
  const name = parts.at(-1) ?? ''
  const problems: string[] = []
  if (parts.length === 2) {
    const prefix = parts[0] ?? ''
    if (!prefix) problems.push('prefix part must be non-empty')
    else problems.push(...dnsSubdomain(prefix).map((m) => `prefix part ${m}`))
  }
  if (!name) problems.push('name part must be non-empty')
  else problems.push(...noLongerThan(name, 63).map((m) => `name part ${m}`))
  return [...problems, ...check(name, qualified, `name part ${qualifiedText}`, examples)]
}

export const labelValue: NameRule = (value) => [
  ...noLongerThan(value, 63),
  ...check(value, `(${qualified})?`, labelValueText, ['MyValue', 'my_value', '12345']),
]

/** A key of a ConfigMap or Secret: a file's name. */
export const configKey: NameRule = (key) => {
  const problems = noLongerThan(key, 253)
  problems.push(
    ...check(key, '[-._a-zA-Z0-9]+', configKeyText, ['key.name', 'KEY_NAME', 'key-name']),
  )
  if (key === '.') problems.push("must not be '.'")
  if (key === '..') problems.push("must not be '..'")
  else if (key.startsWith('..')) problems.push("must not start with '..'")
  return problems
}

export const environmentName: NameRule = (name) =>
  /^[ -<>-~]+$/.test(name) ? [] : [environmentText]

const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789'

/** Five letters and digits that never spell a word; `base` is cut so that a name of 63 results. */
export function generatedName(base: string): string {
  return base.slice(0, 58) + randomSuffix()
}

export function randomSuffix(length = 5): string {
  return Array.from({ length }, () => suffixAlphabet[randomInt(suffixAlphabet.length)]).join('')
}
