/** Cross-origin rules of a bucket, and the headers they give. */
import type { XmlElement } from '../protocol/xml-reader.ts'
import type { S3Deps } from './operation.ts'
import { invalidArgument, refuse } from './refusals.ts'
import type { S3Request } from './request.ts'
import { childrenOf, optionalText, readXml } from './xml.ts'

export interface CorsRule {
  readonly origins: readonly string[]
  readonly methods: readonly string[]
  readonly headers: readonly string[]
  readonly exposed: readonly string[]
  readonly maxAgeSeconds?: number
}

const methods = new Set(['GET', 'PUT', 'HEAD', 'POST', 'DELETE'])
const maxRules = 100

/** Reads a `CORSConfiguration`. Throws MalformedXML, InvalidRequest. */
export function readCors(body: Uint8Array): readonly CorsRule[] {
  const rules = childrenOf(readXml(body, 'CORSConfiguration'), 'CORSRule').map(readRule)
  if (rules.length === 0 || rules.length > maxRules) throw refuse.MalformedXML()
  return rules
}

/** What a request from another origin is answered, before it is made. Undefined: no rule allows it. */
export function preflightHeaders(
  rules: readonly CorsRule[],
  origin: string,
  method: string,
  asked: readonly string[],
): Record<string, string> | undefined {
  const rule = rules.find(
    (one) =>
      matchesAny(one.origins, origin) &&
      one.methods.includes(method) &&
      asked.every((header) => matchesAny(one.headers, header)),
  )
  if (!rule) return undefined
  return {
    ...ruleHeaders(rule, origin),
    ...(asked.length > 0 && { 'access-control-allow-headers': asked.join(', ') }),
  }
}

/** The headers for an actual request; undefined where it has no Origin or no rule fits. */
export function corsHeaders(
  { headers, method, bucket }: S3Request,
  { storage }: S3Deps,
): Record<string, string> | undefined {
  const origin = headers.get('origin')
  const cors = origin === undefined ? undefined : storage.buckets.get(bucket)?.settings.cors
  if (origin === undefined || cors === undefined) return undefined
  const rule = readCors(Buffer.from(cors)).find(
    (one) => matchesAny(one.origins, origin) && one.methods.includes(method),
  )
  return rule && ruleHeaders(rule, origin)
}

function ruleHeaders(rule: CorsRule, origin: string): Record<string, string> {
  const everybody = rule.origins.includes('*')
  return {
    'access-control-allow-origin': everybody ? '*' : origin,
    'access-control-allow-methods': rule.methods.join(', '),
    ...(rule.exposed.length > 0 && { 'access-control-expose-headers': rule.exposed.join(', ') }),
    ...(rule.maxAgeSeconds !== undefined && {
      'access-control-max-age': String(rule.maxAgeSeconds),
    }),
    ...(!everybody && { 'access-control-allow-credentials': 'true' }),
    vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
  }
}

function readRule(rule: XmlElement): CorsRule {
  const texts = (name: string): string[] => childrenOf(rule, name).map((one) => one.text.trim())
  const allowed = texts('AllowedMethod')
  for (const method of allowed) {
    if (methods.has(method)) continue
    const message = `Found unsupported HTTP method in CORS config. Unsupported method is ${method}`
    throw refuse.InvalidRequest({}, { message })
  }
  const origins = texts('AllowedOrigin')
  if (allowed.length === 0 || origins.length === 0) throw refuse.MalformedXML()
  for (const pattern of [...origins, ...texts('AllowedHeader')]) {
    if (pattern.split('*').length <= 2) continue
    const message = `"${pattern}" can not have more than one wildcard.`
    throw refuse.InvalidRequest({}, { message })
  }
  const age = optionalText(rule, 'MaxAgeSeconds')
  if (age !== undefined && !/^\d{1,9}$/.test(age)) throw invalidArgument('', 'MaxAgeSeconds', age)
  return {
    origins,
    methods: allowed,
    headers: texts('AllowedHeader').map((name) => name.toLowerCase()),
    exposed: texts('ExposeHeader'),
    ...(age !== undefined && { maxAgeSeconds: Number(age) }),
  }
}

/** At most one `*` in a pattern. */
function matchesAny(patterns: readonly string[], text: string): boolean {
  return patterns.some((pattern) => {
    const star = pattern.indexOf('*')
    if (star < 0) return pattern === text
    const before = pattern.slice(0, star)
    const after = pattern.slice(star + 1)
    return text.length >= pattern.length - 1 && text.startsWith(before) && text.endsWith(after)
  })
}
