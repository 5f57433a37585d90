/** IAM's answers to the gateway and STS: keys, principals, roles, providers, straight from memory. */
import { iamArn } from '../../kernel/arn.ts'
import type { Caller } from '../caller.ts'
import type {
  Identities,
  LongTermKey,
  NamedPolicy,
  OidcProviderFacts,
  PrincipalFacts,
  RoleFacts,
} from '../identities.ts'
import type { LastUsed } from './last-used.ts'
import { defaultDocument, findPolicy, findRole, nothing, type PolicySource } from './lookup.ts'
import { judgeMfaCode, takeMfaCode } from './mfa-codes.ts'
import { entityArn, providerArn, providerName } from './names.ts'
import { RecentRoles } from './recent-roles.ts'
import type {
  Attachment,
  GranteeRecord,
  PolicyRecord,
  ProviderRecord,
  RoleRecord,
  UserRecord,
} from './records.ts'
import { type IamState, withoutPort } from './state.ts'
import { effectiveTrustPolicy } from './trust-principals.ts'
import type { Writer } from './writer.ts'

export interface IdentitiesOptions extends PolicySource {
  readonly lastUsed: LastUsed
  readonly writer: Writer
  /** See `IamOptions.ownIssuer`. */
  readonly ownIssuer: (issuer: string) => boolean
}

export function createIdentities(options: IdentitiesOptions): Identities {
  const { state, lastUsed, writer } = options
  const roles = new RecentRoles(
    (arn) => {
      const found = findRole(state, arn)
      return found && roleFacts(options, found.account, found.role)
    },
    () => state.version,
  )
  return {
    accessKey: (id) => findKey(state, id),
    principal: (caller) => findPrincipal(options, caller, roles),
    role: (arn) => roles.get(arn),
    managedPolicy: (arn) => {
      const policy = findPolicy(options, arn)
      return policy && named(policy, arn)
    },
    oidcProvider: (account, issuer) => findProvider(options, account, issuer),
    outboundIssuer: (account) => {
      const outbound = state.account(account)?.root?.record.outbound
      return outbound?.enabled ? outbound.id : undefined
    },
    mfaCode: (proof) => judgeMfaCode(proof, state),
    takeMfaCode: (proof) => takeMfaCode(proof, state, writer),
    used: (what) => lastUsed.note(what),
  }
}

function named(policy: PolicyRecord, arn: string): NamedPolicy {
  return { name: policy.name, arn, document: defaultDocument(policy) }
}

function findKey(state: IamState, accessKeyId: string): LongTermKey | undefined {
  const owner = state.keyOwner(accessKeyId)
  if (!owner) return undefined
  const { account } = owner
  if (owner.user === undefined) {
    const key = state.account(account)?.root?.record.rootKeys.find(({ id }) => id === accessKeyId)
    const arn = iamArn(account, 'root')
    return (
      key && {
        secretAccessKey: key.secret,
        active: key.active,
        caller: { kind: 'root', account, arn, accessKeyId },
      }
    )
  }
  const user = state.entry(account, 'user', owner.user)?.record
  const key = user?.keys.find(({ id }) => id === accessKeyId)
  if (!user || !key) return undefined
  const arn = entityArn(account, 'user', user)
  return {
    secretAccessKey: key.secret,
    active: key.active,
    caller: { kind: 'user', account, arn, userName: user.name, userId: user.id, accessKeyId },
  }
}

function findPrincipal(
  options: IdentitiesOptions,
  caller: Caller,
  roles: RecentRoles,
): PrincipalFacts | undefined {
  switch (caller.kind) {
    case 'anonymous':
      return undefined
    case 'root':
      return options.state.account(caller.account) && rootFacts(caller.account)
    case 'user': {
      const user = options.state.entry(caller.account, 'user', caller.userName)?.record
      return user?.id === caller.userId ? userFacts(options, caller.account, user) : undefined
    }
    case 'session': {
      const role = roles.get(caller.session.roleArn)
      return role?.id === caller.session.roleId ? role : undefined
    }
  }
}

function rootFacts(account: string): PrincipalFacts {
  const arn = iamArn(account, 'root')
  return { account, arn, id: account, name: 'root', path: '/', tags: {}, identityPolicies: [] }
}

/** A user's facts, with the policies of the groups he is in. */
export function userFacts(
  options: PolicySource,
  account: string,
  user: UserRecord,
): PrincipalFacts {
  const groups = user.groups.flatMap(({ name, id }) => {
    const group = options.state.entry(account, 'group', name)?.record
    return group?.id === id ? [group] : []
  })
  return granteeFacts(options, account, 'user', user, groups)
}

export function roleFacts(options: PolicySource, account: string, role: RoleRecord): RoleFacts {
  return {
    ...granteeFacts(options, account, 'role', role, []),
    maxSessionDuration: role.maxSessionDuration,
    trustPolicy: effectiveTrustPolicy(options.state, role),
  }
}

function granteeFacts(
  options: PolicySource,
  account: string,
  kind: 'user' | 'role',
  record: UserRecord | RoleRecord,
  groups: readonly GranteeRecord[],
): PrincipalFacts {
  const identityPolicies: NamedPolicy[] = []
  for (const grantee of [record, ...groups]) addPolicies(options, grantee, identityPolicies)
  const { boundary } = record
  return {
    account,
    arn: entityArn(account, kind, record),
    id: record.id,
    name: record.name,
    path: record.path,
    tags: record.tags ?? {},
    identityPolicies,
    ...(boundary && { permissionsBoundary: attachedPolicy(options, boundary) ?? gone(boundary) }),
  }
}

/** The policies of a user, group or role: inline ones, then attached ones. */
export function addPolicies(
  options: PolicySource,
  { inline, attached }: GranteeRecord,
  to: NamedPolicy[],
): void {
  for (const name in inline) to.push({ name, document: inline[name] ?? nothing })
  for (const attachment of attached) {
    const policy = attachedPolicy(options, attachment)
    if (policy) to.push(policy)
  }
}

/** Undefined where the policy is gone, or another bears its name now. */
function attachedPolicy(options: PolicySource, { arn, id }: Attachment): NamedPolicy | undefined {
  const policy = findPolicy(options, arn)
  return policy && (id === undefined || policy.id === id) ? named(policy, arn) : undefined
}

function gone({ arn }: Attachment): NamedPolicy {
  return { name: arn.slice(arn.lastIndexOf('/') + 1), arn, document: nothing }
}

function findProvider(
  { state, ownIssuer }: IdentitiesOptions,
  account: string,
  issuer: string,
): OidcProviderFacts | undefined {
  const name = providerName(issuer).replace(/^([^/]*):443(?=\/|$)/, '$1')
  let record: ProviderRecord | undefined = state.entry(account, 'oidc-provider', name)?.record
  // A port may only be left out where the issuer is known to be our own: another port of a host is another party.
  if (!record && ownIssuer(issuer)) {
    record = state.entry(account, 'oidc-provider', withoutPort(issuer))?.record
  }
  return record && providerFacts(account, record)
}

export function providerFacts(account: string, record: ProviderRecord): OidcProviderFacts {
  return {
    arn: providerArn(account, record.url),
    account,
    url: record.url,
    clientIds: record.clientIds,
    thumbprints: record.thumbprints,
  }
}
