// biome-ignore-all lint/style/noRestrictedGlobals: another way to read dates than the evaluator's, for tests
/** Conditions of the reference evaluator: each operator spelt out. */
import type { AuthorizationRequest } from '../decision.ts'
import { matchFields, splitPattern } from './reference-arns.ts'
import { filled, likeness, type Vars, variablesOf } from './reference-values.ts'

/** Undefined: the two cannot be compared. */
type Compared = boolean | undefined
type Compare = (actual: string, wanted: string, modern: boolean, vars: Vars) => Compared

export function referenceCondition(
  request: AuthorizationRequest,
  operator: string,
  key: string,
  wanted: readonly string[],
  modern: boolean,
): boolean {
  const vars = variablesOf(request)
  const actual = vars(key)
  const [, set, rest = ''] = /^(?:(ForAnyValue|ForAllValues):)?(.*)$/.exec(operator) ?? []
  const ifExists = rest.endsWith('IfExists')
  const base = ifExists ? rest.slice(0, -'IfExists'.length) : rest
  if (base === 'Null') return wanted.includes(String(actual === undefined))
  const negated = base.includes('Not')
  const compare = compares[base.replace('Not', '')]
  if (!compare) return false
  if (actual === undefined)
    return ifExists || set === 'ForAllValues' || (negated && set !== 'ForAnyValue')
  const holds = (value: string) => {
    const results = wanted.map((each) => compare(value, each, modern, vars))
    if (!negated) return results.includes(true)
    return results.every((result) => result === false)
  }
  // A value that is no number, date, address or ARN compares with nothing, even with an empty list.
  const sound = (value: string) => isSound(base.replace('Not', ''), value)
  const test = (value: string) => sound(value) && holds(value)
  if (set === 'ForAnyValue') return actual.some(test)
  if (set === 'ForAllValues') return actual.every(test)
  return actual.length === 1 && test(actual[0] as string)
}

const number = (text: string) =>
  /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number.parseFloat(text) : undefined

function date(text: string): number | undefined {
  if (/^-?\d+(\.\d+)?$/.test(text) && !/^\d{4}$/.test(text)) return Number.parseFloat(text)
  if (!/^\d{4}/.test(text) || Number.isNaN(Date.parse(text))) return undefined
  // JavaScript takes 30 February for 2 March; there is no such day.
  const [year = 0, month = 1, day = 1] = text.slice(0, 10).split('-').map(Number)
  if (new Date(Date.UTC(year, month - 1, day)).getUTCDate() !== day) return undefined
  const local = /T.*\d$/.test(text) && !/[+-]\d\d:?\d\d$/.test(text)
  return Date.parse(local ? `${text}Z` : text) / 1000
}

const bool = (text: string) =>
  /^(true|false)$/i.test(text) ? text.toLowerCase() === 'true' : undefined

function bytes(text: string): string | undefined {
  const padded = text.padEnd(Math.ceil(text.length / 4) * 4, '=')
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(padded) || text.replace(/=+$/, '').length % 4 === 1)
    return undefined
  return Buffer.from(text, 'base64').toString('latin1')
}

/** An address as a 128-bit number, v4 as v4-mapped. */
function ip(text: string): bigint | undefined {
  if (/^\d+(\.\d+){3}$/.test(text)) {
    const parts = text.split('.')
    if (parts.some((p) => String(Number(p)) !== p || Number(p) > 255)) return undefined
    return parts.reduce((sum, p) => sum * 256n + BigInt(p), 0n) + (0xffffn << 32n)
  }
  const dotted = /^(.*:)(\d+(?:\.\d+){3})$/.exec(text)
  if (dotted) {
    const low = ip(dotted[2] as string)
    if (low === undefined) return undefined
    const word = (low & 0xffffffffn).toString(16).padStart(8, '0')
    return ip(`${dotted[1]}${word.slice(0, 4)}:${word.slice(4)}`)
  }
  if (!/^[0-9a-f:]+$/i.test(text) || text.split('::').length > 2 || !text.includes(':'))
    return undefined
  const [head = '', tail] = text.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const gap = 8 - left.length - right.length
  if (tail === undefined ? gap !== 0 : gap < 1) return undefined
  const groups = [...left, ...Array<string>(gap).fill('0'), ...right]
  if (groups.some((g) => !/^[0-9a-f]{1,4}$/i.test(g))) return undefined
  return groups.reduce((sum, g) => sum * 65536n + BigInt(`0x${g}`), 0n)
}

function inRange(actual: string, wanted: string): Compared {
  const [address = '', mask] = wanted.split('/')
  const [have, want] = [ip(actual), ip(address)]
  if (have === undefined || want === undefined) return undefined
  if (mask !== undefined && !/^\d{1,3}$/.test(mask)) return undefined
  const v4 = !address.includes(':')
  const bits = mask === undefined ? 128 : Number(mask) + (v4 ? 96 : 0)
  if (bits > 128) return undefined
  if (bits < 96 && have >> 32n === 0xffffn) return false
  const drop = BigInt(128 - bits)
  return have >> drop === want >> drop
}

function arn(actual: string, wanted: string, modern: boolean, vars: Vars): Compared {
  const fields = splitPattern(wanted, modern)
  if (fields.length !== 6 || actual.split(':').length < 6 || !actual.startsWith('arn:'))
    return undefined
  const verdicts = matchFields(fields, actual, modern, vars)
  return verdicts.includes(undefined) ? undefined : verdicts.every((v) => v === true)
}

function relation<T>(
  parse: (text: string) => T | undefined,
  holds: (a: T, b: T) => boolean,
): Compare {
  return (actual, wanted) => {
    const [a, b] = [parse(actual), parse(wanted)]
    return a === undefined || b === undefined ? undefined : holds(a, b)
  }
}

const text =
  (normal: (value: string) => string): Compare =>
  (actual, wanted, modern, vars) => {
    const value = filled(wanted, modern, vars)
    return value === undefined ? undefined : normal(value) === normal(actual)
  }

const orders = <T>(
  name: string,
  parse: (text: string) => T | undefined,
): Record<string, Compare> => ({
  [`${name}Equals`]: relation(parse, (a, b) => a === b),
  [`${name}LessThan`]: relation(parse, (a, b) => a < b),
  [`${name}LessThanEquals`]: relation(parse, (a, b) => a <= b),
  [`${name}GreaterThan`]: relation(parse, (a, b) => a > b),
  [`${name}GreaterThanEquals`]: relation(parse, (a, b) => a >= b),
})

/** By name without `Not`. */
const compares: Readonly<Record<string, Compare>> = {
  StringEquals: text((value) => value),
  StringEqualsIgnoreCase: text((value) => value.toLowerCase()),
  StringLike: (actual, wanted, modern, vars) => likeness(wanted, actual, modern, vars),
  ...orders('Numeric', number),
  ...orders('Date', date),
  Bool: relation(bool, (a, b) => a === b),
  BinaryEquals: relation(bytes, (a, b) => a === b),
  IpAddress: (actual, wanted) => inRange(actual, wanted),
  ArnEquals: arn,
  ArnLike: arn,
}

function isSound(base: string, value: string): boolean {
  if (base.startsWith('Numeric')) return number(value) !== undefined
  if (base.startsWith('Date')) return date(value) !== undefined
  if (base === 'Bool') return bool(value) !== undefined
  if (base === 'BinaryEquals') return bytes(value) !== undefined
  if (base === 'IpAddress') return ip(value) !== undefined
  if (base.startsWith('Arn')) return value.startsWith('arn:') && value.split(':').length >= 6
  return true
}
