/** The condition operators: one row each. */
import { parseInstant } from './instant.ts'
import {
  Arns,
  asIs,
  compileStrings,
  fold,
  Likeness,
  Ordered,
  parseBinary,
  parseBool,
  parseNumber,
  Ranges,
  type Relation,
  Same,
  type ValueTest,
} from './value-tests.ts'

export interface Operator {
  readonly name: string
  readonly negated: boolean
  /** Whether `*` and `?` are wildcards, and `${…}` variables (string and ARN operators only). */
  readonly wildcards: boolean
  readonly variables: boolean
  compile(values: readonly string[], variables: boolean): ValueTest
}

/** Finds an operator by its bare name (`StringEquals`), in any case, as AWS takes it. */
export function findOperator(name: string): Operator | undefined {
  return operators.get(name.toLowerCase())
}

export function operatorNames(): string[] {
  return [...operators.values()].map((operator) => operator.name)
}

const text = { wildcards: false, variables: true }
const like = { wildcards: true, variables: true }
const plain = { wildcards: false, variables: false }
const stringEquals = (values: readonly string[], on: boolean) => compileStrings(values, on, asIs)
const ignoreCase = (values: readonly string[], on: boolean) => compileStrings(values, on, fold)
const numeric = (holds: Relation) => (values: readonly string[]) =>
  new Ordered(values, parseNumber, holds)
const date = (holds: Relation) => (values: readonly string[]) =>
  new Ordered(values, parseInstant, holds)

const equal: Relation = (actual, wanted) => actual === wanted
const less: Relation = (actual, wanted) => actual < wanted
const lessOrEqual: Relation = (actual, wanted) => actual <= wanted
const greater: Relation = (actual, wanted) => actual > wanted
const greaterOrEqual: Relation = (actual, wanted) => actual >= wanted

type Row = readonly [
  name: string,
  negated: boolean,
  takes: { wildcards: boolean; variables: boolean },
  compile: Operator['compile'],
]

/** IAM user guide, "IAM JSON policy elements: Condition operators". `Null` is handled where conditions are. */
const rows: readonly Row[] = [
  ['StringEquals', false, text, stringEquals],
  ['StringNotEquals', true, text, stringEquals],
  ['StringEqualsIgnoreCase', false, text, ignoreCase],
  ['StringNotEqualsIgnoreCase', true, text, ignoreCase],
  ['StringLike', false, like, (values, on) => new Likeness(values, on)],
  ['StringNotLike', true, like, (values, on) => new Likeness(values, on)],
  ['NumericEquals', false, plain, numeric(equal)],
  ['NumericNotEquals', true, plain, numeric(equal)],
  ['NumericLessThan', false, plain, numeric(less)],
  ['NumericLessThanEquals', false, plain, numeric(lessOrEqual)],
  ['NumericGreaterThan', false, plain, numeric(greater)],
  ['NumericGreaterThanEquals', false, plain, numeric(greaterOrEqual)],
  ['DateEquals', false, plain, date(equal)],
  ['DateNotEquals', true, plain, date(equal)],
  ['DateLessThan', false, plain, date(less)],
  ['DateLessThanEquals', false, plain, date(lessOrEqual)],
  ['DateGreaterThan', false, plain, date(greater)],
  ['DateGreaterThanEquals', false, plain, date(greaterOrEqual)],
  ['Bool', false, plain, (values) => new Same(values, parseBool)],
  ['BinaryEquals', false, plain, (values) => new Same(values, parseBinary)],
  ['IpAddress', false, plain, (values) => new Ranges(values)],
  ['NotIpAddress', true, plain, (values) => new Ranges(values)],
  ['ArnEquals', false, like, (values, on) => new Arns(values, on)],
  ['ArnNotEquals', true, like, (values, on) => new Arns(values, on)],
  ['ArnLike', false, like, (values, on) => new Arns(values, on)],
  ['ArnNotLike', true, like, (values, on) => new Arns(values, on)],
]

const operators: ReadonlyMap<string, Operator> = new Map(
  rows.map(([name, negated, takes, compile]) => [
    name.toLowerCase(),
    { name, negated, ...takes, compile },
  ]),
)
