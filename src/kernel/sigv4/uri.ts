/**
 * Percent-encoding as SigV4 wants it. Text here is latin-1: one character is one byte, as it came off the wire, so
 * that bytes that are no UTF-8 keep their identity.
 */

const unreserved = /^[A-Za-z0-9\-._~]*$/
const plainPath = /^[A-Za-z0-9\-._~/]*$/

const encoded: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const char = String.fromCharCode(byte)
  return unreserved.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
})

/** Encodes every byte but the unreserved ones: `A-Z a-z 0-9 - . _ ~`. */
export function encodeBytes(latin1: string): string {
  if (unreserved.test(latin1)) return latin1
  let out = ''
  for (let i = 0; i < latin1.length; i++) out += encoded[latin1.charCodeAt(i) & 0xff]
  return out
}

/** Decodes `%XX`; a percent sign that introduces no byte stays as it is. */
export function decodeBytes(text: string): string {
  if (!text.includes('%')) return text
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}

/** S3's canonical path: each segment decoded and encoded once, nothing normalised. */
export function canonicalPathOnce(rawPath: string): string {
  if (rawPath === '') return '/'
  if (plainPath.test(rawPath)) return rawPath
  return rawPath
    .split('/')
    .map((segment) => encodeBytes(decodeBytes(segment)))
    .join('/')
}

/** The canonical path of all other services: normalised, then the encoded path encoded once more. */
export function canonicalPathTwice(rawPath: string): string {
  if (rawPath === '' || rawPath === '/') return '/'
  const segments: string[] = []
  for (const segment of rawPath.split('/')) {
    if (segment === '' || segment === '.') continue
    if (segment === '..') segments.pop()
    else segments.push(encodeBytes(segment))
  }
  const trailing = segments.length > 0 && rawPath.endsWith('/') ? '/' : ''
  return `/${segments.join('/')}${trailing}`
}

/** One parameter of a query string, decoded to bytes (latin-1). */
export interface QueryParameter {
  readonly name: string
  readonly value: string
}

/** Takes a raw query string apart; `+` is a space, as AWS reads it. */
export function parseQuery(rawQuery: string): QueryParameter[] {
  if (rawQuery === '') return []
  const parameters: QueryParameter[] = []
  for (const part of rawQuery.split('&')) {
    if (part === '') continue
    const equals = part.indexOf('=')
    const name = equals < 0 ? part : part.slice(0, equals)
    const value = equals < 0 ? '' : part.slice(equals + 1)
    parameters.push({ name: decodeForm(name), value: decodeForm(value) })
  }
  return parameters
}

/** The canonical query string: encoded, sorted by name, then value; `without` leaves one parameter out. */
export function canonicalQuery(parameters: readonly QueryParameter[], without?: string): string {
  if (parameters.length === 0) return ''
  const pairs: [string, string][] = []
  for (const { name, value } of parameters) {
    if (name !== without) pairs.push([encodeBytes(name), encodeBytes(value)])
  }
  pairs.sort((a, b) => order(a[0], b[0]) || order(a[1], b[1]))
  return pairs.map(([name, value]) => `${name}=${value}`).join('&')
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function decodeForm(text: string): string {
  return decodeBytes(text.includes('+') ? text.replaceAll('+', ' ') : text)
}
