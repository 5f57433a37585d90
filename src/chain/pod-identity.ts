/** Token, provider, association and trust in EKS's order: whether a pod's token buys a session of its associated role. */
import { assumedRoleArn } from '../kernel/arn.ts'
import { isoMillis } from '../kernel/iso-time.ts'
import type { AuthorizationRequest, Evaluate, PolicyInput } from '../kernel/policy/decision.ts'
import { podIdentityAudience } from './links/pod-identity-token.ts'
import {
  type IssuerKeys,
  judgeToken,
  readToken,
  unverifiedToken,
  type WebIdentityToken,
} from './links/token.ts'
import { judgeTrust, type TrustingRole } from './links/trust.ts'
import type { WebIdentityFault } from './links/web-identity-fault.ts'
import type { LinkName, Verdict } from './verdict.ts'
import { podOf } from './web-identity.ts'

/** The cluster that is asked about. */
export interface PodIdentityCluster {
  readonly arn: string
  readonly name: string
  readonly account: string
  /** Byte for byte as in its tokens. */
  readonly issuer: string
}

/** An association as far as it decides. */
export interface Association {
  readonly id: string
  readonly arn: string
  readonly roleArn: string
  readonly disableSessionTags: boolean
  readonly targetRoleArn?: string
  readonly externalId?: string
  /** Session policy. */
  readonly policy?: string
}

/** A role with what it may do itself: to assume the target, it needs the right. */
export interface AssociatedRole extends TrustingRole {
  readonly id: string
  readonly name: string
  readonly identityPolicies: readonly PolicyInput[]
  readonly permissionsBoundary?: PolicyInput
}

/** Where the facts come from: the cluster's issuer, EKS, IAM. */
export interface PodIdentityPorts<R extends AssociatedRole> {
  /** The public keys of the cluster's own issuer: nothing is fetched. */
  keys(): IssuerKeys
  association(namespace: string, serviceAccount: string): Association | undefined
  role(arn: string): R | undefined
  readonly evaluate: Evaluate
}

export interface PodIdentityAttempt {
  readonly token: string
  readonly cluster: PodIdentityCluster
  /** Ms since the epoch. */
  readonly at: number
  /** The name that a session for this pod would get. */
  sessionName(pod: string): string
}

/** Whose pod it is. */
export interface AttestedPod {
  readonly namespace: string
  readonly serviceAccount: string
  readonly pod: string
  readonly podUid: string
}

export type PodIdentityFault =
  | WebIdentityFault
  | { readonly kind: 'wrong-issuer' }
  | { readonly kind: 'not-of-a-pod' }
  | { readonly kind: 'no-association'; readonly pod: AttestedPod }

export type PodIdentityJudgement<R extends AssociatedRole> =
  | {
      readonly kind: 'trusted'
      readonly pod: AttestedPod
      readonly association: Association
      readonly role: R
      /** Assumed with the first role's session, where the association names one. */
      readonly target?: R
      /** All of them are transitive; empty where the association turns them off. */
      readonly tags: Readonly<Record<string, string>>
      readonly links: readonly Verdict[]
    }
  | {
      readonly kind: 'refused'
      readonly fault: PodIdentityFault
      /** Only where the token's signature and times hold. */
      readonly pod?: AttestedPod
      readonly links: readonly Verdict[]
    }

export const podIdentityPrincipal = 'pods.eks.amazonaws.com'

/** The pod that a token attests, or why it attests none. No role is looked at. */
export function judgePodToken(
  { token: text, cluster, at }: Pick<PodIdentityAttempt, 'token' | 'cluster' | 'at'>,
  keys: () => IssuerKeys,
):
  | { readonly kind: 'passed'; readonly pod: AttestedPod; readonly links: readonly Verdict[] }
  | Extract<PodIdentityJudgement<never>, { kind: 'refused' }> {
  const read = readToken(text)
  if (read.kind === 'refused') return refused(read.fault, [read.verdict])
  const { token } = read
  if (token.issuer !== cluster.issuer) {
    return refused({ kind: 'wrong-issuer' }, [unverifiedToken(token), foreign(token, cluster)])
  }
  const signer = "the cluster's issuer"
  const judged = judgeToken({ token, keys: keys(), at, signer })
  if (judged.kind === 'refused') return refused(judged.fault, [judged.verdict])
  const claimed = podOf(token)
  const pod =
    claimed?.pod && claimed.podUid
      ? { ...claimed, pod: claimed.pod, podUid: claimed.podUid }
      : undefined
  if (!token.audiences.includes(podIdentityAudience)) {
    return refused({ kind: 'wrong-audience' }, [judged.verdict, otherAudience(token)], pod)
  }
  if (!pod) return refused({ kind: 'not-of-a-pod' }, [notOfAPod(token)])
  return { kind: 'passed', pod, links: [judged.verdict, ownIssuer(cluster)] }
}

/** Answers token, provider and trust, and the ServiceAccount's link where there is no association. Throws what a port throws. */
export function judgePodIdentity<R extends AssociatedRole>(
  attempt: PodIdentityAttempt,
  ports: PodIdentityPorts<R>,
): PodIdentityJudgement<R> {
  const { cluster } = attempt
  const attested = judgePodToken(attempt, ports.keys)
  if (attested.kind === 'refused') return attested
  const { pod, links } = attested
  const association = ports.association(pod.namespace, pod.serviceAccount)
  if (!association) {
    const fault = { kind: 'no-association', pod } as const
    return refused(fault, [unassociated(pod, cluster), ...links], pod)
  }
  const tags = association.disableSessionTags ? {} : sessionTags(cluster, pod)
  const context = {
    'aws:CurrentTime': isoMillis(attempt.at),
    'aws:EpochTime': String(Math.floor(attempt.at / 1000)),
    'sts:RoleSessionName': attempt.sessionName(pod.pod),
    ...tagContext(tags),
  }
  const actions = ['sts:AssumeRole', ...(association.disableSessionTags ? [] : ['sts:TagSession'])]
  const role = ports.role(association.roleArn)
  const trust = judgeTrust({
    evaluate: ports.evaluate,
    principal: { kind: 'service', service: podIdentityPrincipal },
    actions,
    roleArn: association.roleArn,
    role,
    context: { ...context, 'aws:SourceArn': cluster.arn, 'aws:SourceAccount': cluster.account },
  })
  if (!trust.trusted || !role) {
    return refused({ kind: 'not-trusted' }, [...links, trust.verdict], pod)
  }
  const { targetRoleArn } = association
  if (targetRoleArn === undefined) {
    return { kind: 'trusted', pod, association, role, tags, links: [...links, trust.verdict] }
  }
  const target = ports.role(targetRoleArn)
  const chained = judgeTarget({ association, role, target, actions, context, tags }, ports.evaluate)
  const all = [...links, chained.verdict]
  return chained.trusted && target
    ? { kind: 'trusted', pod, association, role, target, tags, links: all }
    : refused({ kind: 'not-trusted' }, all, pod)
}

/** The second step: the associated role's session assumes the target, with the association's external id. */
function judgeTarget(
  given: {
    association: Association
    role: AssociatedRole
    target: AssociatedRole | undefined
    actions: readonly string[]
    context: AuthorizationRequest['context']
    tags: Readonly<Record<string, string>>
  },
  evaluate: Evaluate,
) {
  const { association, role, target, actions, context, tags } = given
  const { targetRoleArn = '', externalId } = association
  const session = String(context['sts:RoleSessionName'])
  const principalTags = Object.entries(tags).map(([key, value]) => [
    `aws:PrincipalTag/${key}`,
    value,
  ])
  const judged = judgeTrust({
    evaluate,
    principal: {
      kind: 'session',
      account: role.account,
      arn: assumedRoleArn(role.account, role.name, session),
      roleArn: role.arn,
      roleId: role.id,
    },
    actions,
    roleArn: targetRoleArn,
    role: target,
    context: {
      ...context,
      ...Object.fromEntries(principalTags),
      'aws:PrincipalArn': role.arn,
      'aws:PrincipalAccount': role.account,
      ...(externalId === undefined ? {} : { 'sts:ExternalId': externalId }),
    },
    policies: {
      identity: role.identityPolicies,
      ...(role.permissionsBoundary ? { boundary: [role.permissionsBoundary] } : {}),
    },
  })
  const verdict = { ...judged.verdict, summary: `target role: ${judged.verdict.summary}` }
  return { trusted: judged.trusted, verdict }
}

/** The six tags that EKS gives the sessions of pods. */
function sessionTags(
  cluster: PodIdentityCluster,
  pod: AttestedPod,
): Readonly<Record<string, string>> {
  return {
    'eks-cluster-arn': cluster.arn,
    'eks-cluster-name': cluster.name,
    'kubernetes-namespace': pod.namespace,
    'kubernetes-pod-name': pod.pod,
    'kubernetes-pod-uid': pod.podUid,
    'kubernetes-service-account': pod.serviceAccount,
  }
}

function tagContext(tags: Readonly<Record<string, string>>): AuthorizationRequest['context'] {
  const keys = Object.keys(tags)
  if (keys.length === 0) return {}
  const values = keys.map((key) => [`aws:RequestTag/${key}`, tags[key] ?? ''])
  return {
    ...Object.fromEntries(values),
    'aws:TagKeys': keys,
    'sts:TransitiveTagKeys': keys,
  }
}

function ownIssuer({ name }: PodIdentityCluster): Verdict {
  return {
    link: 'provider',
    verdict: 'passed',
    summary: `the issuer of cluster ${name} itself: EKS Pod Identity needs no provider in IAM`,
    evidence: [],
  }
}

function foreign({ issuer }: WebIdentityToken, cluster: PodIdentityCluster): Verdict {
  return {
    link: 'provider',
    verdict: 'refused',
    summary: `the token is of another issuer than that of cluster ${cluster.name}`,
    evidence: [{ key: 'iss', wanted: cluster.issuer, actual: issuer, source: 'token' }],
    fix: 'an association counts in its own cluster only: make one for that cluster',
  }
}

function otherAudience({ audiences }: WebIdentityToken): Verdict {
  const actual = audiences.join(', ')
  return {
    link: 'provider',
    verdict: 'refused',
    summary: 'the token is meant for another audience than EKS Pod Identity takes',
    evidence: [{ key: 'aud', wanted: podIdentityAudience, actual, source: 'token' }],
    fix: 'the webhook mounts the right token: make the pod anew, without a token volume of its own',
  }
}

function notOfAPod(token: WebIdentityToken): Verdict {
  return {
    link: 'token',
    verdict: 'refused',
    summary: 'the token is bound to no pod',
    evidence: [{ key: 'sub', actual: token.subject, source: 'token' }],
    fix: 'use the token that the kubelet mounts in the pod',
  }
}

function unassociated({ namespace, serviceAccount }: AttestedPod, { name }: PodIdentityCluster) {
  return {
    link: 'service-account',
    verdict: 'refused',
    summary: `cluster ${name} has no Pod Identity association for ${namespace}/${serviceAccount}`,
    evidence: [],
    fix: `podpass create podidentityassociation --cluster ${name} --namespace ${namespace} --service-account-name ${serviceAccount} --permission-policy-arns POLICY`,
  } satisfies Verdict
}

function refused(
  fault: PodIdentityFault,
  known: readonly Verdict[],
  pod?: AttestedPod,
): Extract<PodIdentityJudgement<never>, { kind: 'refused' }> {
  const links = [...known]
  for (const link of ['token', 'provider', 'trust'] satisfies LinkName[]) {
    if (known.some((verdict) => verdict.link === link)) continue
    links.push({ link, verdict: 'not-reached', summary: 'not reached', evidence: [] })
  }
  return { kind: 'refused', fault, ...(pod ? { pod } : {}), links }
}
