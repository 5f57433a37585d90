/** Nodes: made by kubelets, their conditions kept in status. */

import type { KubernetesObject } from '../../object.ts'
import { ageOf } from '../human-duration.ts'
import { allVerbs, type Kind } from '../kind.ts'
import { dnsSubdomain } from '../names.ts'
import { nameColumn, text } from './columns.ts'

const rolePrefix = 'node-role.kubernetes.io/'

export const nodes: Kind = {
  group: '',
  version: 'v1',
  kind: 'Node',
  resource: 'nodes',
  singular: 'node',
  namespaced: false,
  verbs: allVerbs,
  shortNames: ['no'],
  subresources: { status: { verbs: ['get', 'patch', 'update'], kind: 'Node' } },
  unconditionalUpdate: true,
  nameRule: dnsSubdomain,
  defaults(draft) {
    draft['spec'] ??= {}
    draft['status'] ??= {}
    draft['status'].allocatable ??= draft['status'].capacity ?? {}
  },
  prepareUpdate(draft, old) {
    draft['status'] = old['status']
  },
  fields: { 'spec.unschedulable': (o) => String(o['spec']?.unschedulable ?? false) },
  columns: [
    nameColumn,
    text('Status', statusText),
    text('Roles', rolesText),
    text('Age', (o, now) => ageOf(o.metadata.creationTimestamp, now)),
    text('Version', (o) => o['status']?.nodeInfo?.kubeletVersion ?? ''),
    text('Internal-IP', (o) => address(o, 'InternalIP'), true),
    text('External-IP', (o) => address(o, 'ExternalIP'), true),
    text('OS-Image', (o) => o['status']?.nodeInfo?.osImage || '<unknown>', true),
    text('Kernel-Version', (o) => o['status']?.nodeInfo?.kernelVersion || '<unknown>', true),
    text(
      'Container-Runtime',
      (o) => o['status']?.nodeInfo?.containerRuntimeVersion || '<unknown>',
      true,
    ),
  ],
}

function statusText(node: KubernetesObject): string {
  const conditions: { type: string; status: string }[] = node['status']?.conditions ?? []
  const ready = conditions.find((c) => c.type === 'Ready')
  const text = !ready ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady'
  return node['spec']?.unschedulable ? `${text},SchedulingDisabled` : text
}

function rolesText(node: KubernetesObject): string {
  const roles = Object.entries(node.metadata.labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith(rolePrefix)) return [key.slice(rolePrefix.length)]
    return key === 'kubernetes.io/role' && value ? [value] : []
  })
  return roles.length > 0 ? roles.sort().join(',') : '<none>'
}

function address(node: KubernetesObject, type: string): string {
  const addresses: { type: string; address: string }[] = node['status']?.addresses ?? []
  return addresses.find((a) => a.type === type)?.address ?? '<none>'
}
