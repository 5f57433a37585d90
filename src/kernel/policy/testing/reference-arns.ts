/** ARN patterns of the reference evaluator. */
import { likeness, type Vars } from './reference-values.ts'

/** Undefined: a variable has no value. */
export function arnMatches(
  pattern: string,
  arn: string,
  modern: boolean,
  vars: Vars,
): boolean | undefined {
  if (/^\*+$/.test(pattern)) return true
  const wanted = splitPattern(pattern, modern)
  if (wanted.length < 6) {
    if (!pattern.includes('*')) return false
    while (wanted.length < 6) wanted.push('*')
  }
  const verdicts = matchFields(wanted, arn, modern, vars)
  return verdicts.includes(undefined) ? undefined : verdicts.every((v) => v === true)
}

export function matchFields(wanted: readonly string[], arn: string, modern: boolean, vars: Vars) {
  const parts = arn.split(':')
  const actual = [...parts.slice(0, 5), parts.slice(5).join(':')]
  const isArn = parts.length >= 6 && parts[0] === 'arn'
  return wanted.map((field, i) => {
    const verdict = likeness(field, actual[i] ?? '', modern, vars)
    return verdict === undefined ? undefined : isArn && verdict
  })
}

/** Six fields; colons within `${…}` do not count. */
export function splitPattern(pattern: string, modern: boolean): string[] {
  const fields = ['']
  for (let i = 0; i < pattern.length; i++) {
    const close = modern && pattern.startsWith('${', i) ? pattern.indexOf('}', i) : -1
    if (close > 0) {
      fields.push(fields.pop() + pattern.slice(i, close + 1))
      i = close
    } else if (pattern[i] === ':' && fields.length < 6) fields.push('')
    else fields.push(fields.pop() + (pattern[i] as string))
  }
  return fields
}
