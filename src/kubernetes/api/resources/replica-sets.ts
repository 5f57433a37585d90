/** ReplicaSets. */
import { isDeepStrictEqual } from 'node:util'
import { invalidValue } from '../field-errors.ts'
import { allVerbs, type Kind } from '../kind.ts'
import { dnsSubdomain } from '../names.ts'
import { ageColumn, integer, nameColumn, workloadColumns } from './columns.ts'
import { podTemplateDefaults } from './pod-defaults.ts'
import { scaleSubresource, workloadProblems } from './workloads.ts'

export const replicaSets: Kind = {
  group: 'apps',
  version: 'v1',
  kind: 'ReplicaSet',
  resource: 'replicasets',
  singular: 'replicaset',
  namespaced: true,
  verbs: allVerbs,
  shortNames: ['rs'],
  categories: ['all'],
  subresources: {
    scale: scaleSubresource,
    status: { verbs: ['get', 'patch', 'update'], kind: 'ReplicaSet' },
  },
  hasGeneration: true,
  unconditionalUpdate: true,
  nameRule: dnsSubdomain,
  defaults(draft) {
    draft['spec'] ??= {}
    draft['spec'].replicas ??= 1
    podTemplateDefaults(draft['spec'].template)
  },
  prepareCreate(draft) {
    draft['status'] = { replicas: 0 }
  },
  prepareUpdate(draft, old) {
    draft['status'] = old['status']
  },
  validate: workloadProblems,
  validateUpdate: (object, old) =>
    isDeepStrictEqual(object['spec'].selector, old['spec'].selector)
      ? []
      : [invalidValue('spec.selector', object['spec'].selector, 'field is immutable')],
  fields: { 'status.replicas': (o) => String(o['status']?.replicas ?? 0) },
  columns: [
    nameColumn,
    integer('Desired', (o) => o['spec'].replicas ?? 1),
    integer('Current', (o) => o['status']?.replicas ?? 0),
    integer('Ready', (o) => o['status']?.readyReplicas ?? 0),
    ageColumn,
    ...workloadColumns,
  ],
}
