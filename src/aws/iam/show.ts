/** Entities as answers show them. */
import type {
  AttachedPermissionsBoundary,
  AttachedPolicy,
  Group,
  InstanceProfile,
  Policy,
  Role,
  RoleLastUsed,
  User,
} from '@aws-sdk/client-iam'
import { dateOf } from './deps.ts'
import { encodeDocument } from './documents.ts'
import { awsManagedArn } from './managed-policies.ts'
import { entityArn } from './names.ts'
import type {
  Attachment,
  GroupRecord,
  InstanceProfileRecord,
  PolicyRecord,
  RoleRecord,
  Tags,
  UserRecord,
} from './records.ts'
import type { IamState } from './state.ts'
import { showTags } from './tags.ts'
import { effectiveTrustPolicy } from './trust-principals.ts'

/** A role as instance profiles show it. */
export function showPlainRole(state: IamState, account: string, role: RoleRecord): Role {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: entityArn(account, 'role', role),
    CreateDate: dateOf(role.createdAt),
    AssumeRolePolicyDocument: encodeDocument(effectiveTrustPolicy(state, role)),
  }
}

/** As CreateRole shows it: neither its description nor its longest session. */
export function showNewRole(state: IamState, account: string, role: RoleRecord): Role {
  return {
    ...showPlainRole(state, account, role),
    ...showBoundary(role.boundary),
    ...(hasTags(role) && { Tags: showTags(role.tags) }),
  }
}

/** As lists show it. */
export function showRole(state: IamState, account: string, role: RoleRecord): Role {
  return {
    ...showPlainRole(state, account, role),
    Description: role.description,
    MaxSessionDuration: role.maxSessionDuration,
  }
}

/** As GetRole shows it: with boundary, tags and last use. */
export function showWholeRole(state: IamState, account: string, role: RoleRecord): Role {
  return {
    ...showNewRole(state, account, role),
    ...showRole(state, account, role),
    RoleLastUsed: showLastUse(state, role),
  }
}

export function showLastUse(state: IamState, role: RoleRecord): RoleLastUsed {
  const use = state.use(role.id)
  return use ? { LastUsedDate: dateOf(use.at), Region: use.region } : {}
}

function hasTags({ tags }: { tags?: Tags }): boolean {
  return tags !== undefined && Object.keys(tags).length > 0
}

export function showUser(account: string, user: UserRecord): User {
  return {
    Path: user.path,
    UserName: user.name,
    UserId: user.id,
    Arn: entityArn(account, 'user', user),
    CreateDate: dateOf(user.createdAt),
  }
}

export function showWholeUser(account: string, user: UserRecord): User {
  return {
    ...showUser(account, user),
    ...showBoundary(user.boundary),
    ...(hasTags(user) && { Tags: showTags(user.tags) }),
  }
}

export function showGroup(account: string, group: GroupRecord): Group {
  return {
    Path: group.path,
    GroupName: group.name,
    GroupId: group.id,
    Arn: entityArn(account, 'group', group),
    CreateDate: dateOf(group.createdAt),
  }
}

/** As lists show it. */
export function showInstanceProfile(
  state: IamState,
  account: string,
  profile: InstanceProfileRecord,
): InstanceProfile {
  const role = roleOfProfile(state, account, profile)
  return {
    Path: profile.path,
    InstanceProfileName: profile.name,
    InstanceProfileId: profile.id,
    Arn: entityArn(account, 'instance-profile', profile),
    CreateDate: dateOf(profile.createdAt),
    Roles: role ? [showPlainRole(state, account, role)] : [],
  }
}

/** As GetInstanceProfile shows it: with its tags, also where it has none. */
export function showWholeInstanceProfile(
  state: IamState,
  account: string,
  profile: InstanceProfileRecord,
): InstanceProfile {
  return { ...showInstanceProfile(state, account, profile), Tags: showTags(profile.tags) }
}

/** The role in a profile, unless it is gone or another bears its name. */
export function roleOfProfile(
  state: IamState,
  account: string,
  { role }: InstanceProfileRecord,
): RoleRecord | undefined {
  const record = role && state.entry(account, 'role', role.name)?.record
  return record?.id === role?.id ? record : undefined
}

/** `account` is whose attachments are counted. */
export function showPolicy(state: IamState, account: string, policy: PolicyRecord): Policy {
  const arn = policyArn(account, policy)
  const { attachedTo, boundaryOf } = state.account(account) ?? {}
  return {
    PolicyName: policy.name,
    PolicyId: policy.id,
    Arn: arn,
    Path: policy.path,
    DefaultVersionId: policy.defaultVersion,
    AttachmentCount: attachedTo?.of(arn).size ?? 0,
    PermissionsBoundaryUsageCount: boundaryOf?.of(arn).size ?? 0,
    IsAttachable: true,
    CreateDate: dateOf(policy.createdAt),
    UpdateDate: dateOf(policy.updatedAt),
  }
}

/** As GetPolicy shows it. */
export function showWholePolicy(state: IamState, account: string, policy: PolicyRecord): Policy {
  return {
    ...showPolicy(state, account, policy),
    Description: policy.description,
    Tags: showTags(policy.tags),
  }
}

/** The ARN of an account's policy, or of one of AWS's (which has no tags, owner or store key). */
export function policyArn(account: string, policy: PolicyRecord): string {
  return policy.aws ? awsManagedArn(policy) : entityArn(account, 'policy', policy)
}

export function showAttached(attached: readonly Attachment[]): AttachedPolicy[] {
  return attached.map(({ arn }) => ({
    PolicyName: arn.slice(arn.lastIndexOf('/') + 1),
    PolicyArn: arn,
  }))
}

/** The path of a managed policy, by its ARN: what stands between `policy` and the name. */
export function pathOfPolicy(arn: string): string {
  return arn.slice(arn.indexOf('/'), arn.lastIndexOf('/') + 1)
}

export function showBoundary(boundary: Attachment | undefined): {
  PermissionsBoundary?: AttachedPermissionsBoundary
} {
  if (!boundary) return {}
  return {
    PermissionsBoundary: {
      PermissionsBoundaryType: 'Policy' as AttachedPermissionsBoundary['PermissionsBoundaryType'],
      PermissionsBoundaryArn: boundary.arn,
    },
  }
}
