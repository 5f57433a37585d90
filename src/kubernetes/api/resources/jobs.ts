/** Jobs: pods that run to their end, as often as asked. */
import { isDeepStrictEqual } from 'node:util'
import type { KubernetesObject } from '../../object.ts'
import { type FieldError, invalidValue } from '../field-errors.ts'
import { humanDuration } from '../human-duration.ts'
import { allVerbs, type Kind } from '../kind.ts'
import { dnsSubdomain } from '../names.ts'
import { ageColumn, nameColumn, text, workloadColumns } from './columns.ts'
import { jobProblems } from './job-validation.ts'
import { podTemplateDefaults } from './pod-defaults.ts'

/** Label of a Job's pods, and key of its selector: the Job's uid. */
const controllerUidLabel = 'batch.kubernetes.io/controller-uid'
const orphanWarning =
  'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning'
/** What stands for "without limit" where each index has a limit of its own. */
const int32Max = 2 ** 31 - 1

export const jobs: Kind = {
  group: 'batch',
  version: 'v1',
  kind: 'Job',
  resource: 'jobs',
  singular: 'job',
  namespaced: true,
  verbs: allVerbs,
  categories: ['all'],
  subresources: { status: { verbs: ['get', 'patch', 'update'], kind: 'Job' } },
  hasGeneration: true,
  unconditionalUpdate: true,
  orphansByDefault: orphanWarning,
  nameRule: dnsSubdomain,
  defaults(draft) {
    draft['spec'] ??= {}
    const spec = draft['spec']
    if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1
    spec.parallelism ??= 1
    spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : int32Max
    spec.completionMode ??= 'NonIndexed'
    spec.suspend ??= false
    spec.manualSelector ??= false
    spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed'
    for (const rule of spec.podFailurePolicy?.rules ?? []) {
      for (const pattern of rule.onPodConditions ?? []) pattern.status ||= 'True'
    }
    podTemplateDefaults(spec.template)
  },
  prepareCreate(draft) {
    if (!draft['spec'].manualSelector) makeSelector(draft)
    const labels = draft['spec'].template?.metadata?.labels
    if (labels && !Object.keys(draft.metadata.labels ?? {}).length) {
      draft.metadata.labels = { ...labels }
    }
    draft['status'] = {}
  },
  prepareUpdate(draft, old) {
    draft['status'] = old['status']
  },
  validate: jobProblems,
  validateUpdate: updateProblems,
  fields: { 'status.successful': (o) => String(o['status']?.succeeded ?? 0) },
  columns: [
    nameColumn,
    text('Status', statusText),
    text('Completions', completionsText),
    text('Duration', durationText),
    ageColumn,
    ...workloadColumns,
  ],
}

/** Labels by which the pods of this Job, and of no other, are found. What the client set stays, for validation to judge. */
function makeSelector(job: KubernetesObject): void {
  const { name, uid } = job.metadata
  const spec = job['spec']
  // A missing template is refused by validation.
  if (!spec.template?.metadata) return
  spec.template.metadata.labels = {
    'job-name': name,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    [controllerUidLabel]: uid,
    ...spec.template.metadata.labels,
  }
  spec.selector ??= {}
  spec.selector.matchLabels = { [controllerUidLabel]: uid, ...spec.selector.matchLabels }
}

const fixedFields = [
  'selector',
  'template',
  'completionMode',
  'podFailurePolicy',
  'backoffLimitPerIndex',
  'managedBy',
  'successPolicy',
] as const

function updateProblems(job: KubernetesObject, old: KubernetesObject): FieldError[] {
  const [now, before] = [job['spec'], old['spec']]
  const problems: FieldError[] = []
  // An indexed Job may be made larger or smaller, as long as all its indexes run at once.
  const isIndexed = now.completionMode === 'Indexed'
  if (
    now.completions !== before.completions &&
    !(isIndexed && now.completions === now.parallelism)
  ) {
    const why = isIndexed
      ? 'can only be modified in tandem with spec.parallelism'
      : 'field is immutable'
    problems.push(invalidValue('spec.completions', now.completions, why))
  }
  // Where its pods may go is open until a suspended Job is first started.
  const isUnstarted = before.suspend && !old['status']?.startTime
  for (const field of fixedFields) {
    const same =
      field === 'template' && isUnstarted
        ? isDeepStrictEqual(withoutPlacement(now.template), withoutPlacement(before.template))
        : isDeepStrictEqual(now[field], before[field])
    if (!same) problems.push(invalidValue(`spec.${field}`, now[field], 'field is immutable'))
  }
  return problems
}

function withoutPlacement(template: KubernetesObject): object {
  const { labels: _l, annotations: _a, ...metadata } = template.metadata
  const { nodeSelector: _n, tolerations: _t, schedulingGates: _s, ...spec } = template['spec']
  const { nodeAffinity: _na, ...affinity } = spec.affinity ?? {}
  return { metadata, spec: { ...spec, affinity } }
}

const isTrue = (job: KubernetesObject, type: string): boolean =>
  (job['status']?.conditions ?? []).some(
    (c: { type: string; status: string }) => c.type === type && c.status === 'True',
  )

/** Whether the Job has come to its end, in success or in failure. */
export function finishedAs(job: KubernetesObject): 'Complete' | 'Failed' | undefined {
  return (['Complete', 'Failed'] as const).find((type) => isTrue(job, type))
}

function statusText(job: KubernetesObject): string {
  const finished = finishedAs(job)
  if (finished) return finished
  if (job.metadata.deletionTimestamp) return 'Terminating'
  return ['Suspended', 'FailureTarget'].find((type) => isTrue(job, type)) ?? 'Running'
}

function completionsText(job: KubernetesObject): string {
  const { completions, parallelism = 0 } = job['spec']
  const succeeded = job['status']?.succeeded ?? 0
  if (completions !== undefined) return `${succeeded}/${completions}`
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`
}

function durationText(job: KubernetesObject, now: number): string {
  const { startTime, completionTime } = job['status'] ?? {}
  if (!startTime) return ''
  return humanDuration((completionTime ? Date.parse(completionTime) : now) - Date.parse(startTime))
}
