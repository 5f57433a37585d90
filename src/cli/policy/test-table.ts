/** `podpass policy test`: a table of cases as the unit test of somebody's policies. */
import path from 'node:path'
import { type Decision, evaluate, readCase } from '../../kernel/policy/policy.ts'
import { nearMisses, showDecision, showStatement } from './show.ts'

/** What became of one case; `lines` say what was expected and what came. */
export interface TestResult {
  readonly name: string
  readonly outcome: 'passed' | 'failed' | 'broken'
  readonly lines: readonly string[]
}

type Fields = Readonly<Record<string, unknown>>

/**
 * Runs a table: `policies` (documents by name, or `{file: path}` relative to the table), `defaults` (members for
 * every case) and `cases`, each with `name`, the members of an eval case, and `expect`: a decision, or
 * `{decision, deniedBy, determining: [Sid or position…]}`. A policy may be named where a document is wanted.
 */
export function runTable(
  table: unknown,
  readPolicy: (file: string) => string,
): readonly TestResult[] | { readonly error: string } {
  if (!isFields(table)) return { error: 'the table is no object with `cases`' }
  const { cases, policies = {}, defaults = {} } = table
  if (!Array.isArray(cases) || cases.length === 0) return { error: '`cases` is no list of cases' }
  if (!isFields(policies)) return { error: '`policies` is no object of documents by name' }
  if (!isFields(defaults)) return { error: '`defaults` is no object' }
  const documents: Record<string, unknown> = {}
  for (const [name, policy] of Object.entries(policies)) {
    const file = isFields(policy) ? policy['file'] : undefined
    const document = typeof file === 'string' ? readPolicy(file) : policy
    documents[name] = { name, document }
  }
  return cases.map((each: unknown, i) => runCase(each, `case ${i + 1}`, defaults, documents))
}

/** Reads policies that a table names, relative to the table's own file. */
export function besideTable(
  table: string,
  read: (file: string) => string,
): (file: string) => string {
  const folder = table === '-' ? '.' : path.dirname(table)
  return (file) => read(path.resolve(folder, file))
}

function runCase(
  value: unknown,
  fallback: string,
  defaults: Fields,
  documents: Fields,
): TestResult {
  if (!isFields(value))
    return { name: fallback, outcome: 'broken', lines: ['the case is no object'] }
  const name = typeof value['name'] === 'string' ? value['name'] : fallback
  const merged = merge(defaults, value)
  const named = Object.fromEntries(
    Object.entries(merged).map(([key, member]) => [
      key,
      /Polic(?:y|ies)$|Boundaries$/.test(key) ? resolve(member, documents) : member,
    ]),
  )
  const expected = readExpectation(value['expect'] ?? defaults['expect'])
  if (typeof expected === 'string') return { name, outcome: 'broken', lines: [expected] }
  const read = readCase(named)
  if ('error' in read) return { name, outcome: 'broken', lines: [read.error] }
  const answer = evaluate(read.request, read.policies, { explain: true })
  const lines = differences(expected, answer)
  return { name, outcome: lines.length === 0 ? 'passed' : 'failed', lines }
}

interface Expectation {
  readonly decision: Decision['decision']
  readonly deniedBy?: unknown
  readonly determining?: readonly unknown[]
}

const decisions = ['allowed', 'explicitDeny', 'implicitDeny']

/** `denied` is either kind of denial. */
function readExpectation(value: unknown): Expectation | { readonly decision: 'denied' } | string {
  const expectation = isFields(value) ? value : { decision: value }
  const { decision, deniedBy, determining } = expectation as Fields
  if (decision === 'denied') return { decision }
  if (typeof decision !== 'string' || !decisions.includes(decision)) {
    return `expect: \`${String(decision)}\` is none of ${decisions.join(', ')}, denied`
  }
  return {
    decision: decision as Decision['decision'],
    ...(deniedBy !== undefined && { deniedBy }),
    ...(Array.isArray(determining) && { determining: determining as readonly unknown[] }),
  }
}

function differences(
  expected: Expectation | { readonly decision: 'denied' },
  answer: Decision,
): string[] {
  const isExpected =
    expected.decision === 'denied'
      ? answer.decision !== 'allowed'
      : answer.decision === expected.decision
  if (!isExpected) {
    return [
      `- expected   ${expected.decision}`,
      `+ answered   ${showDecision(answer)}`,
      ...nearMisses(answer).map((line) => `  ${line}`),
    ]
  }
  if (expected.decision === 'denied') return []
  if (expected.deniedBy !== undefined && expected.deniedBy !== answer.deniedBy) {
    return [`- denied by   ${String(expected.deniedBy)}`, `+ denied by   ${answer.deniedBy ?? ''}`]
  }
  const actual = answer.determining.map(({ sid, index }) => sid ?? index)
  const wanted = expected.determining ?? actual
  const same = wanted.length === actual.length && wanted.every((each, i) => each === actual[i])
  if (same) return []
  return [
    `- determined by   ${wanted.join(', ')}`,
    `+ determined by   ${answer.determining.map(showStatement).join(', ')}`,
  ]
}

/** A case over its defaults; `request` and its `context` member by member. */
function merge(defaults: Fields, given: Fields): Fields {
  const own = isFields(given['request']) ? given['request'] : {}
  const usual = isFields(defaults['request']) ? defaults['request'] : {}
  const contexts = [usual['context'], own['context']].filter(isFields)
  const context = contexts.length > 0 ? { context: Object.assign({}, ...contexts) as Fields } : {}
  const { expect: _expected, ...rest } = { ...defaults, ...given }
  return { ...rest, request: { ...usual, ...own, ...context } }
}

/** Puts named documents in the place of their names. */
function resolve(value: unknown, documents: Fields): unknown {
  if (Array.isArray(value)) return value.map((each: unknown) => resolve(each, documents))
  return typeof value === 'string' && Object.hasOwn(documents, value) ? documents[value] : value
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
