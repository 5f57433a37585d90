/** What concerns the whole account: its alias and its summary. */
import type {
  CreateAccountAliasRequest,
  DeleteAccountAliasRequest,
  GetAccountSummaryResponse,
  ListAccountAliasesResponse,
  SetSecurityTokenServicePreferencesRequest,
} from '@aws-sdk/client-iam'
import type { Operation } from '../../operation.ts'
import { onAccount } from '../access.ts'
import type { IamDeps, Valid } from '../deps.ts'
import { refuse } from '../errors.ts'
import type { Quotas } from '../quotas.ts'
import type { EntityKind } from '../records.ts'
import type { AccountState } from '../state.ts'

/** An account has one alias; a new one takes the old one's place. No two accounts have the same. */
export const createAccountAlias: Operation<Valid<CreateAccountAliasRequest>, void, IamDeps> = {
  name: 'CreateAccountAlias',
  access: onAccount('iam:CreateAccountAlias'),
  async handle({ AccountAlias }, { account }, { writer }) {
    if (!(await writer.setAlias(account, AccountAlias))) {
      const message = `The account alias ${AccountAlias} already exists.`
      throw refuse.EntityAlreadyExists({}, { message })
    }
  },
}

export const deleteAccountAlias: Operation<Valid<DeleteAccountAliasRequest>, void, IamDeps> = {
  name: 'DeleteAccountAlias',
  access: onAccount('iam:DeleteAccountAlias'),
  async handle({ AccountAlias }, { account }, { state, writer }) {
    if (state.account(account)?.root?.record.alias !== AccountAlias) {
      const message = `The account alias ${AccountAlias} cannot be found.`
      throw refuse.NoSuchEntity({}, { message })
    }
    await writer.setAlias(account, undefined)
  },
}

export const listAccountAliases: Operation<object, ListAccountAliasesResponse, IamDeps> = {
  name: 'ListAccountAliases',
  access: onAccount('iam:ListAccountAliases'),
  handle(_input, { account }, { state }) {
    const alias = state.account(account)?.root?.record.alias
    return { AccountAliases: alias === undefined ? [] : [alias], IsTruncated: false }
  },
}

/** Kept and shown in the summary: sessions are of one kind here. */
export const setSecurityTokenServicePreferences: Operation<
  Valid<SetSecurityTokenServicePreferencesRequest>,
  void,
  IamDeps
> = {
  name: 'SetSecurityTokenServicePreferences',
  access: onAccount('iam:SetSecurityTokenServicePreferences'),
  async handle({ GlobalEndpointTokenVersion }, { account }, { writer }) {
    const tokenVersion = GlobalEndpointTokenVersion === 'v2Token' ? 2 : 1
    await writer.changeAccount(account, (record) =>
      record ? { record: { ...record, tokenVersion } } : 'keep',
    )
  },
}

/** How many entities of each kind there are, and how many there may be. */
export const getAccountSummary: Operation<object, GetAccountSummaryResponse, IamDeps> = {
  name: 'GetAccountSummary',
  access: onAccount('iam:GetAccountSummary'),
  handle: (_input, { account }, { state, quotas }) => ({
    SummaryMap: summary(state.account(account), quotas) as GetAccountSummaryResponse['SummaryMap'],
  }),
}

function summary(account: AccountState | undefined, quotas: Quotas): Record<string, number> {
  const entities = account?.entities
  const size = (kind: EntityKind) => entities?.[kind].size ?? 0
  const versions = entities?.policy
    .records()
    .reduce((sum, policy) => sum + policy.versions.length, 0)
  const inUse = entities?.user.records().reduce((sum, { mfa = [] }) => sum + mfa.length, 0)
  return {
    AccessKeysPerUserQuota: quotas.accessKeysPerUser,
    AccountAccessKeysPresent: account?.root?.record.rootKeys.length ? 1 : 0,
    AccountMFAEnabled: 0,
    AccountPasswordPresent: 0,
    AccountSigningCertificatesPresent: 0,
    AssumeRolePolicySizeQuota: 2048,
    AttachedPoliciesPerGroupQuota: quotas.attachedPoliciesPerEntity,
    AttachedPoliciesPerRoleQuota: quotas.attachedPoliciesPerEntity,
    AttachedPoliciesPerUserQuota: quotas.attachedPoliciesPerEntity,
    GlobalEndpointTokenVersion: account?.root?.record.tokenVersion ?? 1,
    GroupPolicySizeQuota: quotas.groupInlineSize,
    Groups: size('group'),
    GroupsPerUserQuota: quotas.groupsPerUser,
    GroupsQuota: quotas.groupsPerAccount,
    InstanceProfiles: size('instance-profile'),
    InstanceProfilesQuota: quotas.instanceProfilesPerAccount,
    MFADevices: size('mfa'),
    MFADevicesInUse: inUse ?? 0,
    Policies: size('policy'),
    PoliciesQuota: quotas.policiesPerAccount,
    PolicySizeQuota: 6144,
    PolicyVersionsInUse: versions ?? 0,
    PolicyVersionsInUseQuota: 10_000,
    Providers: size('oidc-provider') + size('saml-provider'),
    RolePolicySizeQuota: quotas.roleInlineSize,
    Roles: size('role'),
    RolesQuota: quotas.rolesPerAccount,
    ServerCertificates: size('server-certificate'),
    ServerCertificatesQuota: quotas.serverCertificatesPerAccount,
    SigningCertificatesPerUserQuota: quotas.certificatesPerUser,
    UserPolicySizeQuota: quotas.userInlineSize,
    Users: size('user'),
    UsersQuota: quotas.usersPerAccount,
    VersionsPerPolicyQuota: quotas.versionsPerPolicy,
  }
}
