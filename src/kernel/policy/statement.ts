/** One statement, compiled: its action patterns at once, the rest when first a request's action matches. */
import { type ArnPattern, compileResource } from './arn-pattern.ts'
import type { ByteAccount } from './byte-account.ts'
import { compileCondition, type StatementElement, scalarTexts } from './condition.ts'
import type { ElementFinding } from './decision.ts'
import { compileGlob, type Glob, globPieces } from './glob.ts'
import { type JsonNode, type JsonObject, parseJsonAt, type Span } from './json.ts'
import { NOBODY, PrincipalElement, type PrincipalMatch } from './principal-element.ts'
import type { ActionName, RequestView } from './request-view.ts'

/** The value of a member, by its exact name. */
export function member(node: JsonObject, key: string): JsonNode | undefined {
  return node.members.find((each) => each.key === key)?.value
}

/** Everything of a statement but its actions. */
interface Body {
  readonly resource: ResourceElement | undefined
  readonly principal: PrincipalElement | undefined
  readonly conditions: readonly StatementElement[]
}

export class Statement {
  readonly index: number
  readonly sid: string | undefined
  readonly effect: 'Allow' | 'Deny' | undefined
  readonly span: Span
  readonly #text: string
  readonly #variables: boolean
  readonly #actions: ActionElement
  readonly #account: ByteAccount
  #body: Body | undefined

  constructor(
    text: string,
    node: JsonObject,
    facts: { index: number; variables: boolean; account: ByteAccount },
  ) {
    const { index, variables, account } = facts
    const effect = member(node, 'Effect')
    const sid = member(node, 'Sid')
    this.index = index
    this.sid = sid?.kind === 'string' ? sid.text : undefined
    this.effect =
      effect?.kind === 'string' && (effect.text === 'Allow' || effect.text === 'Deny')
        ? effect.text
        : undefined
    this.span = { start: node.start, end: node.end }
    this.#text = text
    this.#variables = variables
    this.#account = account
    this.#actions = new ActionElement(node)
  }

  meansAction(action: ActionName): boolean {
    return this.#actions.means(action)
  }

  /** Whether all but the action (already selected) matches. Where a principal is required, one must be named. */
  matches(view: RequestView, principalRequired: boolean): boolean {
    const { resource, principal, conditions } = this.#compiled()
    if (resource && !resource.matches(view)) return false
    if (principal ? principal.match(view) === NOBODY : principalRequired) return false
    for (const condition of conditions) if (!condition.matches(view)) return false
    return true
  }

  /** How closely the statement names the caller; meaningful once it matches. */
  principalMatch(view: RequestView): PrincipalMatch {
    return this.#compiled().principal?.match(view) ?? NOBODY
  }

  explain(view: RequestView, principalRequired: boolean): ElementFinding[] {
    const { resource, principal, conditions } = this.#compiled()
    const findings: ElementFinding[] = []
    if (principal) findings.push(principal.explain(view))
    else if (principalRequired) findings.push(noPrincipal(this.span))
    findings.push(this.#actions.explain(view))
    if (resource) findings.push(resource.explain(view))
    for (const condition of conditions) findings.push(condition.explain(view))
    return findings
  }

  #compiled(): Body {
    if (!this.#body) {
      const denies = this.effect === 'Deny'
      this.#body = compileBody(this.#text, this.span.start, this.#variables, denies)
      // Measured: ten bytes a character.
      this.#account.charge(10 * (this.span.end - this.span.start))
    }
    return this.#body
  }
}

function noPrincipal({ start, end }: Span): ElementFinding {
  return { element: 'Principal', matched: false, wanted: [], actual: [], span: { start, end } }
}

/** Reads the statement again at its place: holding every syntax tree would cost more than the few that are needed. */
function compileBody(text: string, start: number, variables: boolean, denies: boolean): Body {
  const node = parseJsonAt(text, start)
  if (node?.kind !== 'object') return { resource: undefined, principal: undefined, conditions: [] }
  const resource = pick(node, 'Resource', 'NotResource')
  const principal = pick(node, 'Principal', 'NotPrincipal')
  return {
    resource: resource && new ResourceElement(resource.name, resource.value, variables),
    principal: principal && new PrincipalElement(principal.name, principal.value, denies),
    conditions: compileConditions(member(node, 'Condition'), variables),
  }
}

function pick<Name extends string>(node: JsonObject, ...names: readonly Name[]) {
  for (const name of names) {
    const value = member(node, name)
    if (value) return { name, value }
  }
  return undefined
}

function compileConditions(node: JsonNode | undefined, variables: boolean): StatementElement[] {
  if (node?.kind !== 'object') return []
  return node.members.flatMap(({ key: operator, value }) =>
    value.kind !== 'object'
      ? []
      : value.members.map((entry) =>
          compileCondition(operator, entry.key, entry.value, entry, variables),
        ),
  )
}

/** A pattern of actions; `service` is its vendor prefix where that is literal. */
interface ActionPattern {
  readonly service: string | undefined
  readonly glob: Glob
}

class ActionElement {
  readonly #negated: boolean
  readonly #span: Span
  readonly #written: readonly string[]
  readonly #patterns: readonly ActionPattern[]

  constructor(statement: JsonObject) {
    const action = pick(statement, 'Action', 'NotAction')
    this.#negated = action?.name === 'NotAction'
    this.#span = action ? { start: action.value.start, end: action.value.end } : statement
    this.#written = action ? scalarTexts(action.value) : []
    this.#patterns = this.#written.map(compileAction)
    // A statement without either element is about nothing.
    if (!action) this.#negated = false
  }

  means(action: ActionName): boolean {
    for (const { service, glob } of this.#patterns) {
      if (service !== undefined && service !== action.service) continue
      if (glob.matches(action.folded)) return !this.#negated
    }
    return this.#negated
  }

  explain(view: RequestView): ElementFinding {
    return {
      element: this.#negated ? 'NotAction' : 'Action',
      matched: this.means(view.action),
      wanted: this.#written,
      actual: [view.request.action],
      span: { start: this.#span.start, end: this.#span.end },
    }
  }
}

function compileAction(written: string): ActionPattern {
  const folded = written.toLowerCase()
  const colon = folded.indexOf(':')
  const service = colon < 0 ? '' : folded.slice(0, colon)
  const literal = service !== '' && !service.includes('*') && !service.includes('?')
  return {
    service: literal ? service : undefined,
    glob: compileGlob(globPieces(folded)),
  }
}

class ResourceElement {
  readonly #name: 'Resource' | 'NotResource'
  readonly #span: Span
  readonly #patterns: readonly ArnPattern[]

  constructor(name: 'Resource' | 'NotResource', node: JsonNode, variables: boolean) {
    this.#name = name
    this.#span = { start: node.start, end: node.end }
    this.#patterns = scalarTexts(node).map((text) => compileResource(text, variables))
  }

  matches(view: RequestView): boolean {
    if (this.#name === 'Resource') {
      for (const pattern of this.#patterns) if (pattern.matches(view, view)) return true
      return false
    }
    for (const pattern of this.#patterns) {
      // Where a variable has no value nobody can say that the resource is another one.
      if (pattern.matches(view, view) || !pattern.resolvable(view)) return false
    }
    return true
  }

  explain(view: RequestView): ElementFinding {
    return {
      element: this.#name,
      matched: this.matches(view),
      wanted: this.#patterns.map((pattern) => pattern.show(view)),
      actual: [view.resource],
      span: this.#span,
    }
  }
}
