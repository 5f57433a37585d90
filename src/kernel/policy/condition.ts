/** Conditions of a statement: operator with its set prefix and suffix, key, wanted values. */

import { type ContextKey, contextKey } from './context-key.ts'
import type { ElementFinding } from './decision.ts'
import type { JsonNode, Span } from './json.ts'
import { findOperator } from './operators.ts'
import type { RequestView } from './request-view.ts'
import { parseTemplate, show, type TemplatePiece } from './template.ts'
import { type Comparison, MATCH, MISMATCH, type ValueTest } from './value-tests.ts'

/** `ForAnyValue:StringLikeIfExists` in its parts. */
export interface OperatorUse {
  readonly set: 'any' | 'all' | undefined
  /** Bare name as written, without prefix and suffix. */
  readonly base: string
  readonly ifExists: boolean
}

/** One element of a statement, asked whether it matches a request and why. */
export interface StatementElement {
  matches(view: RequestView): boolean
  explain(view: RequestView): ElementFinding
}

/** Takes an operator's name apart; says nothing of whether there is such an operator. */
export function parseOperator(name: string): OperatorUse {
  const colon = name.indexOf(':')
  const prefix = colon < 0 ? '' : name.slice(0, colon).toLowerCase()
  const set = prefix === 'foranyvalue' ? 'any' : prefix === 'forallvalues' ? 'all' : undefined
  const rest = set ? name.slice(colon + 1) : name
  const ifExists = rest.toLowerCase().endsWith('ifexists')
  return { set, base: ifExists ? rest.slice(0, -8) : rest, ifExists }
}

/** Compiles one `operator: { key: values }`; an unknown operator never matches. */
export function compileCondition(
  operatorName: string,
  key: string,
  values: JsonNode,
  span: Span,
  variables: boolean,
): StatementElement {
  const wanted = scalarTexts(values)
  const use = parseOperator(operatorName)
  const shared = { operatorName, key: contextKey(key), span }
  if (use.base.toLowerCase() === 'null') return new NullCondition(shared, wanted)
  const operator = findOperator(use.base)
  if (!operator) return new UnknownCondition(shared, wanted)
  const on = variables && operator.variables
  const templates = wanted.map((value) =>
    parseTemplate(value, { wildcards: operator.wildcards, variables: on }),
  )
  return new Condition(shared, use, operator.negated, operator.compile(wanted, on), templates)
}

/** The texts of a value or a list of values; lists and objects within are no values. */
export function scalarTexts(node: JsonNode): string[] {
  const nodes = node.kind === 'array' ? node.items : [node]
  return nodes.flatMap((item) => ('text' in item ? [item.text] : []))
}

interface Shared {
  readonly operatorName: string
  readonly key: ContextKey
  readonly span: Span
}

class Condition implements StatementElement {
  readonly #shared: Shared
  readonly #key: ContextKey
  readonly #set: OperatorUse['set']
  readonly #wantedComparison: Comparison
  readonly #whenMissing: boolean
  readonly #test: ValueTest
  readonly #templates: readonly (readonly TemplatePiece[])[]

  constructor(
    shared: Shared,
    use: OperatorUse,
    negated: boolean,
    test: ValueTest,
    templates: readonly (readonly TemplatePiece[])[],
  ) {
    this.#shared = shared
    this.#key = shared.key
    this.#set = use.set
    this.#wantedComparison = negated ? MISMATCH : MATCH
    this.#whenMissing = use.ifExists || use.set === 'all' || (use.set === undefined && negated)
    this.#test = test
    this.#templates = templates
  }

  matches(view: RequestView): boolean {
    const actual = view.lookup(this.#key)
    if (typeof actual === 'string') return this.#one(actual, view)
    if (actual === undefined) return this.#whenMissing
    if (this.#set === 'any') return actual.some((value) => this.#one(value, view))
    if (this.#set === 'all') return actual.every((value) => this.#one(value, view))
    // Several values without a set operator: AWS compares single values only, so nothing matches.
    const [only] = actual
    return actual.length === 1 && only !== undefined && this.#one(only, view)
  }

  explain(view: RequestView): ElementFinding {
    const wanted = this.#templates.map((template) => show(template, view))
    return finding(this.#shared, view, this.matches(view), wanted)
  }

  #one(actual: string, view: RequestView): boolean {
    return this.#test.compare(actual, view) === this.#wantedComparison
  }
}

/** `Null: {key: true}` asks that the key be missing, `false` that it be there. */
class NullCondition implements StatementElement {
  readonly #shared: Shared
  readonly #wanted: readonly string[]
  constructor(shared: Shared, wanted: readonly string[]) {
    this.#shared = shared
    this.#wanted = wanted
  }
  matches(view: RequestView): boolean {
    const missing = String(view.lookup(this.#shared.key) === undefined)
    return this.#wanted.some((value) => value.toLowerCase() === missing)
  }
  explain(view: RequestView): ElementFinding {
    return finding(this.#shared, view, this.matches(view), this.#wanted)
  }
}

class UnknownCondition implements StatementElement {
  readonly #shared: Shared
  readonly #wanted: readonly string[]
  constructor(shared: Shared, wanted: readonly string[]) {
    this.#shared = shared
    this.#wanted = wanted
  }
  matches(): boolean {
    return false
  }
  explain(view: RequestView): ElementFinding {
    return finding(this.#shared, view, false, this.#wanted)
  }
}

function finding(
  { operatorName, key, span }: Shared,
  view: RequestView,
  matched: boolean,
  wanted: readonly string[],
): ElementFinding {
  const value = view.lookup(key)
  const actual = value === undefined ? [] : typeof value === 'string' ? [value] : value
  return {
    element: 'Condition',
    matched,
    wanted,
    actual,
    operator: operatorName,
    key: key.name,
    ...(value === undefined && { missing: true }),
    span: { start: span.start, end: span.end },
  }
}
