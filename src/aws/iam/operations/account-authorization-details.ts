import type {
  GetAccountAuthorizationDetailsRequest,
  GetAccountAuthorizationDetailsResponse,
  GroupDetail,
  ManagedPolicyDetail,
  PolicyDetail,
  RoleDetail,
  UserDetail,
} from '@aws-sdk/client-iam'
import type { Operation } from '../../operation.ts'
import { onAccount } from '../access.ts'
import { dateOf, type IamDeps, type Valid } from '../deps.ts'
import { encodeDocument } from '../documents.ts'
import { markedKey, pageOf } from '../paging.ts'
import type {
  GranteeRecord,
  GroupRecord,
  PolicyRecord,
  RoleRecord,
  UserRecord,
} from '../records.ts'
import {
  policyArn,
  showAttached,
  showGroup,
  showInstanceProfile,
  showLastUse,
  showNewRole,
  showPolicy,
  showWholeUser,
} from '../show.ts'
import type { AccountState, IamState } from '../state.ts'
import { showTags } from '../tags.ts'

type Item =
  | { readonly kind: 'user'; readonly record: UserRecord }
  | { readonly kind: 'group'; readonly record: GroupRecord }
  | { readonly kind: 'role'; readonly record: RoleRecord }
  | { readonly kind: 'policy'; readonly record: PolicyRecord }

/** The kinds in the order in which they are told, with the names of the request's filter. */
const kinds = [
  ['user', 'User'],
  ['group', 'Group'],
  ['role', 'Role'],
  ['policy', 'LocalManagedPolicy'],
] as const

/** All users, groups, roles and policies with all that belongs to them; of AWS's policies those in use. */
export const getAccountAuthorizationDetails: Operation<
  Valid<GetAccountAuthorizationDetailsRequest>,
  GetAccountAuthorizationDetailsResponse,
  IamDeps
> = {
  name: 'GetAccountAuthorizationDetails',
  access: onAccount('iam:GetAccountAuthorizationDetails'),
  handle(input, { account }, { state, awsManaged }) {
    const here = state.account(account)
    const wanted = new Set<string>(input.Filter ?? [])
    const all = itemsAfter(here, markedKey(input), wanted, awsManaged.list)
    const { items, page } = pageOf(all, input)
    return {
      UserDetailList: items.flatMap((item) =>
        item.kind === 'user' ? [showUserDetail(account, item.record)] : [],
      ),
      GroupDetailList: items.flatMap((item) =>
        item.kind === 'group' ? [showGroupDetail(account, item.record)] : [],
      ),
      RoleDetailList: items.flatMap((item) =>
        item.kind === 'role' ? [showRoleDetail(state, account, item.record)] : [],
      ),
      Policies: items.flatMap((item) =>
        item.kind === 'policy' ? [showPolicyDetail(state, account, item.record)] : [],
      ),
      ...page,
    }
  },
}

/** Keys are `0user/name` to `3policy/name`, then `4` and the ARN of one of AWS's policies. */
function* itemsAfter(
  account: AccountState | undefined,
  after: string | undefined,
  wanted: ReadonlySet<string>,
  awsManaged: () => readonly PolicyRecord[],
): Generator<readonly [string, Item]> {
  if (!account) return
  for (const [index, [kind, filter]] of kinds.entries()) {
    const prefix = `${index}${kind}/`
    if ((wanted.size > 0 && !wanted.has(filter)) || (after && after >= `${index + 1}`)) continue
    const from = after?.startsWith(prefix) ? after.slice(prefix.length) : undefined
    for (const [key, record] of account.entities[kind].after(from)) {
      yield [prefix + key, { kind, record } as Item]
    }
  }
  if (wanted.size > 0 && !wanted.has('AWSManagedPolicy')) return
  for (const record of awsManaged()) {
    const arn = policyArn(account.id, record)
    const used = account.attachedTo.of(arn).size + account.boundaryOf.of(arn).size > 0
    const key = `4${record.name}`
    if (used && (after === undefined || key > after)) yield [key, { kind: 'policy', record }]
  }
}

function showInline({ inline }: GranteeRecord): PolicyDetail[] {
  return Object.entries(inline).map(([PolicyName, text]) => ({
    PolicyName,
    PolicyDocument: encodeDocument(text),
  }))
}

function showUserDetail(account: string, user: UserRecord): UserDetail {
  const inline = showInline(user)
  return {
    ...showWholeUser(account, user),
    ...(inline.length > 0 && { UserPolicyList: inline }),
    Tags: showTags(user.tags),
    GroupList: user.groups.map(({ name }) => name),
    AttachedManagedPolicies: showAttached(user.attached),
  }
}

function showGroupDetail(account: string, group: GroupRecord): GroupDetail {
  return {
    ...showGroup(account, group),
    GroupPolicyList: showInline(group),
    AttachedManagedPolicies: showAttached(group.attached),
  }
}

function showRoleDetail(state: IamState, account: string, role: RoleRecord): RoleDetail {
  const here = state.account(account)
  const profiles = [...(here?.profilesOf.of(role.name.toLowerCase()) ?? [])].flatMap(
    (key) => here?.entities['instance-profile'].get(key)?.record ?? [],
  )
  return {
    ...showNewRole(state, account, role),
    RoleLastUsed: showLastUse(state, role),
    Tags: showTags(role.tags),
    InstanceProfileList: profiles.map((profile) => showInstanceProfile(state, account, profile)),
    RolePolicyList: showInline(role),
    AttachedManagedPolicies: showAttached(role.attached),
  }
}

function showPolicyDetail(
  state: IamState,
  account: string,
  policy: PolicyRecord,
): ManagedPolicyDetail {
  return {
    ...showPolicy(state, account, policy),
    PolicyVersionList: policy.versions.toReversed().map(({ id, document, createdAt }) => ({
      Document: encodeDocument(document),
      VersionId: id,
      IsDefaultVersion: id === policy.defaultVersion,
      CreateDate: dateOf(createdAt),
    })),
  }
}
