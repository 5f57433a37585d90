/** Deployments. */
import { isDeepStrictEqual } from 'node:util'
import type { KubernetesObject } from '../../object.ts'
import { type FieldError, forbiddenField, invalidValue, notSupported } from '../field-errors.ts'
import { allVerbs, type Kind } from '../kind.ts'
import { dnsSubdomain } from '../names.ts'
import { ageColumn, integer, nameColumn, text, workloadColumns } from './columns.ts'
import { podTemplateDefaults } from './pod-defaults.ts'
import { scaleSubresource, workloadProblems } from './workloads.ts'

export const deployments: Kind = {
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  resource: 'deployments',
  singular: 'deployment',
  namespaced: true,
  verbs: allVerbs,
  shortNames: ['deploy'],
  categories: ['all'],
  subresources: {
    scale: scaleSubresource,
    status: { verbs: ['get', 'patch', 'update'], kind: 'Deployment' },
  },
  hasGeneration: true,
  unconditionalUpdate: true,
  nameRule: dnsSubdomain,
  defaults(draft) {
    draft['spec'] ??= {}
    const spec = draft['spec']
    spec.replicas ??= 1
    spec.revisionHistoryLimit ??= 10
    spec.progressDeadlineSeconds ??= 600
    spec.strategy ??= {}
    spec.strategy.type ||= 'RollingUpdate'
    if (spec.strategy.type === 'RollingUpdate') {
      spec.strategy.rollingUpdate ??= {}
      spec.strategy.rollingUpdate.maxUnavailable ??= '25%'
      spec.strategy.rollingUpdate.maxSurge ??= '25%'
    }
    podTemplateDefaults(spec.template)
  },
  prepareCreate(draft) {
    draft['status'] = {}
  },
  prepareUpdate(draft, old) {
    draft['status'] = old['status']
  },
  validate: (object) => [...workloadProblems(object), ...strategyProblems(object)],
  validateUpdate: (object, old) =>
    isDeepStrictEqual(object['spec'].selector, old['spec'].selector)
      ? []
      : [invalidValue('spec.selector', object['spec'].selector, 'field is immutable')],
  columns: [
    nameColumn,
    text('Ready', (o) => `${o['status']?.readyReplicas ?? 0}/${o['spec'].replicas ?? 1}`),
    integer('Up-to-date', (o) => o['status']?.updatedReplicas ?? 0),
    integer('Available', (o) => o['status']?.availableReplicas ?? 0),
    ageColumn,
    ...workloadColumns,
  ],
}

function strategyProblems(deployment: KubernetesObject): FieldError[] {
  const { strategy, minReadySeconds = 0, progressDeadlineSeconds } = deployment['spec']
  const problems: FieldError[] = []
  if (strategy.type === 'Recreate' && strategy.rollingUpdate) {
    const why = "may not be specified when strategy `type` is 'Recreate'"
    problems.push(forbiddenField('spec.strategy.rollingUpdate', why))
  } else if (!['Recreate', 'RollingUpdate'].includes(strategy.type)) {
    problems.push(notSupported('spec.strategy.type', strategy.type, ['Recreate', 'RollingUpdate']))
  }
  const { maxSurge, maxUnavailable } = strategy.rollingUpdate ?? {}
  const isZero = (value: unknown) => value === 0 || value === '0%'
  if (isZero(maxSurge) && isZero(maxUnavailable)) {
    const why = 'may not be 0 when `maxSurge` is 0'
    problems.push(invalidValue('spec.strategy.rollingUpdate.maxUnavailable', maxUnavailable, why))
  }
  if (progressDeadlineSeconds <= minReadySeconds) {
    const why = 'must be greater than minReadySeconds'
    problems.push(invalidValue('spec.progressDeadlineSeconds', progressDeadlineSeconds, why))
  }
  return problems
}
