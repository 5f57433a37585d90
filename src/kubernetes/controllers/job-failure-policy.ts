/** What a Job's `podFailurePolicy` says of a pod that failed: pure. */
import type { KubernetesObject } from '../object.ts'

// biome-ignore lint/suspicious/noExplicitAny: the API's open object
type Json = any

/** `failJob`: why the whole Job fails for it. `isCounted`: the failure counts towards the back-off limit. */
export interface FailureJudgement {
  readonly isCounted: boolean
  readonly failJob?: string
  /** The pod's index fails for good. */
  readonly failIndex?: boolean
}

/** The first rule that matches decides; without one a failure counts. */
export function judgeFailure(pod: KubernetesObject, job: KubernetesObject): FailureJudgement {
  const rules: Json[] = job['spec'].podFailurePolicy?.rules ?? []
  const { namespace, name } = pod.metadata
  for (const [i, rule] of rules.entries()) {
    const matched = rule.onExitCodes
      ? exitCodeMatch(pod, rule.onExitCodes)
      : conditionMatch(pod, rule.onPodConditions ?? [])
    if (!matched) continue
    if (rule.action === 'Ignore') return { isCounted: false }
    if (rule.action !== 'FailJob')
      return { isCounted: true, failIndex: rule.action === 'FailIndex' }
    const text = `${namespace}/${name}`
    const what =
      'exitCode' in matched
        ? `Container ${matched.container} for pod ${text} failed with exit code ${matched.exitCode}`
        : `Pod ${text} has condition ${matched.type}`
    return { isCounted: true, failJob: `${what} matching FailJob rule at index ${i}` }
  }
  return { isCounted: true }
}

function exitCodeMatch(
  pod: KubernetesObject,
  { containerName, operator, values }: Json,
): { container: string; exitCode: number } | undefined {
  const { containerStatuses = [], initContainerStatuses = [] } = pod['status'] ?? {}
  for (const { name, state } of [...containerStatuses, ...initContainerStatuses] as Json[]) {
    const exitCode: number = state?.terminated?.exitCode ?? 0
    if (exitCode === 0 || (containerName !== undefined && containerName !== name)) continue
    if (values.includes(exitCode) === (operator === 'In')) return { container: name, exitCode }
  }
  return undefined
}

function conditionMatch(pod: KubernetesObject, patterns: readonly Json[]) {
  const conditions: { type: string; status: string }[] = pod['status']?.conditions ?? []
  return conditions.find(({ type, status }) =>
    patterns.some((pattern) => pattern.type === type && pattern.status === status),
  )
}
