/** What Deployments and ReplicaSets have in common: selector, template, scale. */

import type { KubernetesObject } from '../../object.ts'
import { type FieldError, invalidValue, notSupported, required } from '../field-errors.ts'
import type { Subresource } from '../kind.ts'
import { labelValue, qualifiedName } from '../names.ts'
import { labelMapProblems } from '../object-meta.ts'
import { matchesSelector } from '../selectors/label-selector.ts'
import type { LabelSelector } from './mutating-webhook-configurations.ts'
import { podSpecProblems } from './pod-validation.ts'

export const scaleSubresource: Subresource = {
  verbs: ['get', 'patch', 'update'],
  group: 'autoscaling',
  version: 'v1',
  kind: 'Scale',
}

/** Checks replicas, selector and pod template. */
export function workloadProblems(object: KubernetesObject): FieldError[] {
  const spec = object['spec']
  const problems: FieldError[] = []
  for (const field of ['replicas', 'minReadySeconds', 'revisionHistoryLimit']) {
    if (spec[field] !== undefined && !(spec[field] >= 0)) {
      const why = 'must be greater than or equal to 0'
      problems.push(invalidValue(`spec.${field}`, spec[field], why))
    }
  }
  const labels: Record<string, string> = spec.template?.metadata?.labels ?? {}
  const selector: LabelSelector | undefined = spec.selector
  const isEmpty =
    selector &&
    !Object.keys(selector.matchLabels ?? {}).length &&
    !selector.matchExpressions?.length
  if (!selector) problems.push(required('spec.selector'))
  else if (isEmpty) {
    const why = `empty selector is invalid for ${object.kind.toLowerCase()}`
    problems.push(invalidValue('spec.selector', selector, why))
  } else {
    const wrong = selectorProblems(selector, 'spec.selector')
    problems.push(...wrong)
    if (wrong.length === 0 && !matchesSelector(selector, labels)) {
      const why = '`selector` does not match template `labels`'
      problems.push(invalidValue('spec.template.metadata.labels', labels, why))
    }
  }
  problems.push(...labelMapProblems(labels, 'spec.template.labels'))
  const podSpec = spec.template?.spec ?? {}
  problems.push(...podSpecProblems(podSpec, 'spec.template.spec'))
  if (podSpec.restartPolicy !== undefined && podSpec.restartPolicy !== 'Always') {
    const field = 'spec.template.spec.restartPolicy'
    problems.push(notSupported(field, podSpec.restartPolicy, ['Always']))
  }
  return problems
}

/** Checks a label selector object. */
export function selectorProblems(selector: LabelSelector, path: string): FieldError[] {
  const problems: FieldError[] = []
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    for (const why of qualifiedName(key))
      problems.push(invalidValue(`${path}.matchLabels`, key, why))
    for (const why of labelValue(value)) {
      problems.push(invalidValue(`${path}.matchLabels`, value, why))
    }
  }
  for (const [i, { key, operator, values }] of (selector.matchExpressions ?? []).entries()) {
    const at = `${path}.matchExpressions[${i}]`
    for (const why of qualifiedName(key ?? '')) problems.push(invalidValue(`${at}.key`, key, why))
    const needsValues = operator === 'In' || operator === 'NotIn'
    if (!['In', 'NotIn', 'Exists', 'DoesNotExist'].includes(operator)) {
      problems.push(invalidValue(`${at}.operator`, operator, 'not a valid selector operator'))
    } else if (needsValues && !values?.length) {
      const why = "must be specified when `operator` is 'In' or 'NotIn'"
      problems.push(required(`${at}.values`, why))
    }
  }
  return problems
}
