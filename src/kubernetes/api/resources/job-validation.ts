/** Validation of a Job's spec, as a Job and as a CronJob's template. */
import type { KubernetesObject } from '../../object.ts'
import { type FieldError, invalidValue, notSupported, required } from '../field-errors.ts'
import { dnsLabel } from '../names.ts'
import { labelMapProblems } from '../object-meta.ts'
import { matchesSelector } from '../selectors/label-selector.ts'
import { failurePolicyProblems, successPolicyProblems } from './job-policy-validation.ts'
import { podSpecProblems } from './pod-validation.ts'
import { selectorProblems } from './workloads.ts'

// biome-ignore lint/suspicious/noExplicitAny: the API's open object
type Json = any

const indexedMax = 100_000
/** Of pods at once and of failed indexes, where there are very many indexes. */
const manyIndexesMax = 10_000
const counts = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
] as const

/** The errors of a defaulted Job whose selector was made. */
export function jobProblems(job: KubernetesObject): FieldError[] {
  const spec = job['spec']
  return [
    ...generatedLabelProblems(job),
    ...jobSpecProblems(spec, 'spec'),
    ...jobSelectorProblems(spec),
    ...hostnameProblems(job),
  ]
}

/** The errors of a Job's spec under `path`, but for those of its selector. */
export function jobSpecProblems(spec: Json, path: string): FieldError[] {
  const template = spec.template ?? {}
  return [
    ...countProblems(spec, path),
    ...modeProblems(spec, path),
    ...failurePolicyProblems(spec, `${path}.podFailurePolicy`),
    ...successPolicyProblems(spec, `${path}.successPolicy`),
    ...replacementProblems(spec, path),
    ...labelMapProblems(template.metadata?.labels ?? {}, `${path}.template.labels`),
    ...podSpecProblems(template.spec ?? {}, `${path}.template.spec`),
    ...restartProblems(spec, `${path}.template.spec.restartPolicy`),
  ]
}

function countProblems(spec: Json, path: string): FieldError[] {
  const problems: FieldError[] = []
  for (const field of counts) {
    if (spec[field] === undefined || spec[field] >= 0) continue
    const why = 'must be greater than or equal to 0'
    problems.push(invalidValue(`${path}.${field}`, spec[field], why))
  }
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    const at = `${path}.backoffLimitPerIndex`
    problems.push(required(at, 'when maxFailedIndexes is specified'))
  }
  return problems
}

function modeProblems(spec: Json, path: string): FieldError[] {
  const { completionMode = 'NonIndexed', completions, parallelism } = spec
  if (!['NonIndexed', 'Indexed'].includes(completionMode)) {
    return [notSupported(`${path}.completionMode`, completionMode, ['NonIndexed', 'Indexed'])]
  }
  if (completionMode !== 'Indexed') {
    return ['backoffLimitPerIndex', 'maxFailedIndexes']
      .filter((field) => spec[field] !== undefined)
      .map((field) =>
        invalidValue(`${path}.${field}`, spec[field], 'requires indexed completion mode'),
      )
  }
  const problems: FieldError[] = []
  if (completions === undefined) {
    problems.push(required(`${path}.completions`, 'when completion mode is Indexed'))
  }
  if (parallelism > indexedMax) {
    const why = `must be less than or equal to ${indexedMax} when completion mode is Indexed`
    problems.push(invalidValue(`${path}.parallelism`, parallelism, why))
  }
  return [...problems, ...failedIndexProblems(spec, path)]
}

function failedIndexProblems(spec: Json, path: string): FieldError[] {
  const { completions, maxFailedIndexes: most, backoffLimitPerIndex, parallelism } = spec
  const problems: FieldError[] = []
  const tooHigh = (field: string, why: string) =>
    problems.push(invalidValue(`${path}.${field}`, spec[field], why))
  if (most > completions) tooHigh('maxFailedIndexes', 'must be less than or equal to completions')
  if (most > indexedMax) tooHigh('maxFailedIndexes', `must be less than or equal to ${indexedMax}`)
  if (!(completions > indexedMax) || backoffLimitPerIndex === undefined) return problems
  if (most === undefined) {
    const why = `must be specified when completions is above ${indexedMax}`
    problems.push(required(`${path}.maxFailedIndexes`, why))
  }
  const why = `must be less than or equal to ${manyIndexesMax} when completions are above ${indexedMax} and used with backoff limit per index`
  if (parallelism > manyIndexesMax) tooHigh('parallelism', why)
  if (most > manyIndexesMax) tooHigh('maxFailedIndexes', why)
  return problems
}

function replacementProblems(spec: Json, path: string): FieldError[] {
  const { podReplacementPolicy: policy, podFailurePolicy } = spec
  if (policy === undefined) return []
  const allowed = podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed']
  if (allowed.includes(policy)) return []
  return [notSupported(`${path}.podReplacementPolicy`, policy, allowed)]
}

function restartProblems(spec: Json, path: string): FieldError[] {
  const policy = spec.template?.spec?.restartPolicy
  if (!policy || policy === 'Always') return [required(path, 'valid values: "OnFailure", "Never"')]
  // What is none of the three the pod's own rules refuse.
  if (spec.podFailurePolicy && policy !== 'Never') {
    return [
      invalidValue(path, policy, 'only "Never" is supported when podFailurePolicy is specified'),
    ]
  }
  return []
}

/** The labels by which the server finds the pods: what a client set instead is refused. */
function generatedLabelProblems(job: KubernetesObject): FieldError[] {
  const { name, uid } = job.metadata
  const spec = job['spec']
  if (spec.manualSelector || !spec.selector) return []
  const labels: Record<string, string> = spec.template?.metadata?.labels ?? {}
  const expected = {
    'controller-uid': uid,
    'job-name': name,
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
  }
  const problems: FieldError[] = []
  for (const [key, value] of Object.entries(expected)) {
    const at = `spec.template.metadata.labels[${key}]`
    if (labels[key] === undefined) problems.push(required(at, `must be '${value}'`))
    else if (labels[key] !== value) problems.push(invalidValue(at, labels, `must be '${value}'`))
  }
  if (!matchesSelector(spec.selector, expected)) {
    problems.push(invalidValue('spec.selector', spec.selector, '`selector` not auto-generated'))
  }
  return problems
}

function jobSelectorProblems({ selector, template }: Json): FieldError[] {
  if (!selector) return [required('spec.selector')]
  const wrong = selectorProblems(selector, 'spec.selector')
  const labels = template?.metadata?.labels ?? {}
  if (wrong.length > 0 || matchesSelector(selector, labels)) return wrong
  const why = '`selector` does not match template `labels`'
  return [invalidValue('spec.template.metadata.labels', labels, why)]
}

/** The pods of an indexed Job are called by its name and their index. */
function hostnameProblems({ metadata: { name }, spec }: Json): FieldError[] {
  if (spec.completionMode !== 'Indexed' || !(spec.completions > 0)) return []
  const longest = `${name}-${spec.completions - 1}`
  if (dnsLabel(longest).length === 0) return []
  const why = `will not able to create pod with invalid DNS label: ${longest}`
  return [invalidValue('metadata.name', name, why)]
}
