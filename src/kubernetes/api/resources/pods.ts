/** Pods: spec fixed at birth but for a few fields, status the kubelet's, deletion with grace. */
import { isDeepStrictEqual } from 'node:util'
import type { KubernetesObject } from '../../object.ts'
import { type FieldError, forbiddenField, required } from '../field-errors.ts'
import { allVerbs, type Kind } from '../kind.ts'
import { dnsSubdomain } from '../names.ts'
import { podColumns } from './pod-columns.ts'
import { podOnlyDefaults, podSpecDefaults, qosClassOf } from './pod-defaults.ts'
import { podSpecProblems } from './pod-validation.ts'

export const pods: Kind = {
  group: '',
  version: 'v1',
  kind: 'Pod',
  resource: 'pods',
  singular: 'pod',
  namespaced: true,
  verbs: allVerbs,
  shortNames: ['po'],
  categories: ['all'],
  subresources: {
    attach: { verbs: ['create', 'get'], kind: 'PodAttachOptions' },
    binding: { verbs: ['create'], kind: 'Binding' },
    exec: { verbs: ['create', 'get'], kind: 'PodExecOptions' },
    log: { verbs: ['get'], kind: 'Pod' },
    status: { verbs: ['get', 'patch', 'update'], kind: 'Pod' },
  },
  returnsDeleted: true,
  unconditionalUpdate: true,
  nameRule: dnsSubdomain,
  defaults(draft) {
    draft['spec'] ??= {}
    podSpecDefaults(draft['spec'])
    podOnlyDefaults(draft['spec'])
  },
  prepareCreate(draft) {
    draft['spec'].preemptionPolicy ??= 'PreemptLowerPriority'
    draft['spec'].priority ??= 0
    draft['status'] = { phase: 'Pending', qosClass: qosClassOf(draft['spec']) }
  },
  prepareUpdate(draft, old) {
    draft['status'] = old['status']
  },
  validate: (object) => podSpecProblems(object['spec'], 'spec'),
  validateUpdate: updateProblems,
  gracePeriodSeconds(pod, asked) {
    const phase = pod['status']?.phase
    if (!pod['spec']?.nodeName || phase === 'Succeeded' || phase === 'Failed') return 0
    const seconds = asked ?? pod['spec'].terminationGracePeriodSeconds ?? 30
    return seconds < 0 ? 1 : seconds
  },
  fields: {
    'spec.nodeName': (o) => o['spec']?.nodeName ?? '',
    'spec.restartPolicy': (o) => o['spec']?.restartPolicy ?? '',
    'spec.schedulerName': (o) => o['spec']?.schedulerName ?? '',
    'spec.serviceAccountName': (o) => o['spec']?.serviceAccountName ?? '',
    'spec.hostNetwork': (o) => String(o['spec']?.hostNetwork ?? false),
    'status.phase': (o) => o['status']?.phase ?? '',
    'status.podIP': (o) => o['status']?.podIP ?? '',
    'status.podIPs': (o) => o['status']?.podIPs?.[0]?.ip ?? '',
    'status.nominatedNodeName': (o) => o['status']?.nominatedNodeName ?? '',
  },
  columns: podColumns,
}

const immutableText =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'

function updateProblems(pod: KubernetesObject, old: KubernetesObject): FieldError[] {
  const problems: FieldError[] = []
  for (const list of ['containers', 'initContainers'] as const) {
    const now: { image?: string }[] = pod['spec'][list] ?? []
    if (now.length !== (old['spec'][list] ?? []).length) {
      const why = 'pod updates may not add or remove containers'
      return [forbiddenField(`spec.${list}`, why)]
    }
    for (const [i, container] of now.entries()) {
      if (!container.image) problems.push(required(`spec.${list}[${i}].image`))
    }
  }
  const tolerations: unknown[] = pod['spec'].tolerations ?? []
  const kept = (old['spec'].tolerations ?? []).every((t: unknown) =>
    tolerations.some((n) => isDeepStrictEqual(n, t)),
  )
  if (!kept) {
    const why = 'existing toleration can not be modified except its tolerationSeconds'
    problems.push(forbiddenField('spec.tolerations', why))
  }
  const changed = changedPaths(masked(old['spec']), masked(pod['spec']), 'spec')
  if (changed.length > 0) {
    problems.push(forbiddenField('spec', `${immutableText}\nchanged: ${changed.join(', ')}\n`))
  }
  return problems
}

/** The spec without what may change. */
function masked(spec: Record<string, unknown>): Record<string, unknown> {
  const withoutImage = (c: object) => ({ ...c, image: '', imagePullPolicy: '' })
  const { activeDeadlineSeconds: _a, tolerations: _t, ...rest } = spec
  return {
    ...rest,
    containers: ((spec['containers'] ?? []) as object[]).map(withoutImage),
    ...(spec['initContainers']
      ? { initContainers: (spec['initContainers'] as object[]).map(withoutImage) }
      : {}),
  }
}

function changedPaths(a: unknown, b: unknown, path: string): string[] {
  if (isDeepStrictEqual(a, b)) return []
  if (!isObject(a) || !isObject(b)) return [path]
  const keys = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...keys].flatMap((key) => {
    const at = Array.isArray(a) ? `${path}[${key}]` : `${path}.${key}`
    return changedPaths(a[key], b[key], at)
  })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
