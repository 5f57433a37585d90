/** A policy document, compiled for evaluation; one text gives one compiled document, whoever has it attached. */
import { ByteAccount, type ByteTotal } from './byte-account.ts'
import { parseJson } from './json.ts'
import type { ActionName } from './request-view.ts'
import { member, Statement } from './statement.ts'

/** The statements of a document that mean one action. */
export interface Selection {
  readonly denies: readonly Statement[]
  readonly allows: readonly Statement[]
}

const nothing: Selection = { denies: [], allows: [] }

/** Below this many statements looking at each is cheaper than remembering. */
const statementsRemembered = 8
/** Actions remembered per document. */
const actionsRemembered = 24

export class CompiledDocument {
  readonly account: ByteAccount
  /** Whether it was asked for again since the cache last made room. */
  recent = false
  /** Empty where the text is no policy: a document that cannot be read grants nothing. */
  readonly statements: readonly Statement[]
  #selections: Map<string, Selection> | undefined
  #lastAction: ActionName | undefined
  #last: Selection = nothing

  /** `total` is charged for what the document holds. */
  constructor(text: string, total: ByteTotal) {
    this.account = new ByteAccount(total)
    // Measured: statements and their action patterns; their other elements come on top when they are compiled.
    this.account.charge(600 + 4 * text.length)
    this.statements = readStatements(text, this.account)
  }

  /** The statements whose Action or NotAction means the action, in document order. */
  select(action: ActionName): Selection {
    if (action === this.#lastAction) return this.#last
    const known = this.#selections?.get(action.folded)
    const selection = known ?? this.#look(action)
    if (!known && this.statements.length >= statementsRemembered) {
      this.#selections ??= new Map()
      if (this.#selections.size >= actionsRemembered) this.#selections.clear()
      this.#selections.set(action.folded, selection)
    }
    this.#lastAction = action
    this.#last = selection
    return selection
  }

  #look(action: ActionName): Selection {
    let denies: Statement[] | undefined
    let allows: Statement[] | undefined
    for (const statement of this.statements) {
      if (!statement.meansAction(action)) continue
      if (statement.effect === 'Deny') {
        denies ??= []
        denies.push(statement)
      } else if (statement.effect === 'Allow') {
        allows ??= []
        allows.push(statement)
      }
    }
    if (!denies && !allows) return nothing
    return { denies: denies ?? nothing.denies, allows: allows ?? nothing.allows }
  }
}

function readStatements(text: string, account: ByteAccount): Statement[] {
  const { node } = parseJson(text)
  if (node?.kind !== 'object') return []
  const version = member(node, 'Version')
  const variables = version?.kind === 'string' && version.text === '2012-10-17'
  const list = member(node, 'Statement')
  const nodes = list?.kind === 'array' ? list.items : list ? [list] : []
  return nodes.flatMap((each, index) =>
    each.kind === 'object' ? [new Statement(text, each, { index, variables, account })] : [],
  )
}
