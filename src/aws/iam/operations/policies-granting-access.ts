/** ListPoliciesGrantingServiceAccess: through which policies an entity may use a service. */
import type {
  ListPoliciesGrantingServiceAccessRequest,
  ListPoliciesGrantingServiceAccessResponse,
  PolicyGrantingServiceAccess,
} from '@aws-sdk/client-iam'
import { parseArn } from '../../../kernel/arn.ts'
import type { Operation } from '../../operation.ts'
import type { GranteeKind, IamDeps, Valid } from '../deps.ts'
import { addPolicies } from '../identities.ts'
import { pageOfList } from '../paging.ts'
import { simulatedEntity } from '../policy-source.ts'
import type { GranteeRecord } from '../records.ts'
import type { IamState } from '../state.ts'

export const listPoliciesGrantingServiceAccess: Operation<
  Valid<ListPoliciesGrantingServiceAccessRequest>,
  ListPoliciesGrantingServiceAccessResponse,
  IamDeps
> = {
  name: 'ListPoliciesGrantingServiceAccess',
  access: ({ Arn }) => [{ action: 'iam:ListPoliciesGrantingServiceAccess', resource: Arn }],
  handle(input, { account }, deps) {
    // Refuses what is no user, group or role of the account.
    simulatedEntity(deps, account, input.Arn)
    const policies = grantees(deps.state, account, input.Arn).flatMap((grantee) =>
      policiesOf(deps, grantee),
    )
    const entries = input.ServiceNamespaces.map((service) => ({
      ServiceNamespace: service,
      Policies: policies.flatMap(({ shown, document }) =>
        grantsService(document, service) ? [shown] : [],
      ),
    }))
    const { items, page } = pageOfList(entries, (entry) => entry.ServiceNamespace, input)
    return { PoliciesGrantingServiceAccess: items, ...page }
  },
}

interface Grantee {
  readonly kind: GranteeKind
  readonly record: GranteeRecord
}

/** The entity, and of a user the groups he is in. */
function grantees(state: IamState, account: string, arn: string): readonly Grantee[] {
  const { resource = '' } = parseArn(arn) ?? {}
  const kind = resource.split('/', 1)[0] as GranteeKind
  const name = resource.slice(resource.lastIndexOf('/') + 1)
  if (kind !== 'user') {
    const record = state.entry(account, kind, name)?.record
    return record ? [{ kind, record }] : []
  }
  const user = state.entry(account, 'user', name)?.record
  const groups = (user?.groups ?? []).flatMap(({ name: group, id }): Grantee[] => {
    const record = state.entry(account, 'group', group)?.record
    return record?.id === id ? [{ kind: 'group', record }] : []
  })
  return user ? [{ kind, record: user }, ...groups] : groups
}

function policiesOf(
  deps: IamDeps,
  { kind, record }: Grantee,
): readonly { shown: PolicyGrantingServiceAccess; document: string }[] {
  const found: Parameters<typeof addPolicies>[2] = []
  addPolicies(deps, record, found)
  const types = { user: 'USER', group: 'GROUP', role: 'ROLE' } as const
  return found.map(({ name, arn, document }) => ({
    document,
    shown:
      arn === undefined
        ? {
            PolicyName: name,
            PolicyType: 'INLINE',
            EntityType: types[kind],
            EntityName: record.name,
          }
        : { PolicyName: name, PolicyType: 'MANAGED', PolicyArn: arn },
  }))
}

interface Statement {
  readonly Effect: string
  readonly Action?: string | readonly string[]
  readonly NotAction?: string | readonly string[]
}

/** Does a stored, thus valid, document allow any action of a service? */
function grantsService(document: string, service: string): boolean {
  const { Statement } = JSON.parse(document) as { Statement: Statement | readonly Statement[] }
  return [Statement].flat().some(({ Effect, Action, NotAction }) => {
    if (Effect !== 'Allow') return false
    if (Action !== undefined) return [Action].flat().some((action) => isOf(action, service))
    return ![NotAction ?? []].flat(2).some((but) => but === '*' || but === `${service}:*`)
  })
}

function isOf(action: string, service: string): boolean {
  const [vendor = ''] = action.split(':', 1)
  const pattern = vendor
    .replace(/[.+^$()|[\]{}\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${pattern}$`, 'i').test(service)
}
