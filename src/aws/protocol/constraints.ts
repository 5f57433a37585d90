/** Checks a parsed input against the model's required members and a service's own limits, in AWS's words. */
import { Refusal } from '../../kernel/refusal.ts'
import type { Member, ServiceModel, Shape, StructureShape } from './model.ts'
import { shapeOf, structureOf } from './model.ts'
import type { Values } from './scalar.ts'

/**
 * Limits of one member; the API models that SDKs carry have none, so each service writes those of the fields it keeps.
 * Lengths are of strings in code points, of lists and maps in items.
 */
export interface Constraint {
  readonly length?: readonly [min: number, max: number]
  /** Both ends included. */
  readonly range?: readonly [min: number, max: number]
  /** As AWS quotes it; the whole value must match. */
  readonly pattern?: string
  /** What decides instead, where the quoted pattern is no JavaScript. */
  readonly matches?: RegExp
  readonly oneOf?: readonly string[]
}

/**
 * By the member's name, wherever it occurs (`RoleName`), or, and first, in one structure (`CreateRoleRequest.Path`,
 * `Tag.Key`).
 */
export type Constraints = Readonly<Record<string, Constraint>>

/** Makes the check of a model's inputs: returns the texts of what is wrong, in the model's order. */
export function createConstraintCheck(
  model: ServiceModel,
  constraints: Constraints = {},
): (operation: string, input: Values) => readonly string[] {
  const compiled = new Map<string, RegExp>()
  for (const { pattern, matches } of Object.values(constraints)) {
    if (pattern) compiled.set(pattern, matches ?? new RegExp(`^(?:${pattern})$`, 'u'))
  }
  const checker = new Checker(model, constraints, compiled)
  return (operation, input) => {
    const shape = model.operations[operation]?.input
    if (!shape) return []
    const problems: string[] = []
    checker.structure(shape, input, '', problems)
    return problems
  }
}

/** `2 validation errors detected: …; …`, as a Refusal with the service's code. */
export function validationRefusal(problems: readonly string[], code: string): Refusal {
  const count =
    problems.length === 1 ? '1 validation error' : `${problems.length} validation errors`
  return new Refusal(`${count} detected: ${problems.join('; ')}`, { code, status: 400 })
}

class Checker {
  readonly #model: ServiceModel
  readonly #constraints: Constraints
  readonly #patterns: ReadonlyMap<string, RegExp>

  constructor(
    model: ServiceModel,
    constraints: Constraints,
    patterns: ReadonlyMap<string, RegExp>,
  ) {
    this.#model = model
    this.#constraints = constraints
    this.#patterns = patterns
  }

  structure(name: string, values: Values, path: string, problems: string[]): void {
    const shape: StructureShape = structureOf(this.#model, name)
    for (const [key, member] of Object.entries(shape.members)) {
      const value = values[key]
      const at = path + lowerCamel(key)
      if (value === undefined) {
        if (shape.required.includes(key)) problems.push(failure('null', at, 'not be null'))
        continue
      }
      const constraint = this.#constraints[`${name}.${key}`] ?? this.#constraints[key]
      if (constraint) this.#check(constraint, member, value, at, problems)
      this.#inside(member, value, at, problems)
    }
  }

  #inside(member: Member, value: unknown, at: string, problems: string[]): void {
    const shape: Shape = shapeOf(this.#model, member.shape)
    if (shape.kind === 'structure') {
      this.structure(member.shape, value as Values, `${at}.`, problems)
    } else if (shape.kind === 'list') {
      const constraint = this.#constraints[`${member.shape}.member`]
      for (const [index, item] of (value as unknown[]).entries()) {
        const itemAt = `${at}.${index + 1}.member`
        if (constraint) this.#check(constraint, shape.of, item, itemAt, problems)
        this.#inside(shape.of, item, itemAt, problems)
      }
    }
  }

  #check(
    constraint: Constraint,
    member: Member,
    value: unknown,
    at: string,
    problems: string[],
  ): void {
    const { length, range, pattern, oneOf } = constraint
    const shown = member.sensitive ? "'***'" : show(value)
    const fail = (must: string): void => void problems.push(failure(shown, at, must))
    if (pattern && typeof value === 'string' && !this.#patterns.get(pattern)?.test(value)) {
      fail(`satisfy regular expression pattern: ${pattern}`)
    }
    if (length) {
      const size = sizeOf(value)
      if (size < length[0]) fail(`have length greater than or equal to ${length[0]}`)
      if (size > length[1]) fail(`have length less than or equal to ${length[1]}`)
    }
    if (range && typeof value === 'number') {
      if (value < range[0]) fail(`have value greater than or equal to ${range[0]}`)
      if (value > range[1]) fail(`have value less than or equal to ${range[1]}`)
    }
    if (oneOf && !oneOf.includes(String(value))) {
      fail(`satisfy enum value set: [${oneOf.join(', ')}]`)
    }
  }
}

function failure(shown: string, at: string, must: string): string {
  return `Value ${shown} at '${at}' failed to satisfy constraint: Member must ${must}`
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') {
    let size = value.length
    // Surrogate pairs count once.
    for (const _ of value.matchAll(/[\ud800-\udbff][\udc00-\udfff]/g)) size -= 1
    return size
  }
  if (value instanceof Uint8Array || Array.isArray(value)) return value.length
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0
}

/** Long values are cut, so that an answer is never larger than the mistake is worth. */
function show(value: unknown): string {
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  return `'${text.length > 1_000 ? `${text.slice(0, 1_000)}…` : text}'`
}

/** `RoleArn` → `roleArn`, `URL` → `uRL`: AWS's own way lowers the first letter only. */
function lowerCamel(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1)
}
