/** Label selectors: as objects and as the text of queries. */
import { badRequest } from '../status.ts'

type Labels = Readonly<Record<string, string>>

interface Requirement {
  readonly key: string
  readonly operator: 'in' | 'notin' | 'exists' | 'absent' | 'greater' | 'less'
  readonly values: readonly string[]
}

/** True when `labels` fit a selector object; an empty selector fits all. */
export function matchesSelector(
  selector: {
    readonly matchLabels?: Labels
    readonly matchExpressions?: readonly {
      readonly key: string
      readonly operator: string
      readonly values?: readonly string[]
    }[]
  },
  labels: Labels,
): boolean {
  const equal = Object.entries(selector.matchLabels ?? {}).every(([k, v]) => labels[k] === v)
  if (!equal) return false
  return (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
    const value = labels[key]
    if (operator === 'In') return value !== undefined && values.includes(value)
    if (operator === 'NotIn') return value === undefined || !values.includes(value)
    if (operator === 'Exists') return value !== undefined
    return operator === 'DoesNotExist' && value === undefined
  })
}

/** Parses `a=b,c!=d,e in (f,g),h notin (i),j,!k`; a malformed one is a 400. */
export function parseLabelSelector(text: string): (labels: Labels | undefined) => boolean {
  const requirements = splitOutsideParentheses(text).map((part) => parseRequirement(part, text))
  return (labels = {}) => requirements.every((r) => isMet(r, labels))
}

function splitOutsideParentheses(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '(') depth++
    else if (text[i] === ')') depth--
    else if (text[i] === ',' && depth === 0) {
      parts.push(text.slice(start, i))
      start = i + 1
    }
  }
  parts.push(text.slice(start))
  return text.trim() === '' ? [] : parts.map((p) => p.trim())
}

const keyPattern = '[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?'
const forms: readonly [RegExp, Requirement['operator'] | 'not-equal'][] = [
  [new RegExp(`^(?<key>${keyPattern})\\s*==?\\s*(?<value>[-\\w.]*)$`), 'in'],
  [new RegExp(`^(?<key>${keyPattern})\\s*!=\\s*(?<value>[-\\w.]*)$`), 'notin'],
  [new RegExp(`^(?<key>${keyPattern})\\s+in\\s*\\((?<list>[^()]*)\\)$`), 'in'],
  [new RegExp(`^(?<key>${keyPattern})\\s+notin\\s*\\((?<list>[^()]*)\\)$`), 'notin'],
  [new RegExp(`^!\\s*(?<key>${keyPattern})$`), 'absent'],
  [new RegExp(`^(?<key>${keyPattern})$`), 'exists'],
  [new RegExp(`^(?<key>${keyPattern})\\s*>\\s*(?<value>\\d+)$`), 'greater'],
  [new RegExp(`^(?<key>${keyPattern})\\s*<\\s*(?<value>\\d+)$`), 'less'],
]

function parseRequirement(part: string, whole: string): Requirement {
  for (const [form, operator] of forms) {
    const groups = form.exec(part)?.groups
    if (!groups) continue
    const list = groups['list']?.split(',').map((v) => v.trim())
    const values = list ?? (groups['value'] === undefined ? [] : [groups['value']])
    return { key: groups['key'] ?? '', operator: operator as Requirement['operator'], values }
  }
  throw badRequest(
    `unable to parse requirement: found '${part || ','}', expected: identifier in "${whole}"`,
  )
}

function isMet({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = labels[key]
  switch (operator) {
    case 'in':
      return value !== undefined && values.includes(value)
    case 'notin':
      return value === undefined || !values.includes(value)
    case 'exists':
      return value !== undefined
    case 'absent':
      return value === undefined
    case 'greater':
      return value !== undefined && Number(value) > Number(values[0])
    case 'less':
      return value !== undefined && Number(value) < Number(values[0])
  }
}
