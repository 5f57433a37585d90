/** How one value of a request is compared with the values of a policy, for each family of operators. */
import { type ArnPattern, arnSubject, compileArn } from './arn-pattern.ts'
import { compileGlob, type Glob } from './glob.ts'
import { type IpRange, inRange, parseIp, parseRange } from './ip-range.ts'
import {
  DynamicGlob,
  fill,
  isStatic,
  parseTemplate,
  type TemplatePiece,
  type VariableSource,
} from './template.ts'

/**
 * What comparing one actual value with all wanted ones gives. `UNDECIDED`: nothing matched, and some value could not
 * be compared (a variable without value, no number, no date): then neither the operator nor its negation holds.
 */
export type Comparison = typeof MATCH | typeof MISMATCH | typeof UNDECIDED
export const MATCH = 1
export const MISMATCH = 0
export const UNDECIDED = -1

/** Compares one value of the request with the values of the policy. */
export interface ValueTest {
  compare(actual: string, source: VariableSource): Comparison
}

export const asIs = (value: string) => value
export const fold = (value: string) => value.toLowerCase()

export function compileStrings(
  values: readonly string[],
  variables: boolean,
  normal: (value: string) => string,
): ValueTest {
  const templates = values.map((value) => parseTemplate(value, { wildcards: false, variables }))
  if (!templates.every(isStatic)) return new DynamicStrings(templates, normal)
  const wanted = templates.map((pieces) => normal(pieces.join('')))
  const [only] = wanted
  if (normal !== asIs) return new Same(wanted, normal)
  return only !== undefined && wanted.length === 1 ? new OneString(only) : new StringSet(wanted)
}

class OneString implements ValueTest {
  readonly #wanted: string
  constructor(wanted: string) {
    this.#wanted = wanted
  }
  compare(actual: string): Comparison {
    return actual === this.#wanted ? MATCH : MISMATCH
  }
}

class StringSet implements ValueTest {
  readonly #wanted: ReadonlySet<string>
  constructor(wanted: readonly string[]) {
    this.#wanted = new Set(wanted)
  }
  compare(actual: string): Comparison {
    return this.#wanted.has(actual) ? MATCH : MISMATCH
  }
}

class DynamicStrings implements ValueTest {
  readonly #templates: readonly (readonly TemplatePiece[])[]
  readonly #normal: (value: string) => string
  constructor(templates: readonly (readonly TemplatePiece[])[], normal: (value: string) => string) {
    this.#templates = templates
    this.#normal = normal
  }
  compare(actual: string, source: VariableSource): Comparison {
    const normalActual = this.#normal(actual)
    let result: Comparison = MISMATCH
    for (const template of this.#templates) {
      const filled = fill(template, source)
      if (!filled) result = UNDECIDED
      else if (this.#normal(filled.join('')) === normalActual) return MATCH
    }
    return result
  }
}

export class Likeness implements ValueTest {
  readonly #globs: readonly (Glob | DynamicGlob)[]
  constructor(values: readonly string[], variables: boolean) {
    this.#globs = values.map((value) => {
      const pieces = parseTemplate(value, { wildcards: true, variables })
      return isStatic(pieces) ? compileGlob(pieces) : new DynamicGlob(pieces)
    })
  }
  compare(actual: string, source: VariableSource): Comparison {
    let result: Comparison = MISMATCH
    for (const each of this.#globs) {
      const glob = each instanceof DynamicGlob ? each.glob(source) : each
      if (!glob) result = UNDECIDED
      else if (glob.matches(actual)) return MATCH
    }
    return result
  }
}

/** How an actual number stands to a wanted one. */
export type Relation = (actual: number, wanted: number) => boolean

/** Numbers and dates: values that are parsed and stand in an order. */
export class Ordered implements ValueTest {
  readonly #wanted: readonly (number | undefined)[]
  readonly #parse: (value: string) => number | undefined
  readonly #holds: Relation
  constructor(
    values: readonly string[],
    parse: (value: string) => number | undefined,
    holds: Relation,
  ) {
    this.#wanted = values.map(parse)
    this.#parse = parse
    this.#holds = holds
  }
  compare(actual: string): Comparison {
    const number = this.#parse(actual)
    if (number === undefined) return UNDECIDED
    let result: Comparison = MISMATCH
    for (const wanted of this.#wanted) {
      if (wanted === undefined) result = UNDECIDED
      else if (this.#holds(number, wanted)) return MATCH
    }
    return result
  }
}

/** Values that are equal when their normal forms are. */
export class Same implements ValueTest {
  readonly #wanted: readonly (string | undefined)[]
  readonly #normal: (value: string) => string | undefined
  constructor(values: readonly string[], normal: (value: string) => string | undefined) {
    this.#wanted = values.map(normal)
    this.#normal = normal
  }
  compare(actual: string): Comparison {
    const normal = this.#normal(actual)
    if (normal === undefined) return UNDECIDED
    if (this.#wanted.includes(normal)) return MATCH
    return this.#wanted.includes(undefined) ? UNDECIDED : MISMATCH
  }
}

export class Ranges implements ValueTest {
  readonly #wanted: readonly (IpRange | undefined)[]
  constructor(values: readonly string[]) {
    this.#wanted = values.map(parseRange)
  }
  compare(actual: string): Comparison {
    const words = parseIp(actual)
    if (!words) return UNDECIDED
    let result: Comparison = MISMATCH
    for (const range of this.#wanted) {
      if (!range) result = UNDECIDED
      else if (inRange(words, range)) return MATCH
    }
    return result
  }
}

export class Arns implements ValueTest {
  readonly #wanted: readonly (ArnPattern | undefined)[]
  constructor(values: readonly string[], variables: boolean) {
    this.#wanted = values.map((value) => compileArn(value, variables))
  }
  compare(actual: string, source: VariableSource): Comparison {
    const subject = arnSubject(actual)
    if (!subject) return UNDECIDED
    let result: Comparison = MISMATCH
    for (const pattern of this.#wanted) {
      if (pattern?.matches(subject, source)) return MATCH
      if (!pattern?.resolvable(source)) result = UNDECIDED
    }
    return result
  }
}

const numberForm = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/

/** Integer or decimal; `12abc`, `0x10` and '' are none. */
export function parseNumber(value: string): number | undefined {
  return value.length <= 400 && numberForm.test(value) ? Number(value) : undefined
}

export function parseBool(value: string): string | undefined {
  const folded = value.toLowerCase()
  return folded === 'true' || folded === 'false' ? folded : undefined
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/

/** The bytes of a base64 text, in one spelling; undefined where it is none. */
export function parseBinary(value: string): string | undefined {
  return base64.test(value) ? atob(value) : undefined
}
