/** GetPolicy, ListPolicies and ListEntitiesForPolicy. */
import type {
  GetPolicyRequest,
  GetPolicyResponse,
  ListEntitiesForPolicyRequest,
  ListEntitiesForPolicyResponse,
  ListPoliciesRequest,
  ListPoliciesResponse,
} from '@aws-sdk/client-iam'
import type { Operation } from '../../operation.ts'
import { onAccount, onPolicy } from '../access.ts'
import type { GranteeKind, IamDeps, Valid } from '../deps.ts'
import { findManaged } from '../find.ts'
import { markedKey, pageOf, pageOfList, underPath } from '../paging.ts'
import type { GranteeRecord, PolicyRecord } from '../records.ts'
import { policyArn, showPolicy, showWholePolicy } from '../show.ts'
import type { AccountState } from '../state.ts'

export const getPolicy: Operation<Valid<GetPolicyRequest>, GetPolicyResponse, IamDeps> = {
  name: 'GetPolicy',
  access: onPolicy('iam:GetPolicy'),
  handle: ({ PolicyArn }, { account }, deps) => ({
    Policy: showWholePolicy(deps.state, account, findManaged(deps, account, PolicyArn)),
  }),
}

/** Lists the account's policies, then AWS's, each by name. */
export const listPolicies: Operation<Valid<ListPoliciesRequest>, ListPoliciesResponse, IamDeps> = {
  name: 'ListPolicies',
  access: onAccount('iam:ListPolicies'),
  handle(input, { account }, { state, awsManaged }) {
    const here = state.account(account)
    const wanted = (policy: PolicyRecord) => {
      const arn = policyArn(account, policy)
      if (input.OnlyAttached && !here?.attachedTo.of(arn).size) return false
      if (input.PolicyUsageFilter === 'PermissionsBoundary') {
        return (here?.boundaryOf.of(arn).size ?? 0) > 0
      }
      return true
    }
    const all = policiesAfter(markedKey(input), input.Scope ?? 'All', here, awsManaged.list)
    const matching = filter(underPath(all, input.PathPrefix), wanted)
    const { items, page } = pageOf(matching, input)
    return { Policies: items.map((policy) => showPolicy(state, account, policy)), ...page }
  },
}

/** Who has a policy attached, or as boundary. */
export const listEntitiesForPolicy: Operation<
  Valid<ListEntitiesForPolicyRequest>,
  ListEntitiesForPolicyResponse,
  IamDeps
> = {
  name: 'ListEntitiesForPolicy',
  access: onPolicy('iam:ListEntitiesForPolicy'),
  handle(input, { account }, deps) {
    const text = `Policy ${input.PolicyArn} does not exist or is not attachable.`
    findManaged(deps, account, input.PolicyArn, text)
    const here = deps.state.account(account)
    const index =
      input.PolicyUsageFilter === 'PermissionsBoundary' ? here?.boundaryOf : here?.attachedTo
    const prefix = input.PathPrefix ?? '/'
    const matching = [...(index?.of(input.PolicyArn) ?? [])].filter((member) => {
      const [kind = ''] = member.split('/')
      const wanted = input.EntityFilter === undefined || input.EntityFilter.toLowerCase() === kind
      return wanted && granteeOf(here, member)?.path.startsWith(prefix)
    })
    const { items, page } = pageOfList(matching, (member) => member, input)
    const of = (kind: GranteeKind) =>
      items
        .filter((member) => member.startsWith(`${kind}/`))
        .flatMap((member) => granteeOf(here, member) ?? [])
    return {
      PolicyGroups: of('group').map(({ name, id }) => ({ GroupName: name, GroupId: id })),
      PolicyUsers: of('user').map(({ name, id }) => ({ UserName: name, UserId: id })),
      PolicyRoles: of('role').map(({ name, id }) => ({ RoleName: name, RoleId: id })),
      ...page,
    }
  },
}

/** Keys begin with `0` for policies of the account and with `1` for AWS's. */
function* policiesAfter(
  after: string | undefined,
  scope: string,
  account: AccountState | undefined,
  awsManaged: () => readonly PolicyRecord[],
): Generator<readonly [string, PolicyRecord]> {
  if (scope !== 'AWS' && account && !after?.startsWith('1')) {
    for (const [key, policy] of account.entities.policy.after(after?.slice(1))) {
      yield [`0${key}`, policy]
    }
  }
  if (scope === 'Local') return
  const from = after?.startsWith('1') ? after.slice(1) : ''
  for (const policy of awsManaged()) if (policy.name > from) yield [`1${policy.name}`, policy]
}

function* filter<T>(
  pairs: Iterable<readonly [string, T]>,
  wanted: (item: T) => boolean,
): Generator<readonly [string, T]> {
  for (const pair of pairs) if (wanted(pair[1])) yield pair
}

function granteeOf(account: AccountState | undefined, member: string): GranteeRecord | undefined {
  const slash = member.indexOf('/')
  const kind = member.slice(0, slash) as GranteeKind
  return account?.entities[kind].get(member.slice(slash + 1))?.record
}
