/** Namespaces: the `kubernetes` finalizer of spec keeps one until its content is gone. */
import { allVerbs, type Kind } from '../kind.ts'
import { dnsLabel } from '../names.ts'
import { ageColumn, nameColumn, text } from './columns.ts'

export const namespaces: Kind = {
  group: '',
  version: 'v1',
  kind: 'Namespace',
  resource: 'namespaces',
  singular: 'namespace',
  namespaced: false,
  verbs: allVerbs.filter((verb) => verb !== 'deletecollection'),
  shortNames: ['ns'],
  subresources: {
    finalize: { verbs: ['update'], kind: 'Namespace' },
    status: { verbs: ['get', 'patch', 'update'], kind: 'Namespace' },
  },
  unconditionalUpdate: true,
  nameRule: dnsLabel,
  defaults(draft) {
    if (!draft.metadata.name) return
    draft.metadata.labels = {
      ...draft.metadata.labels,
      'kubernetes.io/metadata.name': draft.metadata.name,
    }
  },
  prepareCreate(draft) {
    const finalizers: string[] = draft['spec']?.finalizers ?? []
    draft['spec'] = { finalizers: [...new Set([...finalizers, 'kubernetes'])] }
    draft['status'] = { phase: 'Active' }
  },
  prepareUpdate(draft, old) {
    draft['spec'] = old['spec']
    draft['status'] = old['status']
  },
  fields: { 'status.phase': (o) => o['status']?.phase ?? '' },
  columns: [nameColumn, text('Status', (o) => o['status']?.phase ?? ''), ageColumn],
}
