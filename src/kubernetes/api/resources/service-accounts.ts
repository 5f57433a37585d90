/** ServiceAccounts. Tokens come from their `token` subresource; no Secrets are made for them. */
import { allVerbs, type Kind } from '../kind.ts'
import { dnsSubdomain } from '../names.ts'
import { ageColumn, integer, nameColumn } from './columns.ts'

export const serviceAccounts: Kind = {
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  resource: 'serviceaccounts',
  singular: 'serviceaccount',
  namespaced: true,
  verbs: allVerbs,
  shortNames: ['sa'],
  subresources: {
    token: {
      verbs: ['create'],
      group: 'authentication.k8s.io',
      version: 'v1',
      kind: 'TokenRequest',
    },
  },
  returnsDeleted: true,
  unconditionalUpdate: true,
  nameRule: dnsSubdomain,
  columns: [nameColumn, integer('Secrets', (o) => o['secrets']?.length ?? 0), ageColumn],
}
