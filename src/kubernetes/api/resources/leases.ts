/** Leases: heartbeats of nodes and locks of controllers. */
import { allVerbs, type Kind } from '../kind.ts'
import { dnsSubdomain } from '../names.ts'
import { ageColumn, nameColumn, text } from './columns.ts'

export const leases: Kind = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  resource: 'leases',
  singular: 'lease',
  namespaced: true,
  verbs: allVerbs,
  nameRule: dnsSubdomain,
  columns: [nameColumn, text('Holder', (o) => o['spec']?.holderIdentity ?? ''), ageColumn],
}
