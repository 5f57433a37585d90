/** Checks a parsed input against the model's required members and a service's own limits, in AWS's words. */
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
 * `Tag.Key`); of a list's items by the list's member or shape (`TagKeys.member`).
 */
export type Constraints = Readonly<Record<string, Constraint>>

/** How a service words what is wrong, where it differs from the usual way: the value shown, each list item for itself. */
export interface Wording {
  /** `Value at 'path' failed …`: values are never shown. */
  readonly hidesValues: true
  /** The order in which problems are told, by their places; default: the model's. */
  readonly order?: (a: string, b: string) => number
  /** What is said, alone, of a text that does not have its form (pattern); told when nothing else is wrong. */
  readonly form?: (at: string, pattern: string) => string | undefined
}

/** One thing that is wrong. `own` is said as it stands. */
interface Problem {
  readonly at: string
  readonly text: string
  readonly own?: string
}

/** Makes the check of a model's inputs: it returns the text of what is wrong, or undefined where nothing is. */
export function createConstraintCheck(
  model: ServiceModel,
  constraints: Constraints = {},
  wording?: Wording,
): (operation: string, input: Values) => string | undefined {
  const compiled = new Map<string, RegExp>()
  for (const { pattern, matches } of Object.values(constraints)) {
    if (pattern) compiled.set(pattern, matches ?? new RegExp(`^(?:${pattern})$`, 'u'))
  }
  const checker = new Checker(model, constraints, compiled, wording)
  return (operation, input) => {
    const shape = model.operations[operation]?.input
    if (!shape) return undefined
    const problems: Problem[] = []
    checker.structure(shape, input, '', problems)
    return problems.length === 0 ? undefined : told(problems, wording)
  }
}

/** `2 validation errors detected: …; …`. */
function told(problems: Problem[], { order }: Partial<Wording> = {}): string {
  const common = problems.filter(({ own }) => own === undefined)
  if (common.length === 0) return problems[0]?.own ?? ''
  if (order) common.sort((a, b) => order(a.at, b.at))
  const count = common.length === 1 ? '1 validation error' : `${common.length} validation errors`
  return `${count} detected: ${common.map(({ text }) => text).join('; ')}`
}

interface MemberPlan {
  readonly key: string
  /** The member's name as problems tell it. */
  readonly at: string
  readonly member: Member
  readonly required: boolean
  readonly constraint: Constraint | undefined
}

class Checker {
  readonly #plans = new Map<string, readonly MemberPlan[]>()
  readonly #model: ServiceModel
  readonly #constraints: Constraints
  readonly #patterns: ReadonlyMap<string, RegExp>
  readonly #wording: Wording | undefined

  constructor(
    model: ServiceModel,
    constraints: Constraints,
    patterns: ReadonlyMap<string, RegExp>,
    wording: Wording | undefined,
  ) {
    this.#model = model
    this.#constraints = constraints
    this.#patterns = patterns
    this.#wording = wording
  }

  structure(name: string, values: Values, path: string, problems: Problem[]): void {
    for (const { key, at: last, member, required, constraint } of this.#planOf(name)) {
      const value = values[key]
      const at = path + last
      if (value === undefined) {
        if (required) problems.push(this.#problem('null', at, 'not be null'))
        continue
      }
      if (constraint) this.#member(constraint, member, value, at, problems)
      this.#inside(key, member, value, at, problems)
    }
  }

  #member(
    constraint: Constraint,
    member: Member,
    value: unknown,
    at: string,
    problems: Problem[],
  ): void {
    for (const must of this.#broken(constraint, value)) {
      const shown = member.sensitive ? "'***'" : show(value)
      const { pattern = '' } = constraint
      const own = must.startsWith('satisfy regular')
        ? this.#wording?.form?.(at, pattern)
        : undefined
      problems.push({ ...this.#problem(shown, at, must), ...(own !== undefined && { own }) })
    }
  }

  /** What is asked of each member of a structure, looked up once. */
  #planOf(name: string): readonly MemberPlan[] {
    const known = this.#plans.get(name)
    if (known) return known
    const shape: StructureShape = structureOf(this.#model, name)
    const plan = Object.entries(shape.members).map(([key, member]) => ({
      key,
      at: lowerCamel(key),
      member,
      required: shape.required.includes(key),
      constraint: this.#constraints[`${name}.${key}`] ?? this.#constraints[key],
    }))
    this.#plans.set(name, plan)
    return plan
  }

  #inside(key: string, member: Member, value: unknown, at: string, problems: Problem[]): void {
    const shape: Shape = shapeOf(this.#model, member.shape)
    if (shape.kind === 'structure') {
      this.structure(member.shape, value as Values, `${at}.`, problems)
    } else if (shape.kind === 'list') {
      this.#items(key, member.shape, shape.of, value as unknown[], at, problems)
    }
  }

  #items(
    key: string,
    list: string,
    of: Member,
    items: unknown[],
    at: string,
    problems: Problem[],
  ): void {
    const constraint = this.#constraints[`${key}.member`] ?? this.#constraints[`${list}.member`]
    if (constraint && this.#wording?.hidesValues) {
      if (items.some((item) => this.#broken(constraint, item).length > 0)) {
        problems.push(this.#problem('', at, `satisfy constraint: [${allOf(constraint)}]`))
      }
    }
    for (const [index, item] of items.entries()) {
      const itemAt = `${at}.${index + 1}.member`
      if (constraint && !this.#wording?.hidesValues) {
        const shown = of.sensitive ? "'***'" : show(item)
        for (const must of this.#broken(constraint, item)) {
          problems.push(this.#problem(shown, itemAt, must))
        }
      }
      this.#inside('', of, item, itemAt, problems)
    }
  }

  /** What a value must be, and is not. */
  #broken(constraint: Constraint, value: unknown): readonly string[] {
    const { length, range, pattern, oneOf } = constraint
    const musts: string[] = []
    if (pattern && typeof value === 'string' && !this.#patterns.get(pattern)?.test(value)) {
      musts.push(`satisfy regular expression pattern: ${pattern}`)
    }
    if (length) {
      const size = sizeOf(value)
      if (size < length[0]) musts.push(`have length greater than or equal to ${length[0]}`)
      if (size > length[1]) musts.push(`have length less than or equal to ${length[1]}`)
    }
    if (range && typeof value === 'number') {
      if (value < range[0]) musts.push(`have value greater than or equal to ${range[0]}`)
      if (value > range[1]) musts.push(`have value less than or equal to ${range[1]}`)
    }
    if (oneOf && !oneOf.includes(String(value))) {
      musts.push(`satisfy enum value set: [${oneOf.join(', ')}]`)
    }
    return musts
  }

  #problem(shown: string, at: string, must: string): Problem {
    const value = this.#wording?.hidesValues ? '' : `${shown} `
    const text = `Value ${value}at '${at}' failed to satisfy constraint: Member must ${must}`
    return { at, text }
  }
}

/** All that the items of a list must be, as AWS sums it up. */
function allOf({ length, pattern, oneOf }: Constraint): string {
  const musts: string[] = []
  if (length) {
    musts.push(`have length less than or equal to ${length[1]}`)
    musts.push(`have length greater than or equal to ${length[0]}`)
  }
  if (pattern) musts.push(`satisfy regular expression pattern: ${pattern}`, 'not be null')
  if (oneOf) musts.push(`satisfy enum value set: [${oneOf.join(', ')}]`)
  return musts.map((must) => `Member must ${must}`).join(', ')
}

const surrogate = /[\ud800-\udbff]/

function sizeOf(value: unknown): number {
  if (typeof value === 'string') {
    let size = value.length
    // Surrogate pairs count once.
    if (surrogate.test(value)) {
      for (const _ of value.matchAll(/[\ud800-\udbff][\udc00-\udfff]/g)) size -= 1
    }
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
