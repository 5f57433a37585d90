/** Services: stored and shown; nothing routes to them but what reads them. */

import type { KubernetesObject } from '../../object.ts'
import { invalidValue, required } from '../field-errors.ts'
import { allVerbs, type Kind } from '../kind.ts'
import { dns1035Label } from '../names.ts'
import { ageColumn, nameColumn, text } from './columns.ts'

interface Port {
  name?: string
  port: number
  protocol?: string
  targetPort?: number | string
  nodePort?: number
}

export const services: Kind = {
  group: '',
  version: 'v1',
  kind: 'Service',
  resource: 'services',
  singular: 'service',
  namespaced: true,
  verbs: allVerbs,
  shortNames: ['svc'],
  categories: ['all'],
  subresources: { status: { verbs: ['get', 'patch', 'update'], kind: 'Service' } },
  returnsDeleted: true,
  unconditionalUpdate: true,
  nameRule: dns1035Label,
  defaults(draft) {
    draft['spec'] ??= {}
    const spec = draft['spec']
    spec.type ||= 'ClusterIP'
    spec.sessionAffinity ||= 'None'
    for (const port of (spec.ports ?? []) as Port[]) {
      port.protocol ||= 'TCP'
      port.targetPort ||= port.port
    }
    if (spec.type !== 'ExternalName') {
      spec.internalTrafficPolicy ||= 'Cluster'
      spec.clusterIP ||= 'None'
      spec.clusterIPs ??= [spec.clusterIP]
      spec.ipFamilies ??= ['IPv4']
      spec.ipFamilyPolicy ||= 'SingleStack'
    }
  },
  prepareCreate(draft) {
    draft['status'] = { loadBalancer: {} }
  },
  prepareUpdate(draft, old) {
    draft['status'] = old['status']
  },
  validate(object) {
    const ports: Port[] = object['spec'].ports ?? []
    const headless = object['spec'].clusterIP === 'None' || object['spec'].type === 'ExternalName'
    const problems = ports.length > 0 || headless ? [] : [required('spec.ports')]
    for (const [i, port] of ports.entries()) {
      if (!(port.port >= 1 && port.port <= 65535)) {
        const why = 'must be between 1 and 65535, inclusive'
        problems.push(invalidValue(`spec.ports[${i}].port`, port.port ?? 0, why))
      }
      if (ports.length > 1 && !port.name) problems.push(required(`spec.ports[${i}].name`))
    }
    return problems
  },
  columns: [
    nameColumn,
    text('Type', (o) => o['spec'].type),
    text('Cluster-IP', (o) => o['spec'].clusterIP ?? '<none>'),
    text('External-IP', (o) => o['spec'].externalName ?? '<none>'),
    text('Port(s)', portsText),
    ageColumn,
    text('Selector', selector, true),
  ],
}

function portsText(service: KubernetesObject): string {
  const ports: Port[] = service['spec'].ports ?? []
  const texts = ports.map((p) => `${p.port}${p.nodePort ? `:${p.nodePort}` : ''}/${p.protocol}`)
  return texts.length > 0 ? texts.join(',') : '<none>'
}

function selector(service: KubernetesObject): string {
  const entries = Object.entries<string>(service['spec'].selector ?? {})
  return entries.length > 0 ? entries.map(([k, v]) => `${k}=${v}`).join(',') : '<none>'
}
