/** Who an IAM caller is in a cluster: by access entry, else by the aws-auth ConfigMap, each where the mode allows it. */
import type { AccessPolicyGrant, UserInfo } from '../../kubernetes/object.ts'
import { type AwsAuthData, type Mapping, mapByAwsAuth } from './aws-auth.ts'
import { type Identity, identityOf, isPrincipal } from './principals.ts'
import type { AccessEntryRecord, ClusterRecord } from './records.ts'

/** A caller as the verified EKS token (a GetCallerIdentity) tells. */
export interface TokenCaller {
  /** `arn:aws:sts::…:assumed-role/<role>/<session>`, `arn:aws:iam::…:user/…`. */
  readonly arn: string
  /** `AROA…:<session>`, `AIDA…`. */
  readonly userId: string
  readonly accessKeyId?: string
}

/** What decides: the cluster, its entries, its ConfigMap, and the name of a node by its instance id. */
export interface MappingFacts {
  readonly cluster: ClusterRecord
  readonly entries: readonly AccessEntryRecord[]
  readonly awsAuth?: AwsAuthData | undefined
  readonly privateDnsName?: (instanceId: string) => string | undefined
}

/** The Kubernetes user of a caller; undefined where nothing maps it (401). */
export function mapCaller(caller: TokenCaller, facts: MappingFacts): UserInfo | undefined {
  const identity = identityOf(caller.arn)
  if (!identity) return undefined
  const { cluster, entries } = facts
  if (cluster.authenticationMode !== 'CONFIG_MAP') {
    const entry = entries.find((e) => isPrincipal(identity, e.principalArn))
    if (entry) {
      const mapping = { username: entry.username, groups: entry.kubernetesGroups }
      return userInfo(caller, identity, mapping, facts, policiesOf(entry))
    }
  }
  if (cluster.authenticationMode === 'API') return undefined
  const isCreator = cluster.creatorIsAdmin && isPrincipal(identity, cluster.creatorArn)
  if (cluster.authenticationMode === 'CONFIG_MAP' && isCreator) {
    const mapping = { username: 'kubernetes-admin', groups: ['system:masters'] }
    return userInfo(caller, identity, mapping, facts)
  }
  const mapping = facts.awsAuth && mapByAwsAuth(facts.awsAuth, identity)
  return mapping && userInfo(caller, identity, mapping, facts)
}

function policiesOf(entry: AccessEntryRecord): AccessPolicyGrant[] {
  return entry.policies.map(({ policyArn, type, namespaces }) =>
    type === 'cluster' ? { policy: policyArn } : { policy: policyArn, namespaces },
  )
}

function userInfo(
  caller: TokenCaller,
  identity: Identity,
  mapping: Mapping,
  facts: MappingFacts,
  accessPolicies: readonly AccessPolicyGrant[] = [],
): UserInfo | undefined {
  const fill = (text: string): string | undefined => fillTemplate(text, identity, facts)
  const username = fill(mapping.username)
  const groups = mapping.groups.map(fill)
  // A node whose name is not known is nobody, rather than a user with a template for a name.
  if (username === undefined || groups.includes(undefined)) return undefined
  const [principalId = ''] = caller.userId.split(':')
  const extra: Record<string, readonly string[]> = {
    arn: [caller.arn],
    canonicalArn: [identity.canonicalArn],
    principalId: [principalId],
    sessionName: [identity.sessionName],
    ...(caller.accessKeyId ? { accessKeyId: [caller.accessKeyId] } : {}),
  }
  return {
    username,
    uid: `aws-iam-authenticator:${identity.account}:${principalId}`,
    groups: [...new Set([...(groups as string[]), 'system:authenticated'])],
    extra,
    ...(accessPolicies.length > 0 ? { accessPolicies } : {}),
  }
}

/** The templates of aws-iam-authenticator; in SessionName an `@` becomes `-`, as there. */
function fillTemplate(text: string, identity: Identity, facts: MappingFacts): string | undefined {
  let known = true
  const filled = text.replace(/\{\{\s*(\w+)\s*\}\}/g, (whole, name: string) => {
    switch (name) {
      case 'AccountID':
        return identity.account
      case 'SessionName':
        return identity.sessionName.replaceAll('@', '-')
      case 'SessionNameRaw':
        return identity.sessionName
      case 'EC2PrivateDNSName': {
        const dnsName = facts.privateDnsName?.(identity.sessionName)
        if (dnsName === undefined) known = false
        return dnsName ?? ''
      }
      default:
        return whole
    }
  })
  return known ? filled : undefined
}
