/** ARN patterns of Resource, NotResource and the Arn… operators: six fields, each matched by itself. */
import { beginsWith, compileGlob, type Glob, STAR } from './glob.ts'
import { type ArnFields, arnFields } from './request-view.ts'
import {
  DynamicGlob,
  isStatic,
  isVariable,
  parseTemplate,
  show,
  type TemplatePiece,
  type VariableSource,
} from './template.ts'

/** What a pattern is matched against: the whole text and, on demand, its fields. */
export interface ArnSubject {
  readonly resource: string
  fields(): ArnFields | undefined
}

export interface ArnPattern {
  /** False, too, where a variable has no value. */
  matches(subject: ArnSubject, source: VariableSource): boolean
  /** True where every variable has a value. */
  resolvable(source: VariableSource): boolean
  show(source: VariableSource): string
}

/**
 * Compiles a Resource pattern. `*` alone matches everything. A short pattern with a wildcard (`arn:aws:s3*`) stands
 * for all its missing fields, a short one without matches nothing.
 */
export function compileResource(text: string, variables: boolean): ArnPattern {
  const pieces = parseTemplate(text, { wildcards: true, variables })
  if (pieces.length > 0 && pieces.every((piece) => piece === STAR)) return new Everything(text)
  const fields = splitFields(pieces)
  if (fields.length < 6) {
    if (!pieces.includes(STAR)) return new Nothing(text)
    while (fields.length < 6) fields.push([STAR])
    return new ByField(fields, pieces)
  }
  const head = fields.slice(0, 5)
  if (!head.every((field) => field.every((piece) => typeof piece === 'string'))) {
    return new ByField(fields, pieces)
  }
  // With a literal head the whole text can be matched at once: its five colons keep the fields apart.
  if (isStatic(pieces)) return new Whole(text, compileGlob(pieces))
  return new WholeDynamic(pieces)
}

/** Compiles a value of an Arn… operator; undefined where it is no ARN of six fields. */
export function compileArn(text: string, variables: boolean): ArnPattern | undefined {
  const pieces = parseTemplate(text, { wildcards: true, variables })
  const fields = splitFields(pieces)
  return fields.length === 6 ? new ByField(fields, pieces) : undefined
}

/** An ARN from the context as a subject of patterns; undefined where it is none. */
export function arnSubject(text: string): ArnSubject | undefined {
  const fields = arnFields(text)
  return fields && { resource: text, fields: () => fields }
}

class Everything implements ArnPattern {
  readonly #text: string
  constructor(text: string) {
    this.#text = text
  }
  matches(): boolean {
    return true
  }
  resolvable(): boolean {
    return true
  }
  show(): string {
    return this.#text
  }
}

class Nothing extends Everything {
  override matches(): boolean {
    return false
  }
}

class Whole implements ArnPattern {
  readonly #text: string
  readonly #glob: Glob
  constructor(text: string, glob: Glob) {
    this.#text = text
    this.#glob = glob
  }
  matches(subject: ArnSubject): boolean {
    return this.#glob.matches(subject.resource)
  }
  resolvable(): boolean {
    return true
  }
  show(): string {
    return this.#text
  }
}

class WholeDynamic implements ArnPattern {
  /** Literal text up to the first wildcard or variable: most requests fail here, before any variable is filled. */
  readonly #head: string
  readonly #glob: DynamicGlob
  readonly #pieces: readonly TemplatePiece[]
  constructor(pieces: readonly TemplatePiece[]) {
    const [head] = pieces
    this.#head = typeof head === 'string' ? head : ''
    this.#glob = new DynamicGlob(pieces)
    this.#pieces = pieces
  }
  matches(subject: ArnSubject, source: VariableSource): boolean {
    const text = subject.resource
    return beginsWith(text, this.#head) && (this.#glob.glob(source)?.matches(text) ?? false)
  }
  resolvable(source: VariableSource): boolean {
    return this.#glob.glob(source) !== undefined
  }
  show(source: VariableSource): string {
    return show(this.#pieces, source)
  }
}

class ByField implements ArnPattern {
  readonly #fields: readonly (Glob | DynamicGlob)[]
  readonly #pieces: readonly TemplatePiece[]
  readonly #variables: boolean
  constructor(fields: readonly (readonly TemplatePiece[])[], pieces: readonly TemplatePiece[]) {
    this.#fields = fields.map((field) =>
      isStatic(field) ? compileGlob(field) : new DynamicGlob(field),
    )
    this.#pieces = pieces
    this.#variables = pieces.some(isVariable)
  }

  matches(subject: ArnSubject, source: VariableSource): boolean {
    const actual = subject.fields()
    if (!actual) return false
    for (let i = 0; i < 6; i++) {
      const field = this.#fields[i] as Glob | DynamicGlob // there are six
      const glob = field instanceof DynamicGlob ? field.glob(source) : field
      if (!glob?.matches(i === 0 ? 'arn' : (actual[i - 1] as string))) return false
    }
    return true
  }

  resolvable(source: VariableSource): boolean {
    if (!this.#variables) return true
    return this.#fields.every((f) => !(f instanceof DynamicGlob) || f.glob(source) !== undefined)
  }

  show(source: VariableSource): string {
    return show(this.#pieces, source)
  }
}

/** Cuts a template at the first five colons of its literal text: a colon inside a variable is no boundary. */
function splitFields(pieces: readonly TemplatePiece[]): TemplatePiece[][] {
  let current: TemplatePiece[] = []
  const fields = [current]
  for (const piece of pieces) {
    if (typeof piece !== 'string') {
      current.push(piece)
      continue
    }
    let rest = piece
    while (fields.length < 6) {
      const colon = rest.indexOf(':')
      if (colon < 0) break
      if (colon > 0) current.push(rest.slice(0, colon))
      rest = rest.slice(colon + 1)
      current = []
      fields.push(current)
    }
    if (rest) current.push(rest)
  }
  return fields
}
