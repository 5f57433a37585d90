/** Validation of what a Job says about failures and successes that end it early. */
import {
  duplicate,
  type FieldError,
  invalidValue,
  notSupported,
  required,
} from '../field-errors.ts'
import { qualifiedName } from '../names.ts'
import { countIndexes, parseIndexes } from './job-indexes.ts'

// biome-ignore lint/suspicious/noExplicitAny: the API's open object
type Json = any

const rulesMax = 20
const exitCodesMax = 255
const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore']

/** `path` is the policy's own. */
export function failurePolicyProblems(spec: Json, path: string): FieldError[] {
  if (!spec.podFailurePolicy) return []
  const rules: Json[] = spec.podFailurePolicy.rules ?? []
  const { containers = [], initContainers = [] } = spec.template?.spec ?? {}
  const names = [...containers, ...initContainers].map((c: Json) => c.name)
  return [
    ...tooMany(`${path}.rules`, rules, rulesMax),
    ...rules.flatMap((rule, i) => ruleProblems(rule, `${path}.rules[${i}]`, names, spec)),
  ]
}

function ruleProblems(
  rule: Json,
  path: string,
  names: readonly string[],
  spec: Json,
): FieldError[] {
  const problems: FieldError[] = []
  const { action, onExitCodes, onPodConditions = [] } = rule
  if (!action) problems.push(oneRequired(`${path}.action`, actions))
  else if (action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) {
    const why = 'requires the backoffLimitPerIndex to be set'
    problems.push(invalidValue(`${path}.action`, action, why))
  } else if (!actions.includes(action)) {
    problems.push(notSupported(`${path}.action`, action, actions))
  }
  if (onExitCodes) problems.push(...exitCodeProblems(onExitCodes, `${path}.onExitCodes`, names))
  problems.push(...conditionProblems(onPodConditions, `${path}.onPodConditions`))
  if (onExitCodes && onPodConditions.length > 0) {
    const why = 'specifying both OnExitCodes and OnPodConditions is not supported'
    problems.push(withoutValue(path, why))
  }
  if (!onExitCodes && onPodConditions.length === 0) {
    const why = 'specifying one of OnExitCodes and OnPodConditions is required'
    problems.push(withoutValue(path, why))
  }
  return problems
}

function exitCodeProblems(of: Json, path: string, names: readonly string[]): FieldError[] {
  const problems: FieldError[] = []
  const { operator, containerName } = of
  const values: number[] = of.values ?? []
  const operators = ['In', 'NotIn']
  if (!operator) problems.push(oneRequired(`${path}.operator`, operators))
  else if (!operators.includes(operator)) {
    problems.push(notSupported(`${path}.operator`, operator, operators))
  }
  if (containerName !== undefined && !names.includes(containerName)) {
    const why = 'must be one of the container or initContainer names in the pod template'
    problems.push(invalidValue(`${path}.containerName`, containerName, why))
  }
  if (values.length === 0) {
    problems.push(invalidValue(`${path}.values`, of.values, 'at least one value is required'))
  }
  problems.push(...tooMany(`${path}.values`, values, exitCodesMax))
  for (const [i, value] of values.entries()) {
    const at = `${path}.values[${i}]`
    if (operator === 'In' && value === 0) {
      problems.push(invalidValue(at, value, 'must not be 0 for the In operator'))
    }
    if (values.indexOf(value) < i) problems.push(duplicate(at, value))
  }
  if (values.some((value, i) => i > 0 && (values[i - 1] ?? value) > value)) {
    problems.push(invalidValue(`${path}.values`, values, 'must be ordered'))
  }
  return problems
}

function conditionProblems(patterns: readonly Json[], path: string): FieldError[] {
  const problems = tooMany(path, patterns, rulesMax)
  const statuses = ['False', 'True', 'Unknown']
  for (const [i, { type = '', status }] of patterns.entries()) {
    for (const why of qualifiedName(type)) {
      problems.push(invalidValue(`${path}[${i}].type`, type, why))
    }
    if (!statuses.includes(status)) {
      problems.push(notSupported(`${path}[${i}].status`, status, statuses))
    }
  }
  return problems
}

/** `path` is the policy's own. */
export function successPolicyProblems(spec: Json, path: string): FieldError[] {
  const { successPolicy, completionMode, completions = 0 } = spec
  if (!successPolicy) return []
  if (completionMode !== 'Indexed') {
    return [invalidValue(path, successPolicy, 'requires indexed completion mode')]
  }
  const rules: Json[] = successPolicy.rules ?? []
  if (rules.length === 0) {
    const why = 'at least one rules must be specified when the successPolicy is specified'
    return [required(`${path}.rules`, why)]
  }
  return [
    ...tooMany(`${path}.rules`, rules, rulesMax),
    ...rules.flatMap((rule, i) => successRuleProblems(rule, `${path}.rules[${i}]`, completions)),
  ]
}

function successRuleProblems(rule: Json, path: string, completions: number): FieldError[] {
  const { succeededCount, succeededIndexes } = rule
  if (succeededCount === undefined && succeededIndexes === undefined) {
    const why = 'at least one of succeededCount or succeededIndexes must be specified'
    return [required(path, why)]
  }
  let max = completions
  let of = 'the number of specified completions'
  if (succeededIndexes !== undefined) {
    try {
      max = countIndexes(parseIndexes(succeededIndexes, completions))
      of = 'the number of indexes in the specified succeededIndexes field'
    } catch (error) {
      const why = `error parsing succeededIndexes: ${(error as Error).message}`
      return [invalidValue(`${path}.succeededIndexes`, succeededIndexes, why)]
    }
  }
  if (succeededCount === undefined) return []
  if (succeededCount < 0) {
    const why = 'must be greater than or equal to 0'
    return [invalidValue(`${path}.succeededCount`, succeededCount, why)]
  }
  if (succeededCount <= max) return []
  const why = `must be less than or equal to ${max} (${of})`
  return [invalidValue(`${path}.succeededCount`, succeededCount, why)]
}

function tooMany(field: string, list: readonly unknown[], max: number): FieldError[] {
  if (list.length <= max) return []
  const detail = `must have at most ${max} items`
  return [{ type: 'FieldValueTooMany', field, value: list.length, detail }]
}

const oneRequired = (field: string, values: readonly string[]) =>
  required(field, `valid values: [${values.map((value) => JSON.stringify(value)).join(' ')}]`)

const withoutValue = (field: string, why: string): FieldError => ({
  ...invalidValue(field, undefined, ''),
  printed: why,
})
