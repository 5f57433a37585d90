/** Texts of a policy with wildcards and variables (`${aws:username}`, `${key, 'default'}`, `${*}`), taken apart once. */
import { type ContextKey, contextKey } from './context-key.ts'
import { compileGlob, type Glob, type GlobPiece, ONE, STAR } from './glob.ts'

/** `${key}`: filled from the request; what it stands for is literal text, never a wildcard. */
export interface Variable {
  readonly key: string
  readonly contextKey: ContextKey
  readonly fallback: string | undefined
}

export type TemplatePiece = GlobPiece | Variable

/** What a template asks of a request: the one value of a condition key; undefined where missing or several. */
export interface VariableSource {
  variable(variable: Variable): string | undefined
}

/**
 * Takes a text apart. `wildcards`: `*` and `?` are wildcards. `variables`: `${…}` is a variable (Version
 * 2012-10-17); otherwise it is literal text.
 */
export function parseTemplate(
  text: string,
  { wildcards, variables }: { wildcards: boolean; variables: boolean },
): TemplatePiece[] {
  const pieces: TemplatePiece[] = []
  let literal = ''
  const flush = () => {
    if (literal) pieces.push(literal)
    literal = ''
  }
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at)
    if (wildcards && (char === '*' || char === '?')) {
      flush()
      pieces.push(char === '*' ? STAR : ONE)
      continue
    }
    const close = variables && text.startsWith('${', at) ? text.indexOf('}', at) : -1
    if (close < 0) {
      literal += char
      continue
    }
    const inside = text.slice(at + 2, close)
    at = close
    if (inside === '*' || inside === '?' || inside === '$') literal += inside
    else {
      flush()
      pieces.push(parseVariable(inside))
    }
  }
  flush()
  return pieces
}

export function isVariable(piece: TemplatePiece): piece is Variable {
  return typeof piece === 'object'
}

/** True where the template needs nothing of the request. */
export function isStatic(pieces: readonly TemplatePiece[]): pieces is readonly GlobPiece[] {
  return !pieces.some(isVariable)
}

/** A template whose variables are filled for each request; the last filling is kept, as requests come in runs. */
export class DynamicGlob {
  readonly #pieces: readonly TemplatePiece[]
  readonly #first: Variable | undefined
  readonly #single: boolean
  #lastValue: string | undefined
  #lastGlob: Glob | undefined

  constructor(pieces: readonly TemplatePiece[]) {
    const variables = pieces.filter(isVariable)
    this.#pieces = pieces
    this.#first = variables[0]
    this.#single = variables.length === 1
  }

  /** The pattern for this request; undefined where a variable has no value. */
  glob(source: VariableSource): Glob | undefined {
    if (!this.#single || !this.#first) {
      const filled = fill(this.#pieces, source)
      return filled && compileGlob(filled)
    }
    const value = source.variable(this.#first)
    if (value === undefined) return undefined
    if (value !== this.#lastValue || !this.#lastGlob) {
      this.#lastGlob = compileGlob(this.#pieces.map((p) => (isVariable(p) ? value : p)))
      this.#lastValue = value
    }
    return this.#lastGlob
  }
}

/** Fills the variables; undefined where one has no value. */
export function fill(
  pieces: readonly TemplatePiece[],
  source: VariableSource,
): GlobPiece[] | undefined {
  const filled: GlobPiece[] = []
  for (const piece of pieces) {
    const value = isVariable(piece) ? source.variable(piece) : piece
    if (value === undefined) return undefined
    filled.push(value)
  }
  return filled
}

/** The template as text with its variables filled, wildcards as they were; unfilled ones stay `${key}`. */
export function show(pieces: readonly TemplatePiece[], source: VariableSource): string {
  return pieces
    .map((piece) => {
      if (piece === STAR) return '*'
      if (piece === ONE) return '?'
      return isVariable(piece) ? (source.variable(piece) ?? `\${${piece.key}}`) : piece
    })
    .join('')
}

/** `aws:username`, `aws:PrincipalTag/team, 'none'`. */
function parseVariable(inside: string): Variable {
  const comma = inside.indexOf(',')
  const fallback = comma < 0 ? '' : inside.slice(comma + 1).trim()
  if (fallback.length >= 2 && fallback.startsWith("'") && fallback.endsWith("'")) {
    return variable(inside.slice(0, comma), fallback.slice(1, -1))
  }
  return variable(inside, undefined)
}

function variable(name: string, fallback: string | undefined): Variable {
  const key = name.trim()
  return { key, contextKey: contextKey(key), fallback }
}
