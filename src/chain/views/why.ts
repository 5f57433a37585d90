/** `why`: one recorded decision with the whole chain around it. It calls links; it has no rule of its own. */
import { type AssociationFacts, asksAgent } from '../links/agent-injection.ts'
import { judgeInjection } from '../links/injection.ts'
import type { PodFacts, ServiceAccountFacts } from '../links/pod-facts.ts'
import { judgeServiceAccount } from '../links/service-account.ts'
import { type LinkName, linkNames, type Verdict } from '../verdict.ts'

/** A decision as it was recorded. `time` is ISO 8601. */
export interface RecordedDecision {
  readonly requestId: string
  readonly time: string
  readonly outcome: 'allowed' | 'denied' | 'failed'
  readonly operation: string
  readonly action?: string
  readonly resource?: string
  readonly callerArn?: string
  /** The ServiceAccount that the token or session speaks for, `namespace/name`, where it is known. */
  readonly serviceAccount?: string
  readonly errorCode?: string
  readonly errorMessage?: string
  readonly links: readonly Verdict[]
}

/** The pod that the request came from, as it is now. */
export interface PodSituation {
  readonly cluster: string
  readonly namespace: string
  readonly name: string
  /** Undefined: it is gone. */
  readonly pod: PodFacts | undefined
  readonly serviceAccount: ServiceAccountFacts | undefined
  readonly webhookRegistered: boolean
  /** The text of the ConfigMap that gives roles to ServiceAccounts, where there is one. */
  readonly roleMapping?: string
  /** When the ServiceAccount was annotated, where that is known; ms since the epoch. */
  readonly annotatedAt?: number
  /** Its ServiceAccount's EKS Pod Identity association. */
  readonly association?: AssociationFacts
  /** Whether the cluster has the Pod Identity agent, where that is known. */
  readonly isAgentInstalled?: boolean
}

/** What `podpass why --output json` prints. */
export interface WhyReport {
  readonly decision: RecordedDecision['outcome'] | 'unknown'
  readonly action: string
  readonly resource: string
  /** `pod default/pod-before`, else the caller's ARN. */
  readonly subject: string
  readonly time: string
  readonly requestId: string
  readonly links: readonly Verdict[]
  /** The link where the chain broke first. */
  readonly brokenLink?: LinkName
  readonly fix?: string
}

/** Puts the record's links and the pod's own (as they are now) in the chain's order. */
export function why(
  record: RecordedDecision | undefined,
  situation: PodSituation | undefined,
): WhyReport {
  const known = new Map<LinkName, Verdict>()
  for (const verdict of situation ? podLinks(situation, record?.callerArn) : [])
    known.set(verdict.link, verdict)
  for (const verdict of record?.links ?? []) known.set(verdict.link, verdict)
  const links: Verdict[] = []
  const refusedAt = Math.max(
    -1,
    ...[...known.values()]
      .filter((verdict) => verdict.verdict === 'refused')
      .map((verdict) => linkNames.indexOf(verdict.link)),
  )
  for (const [index, link] of linkNames.entries()) {
    links.push(known.get(link) ?? missing(link, refusedAt >= 0 && index > refusedAt, situation))
  }
  const broken = links.find((verdict) => verdict.verdict === 'refused')
  const fix = links.find((verdict) => verdict.verdict === 'refused' && verdict.fix)?.fix
  const denied = record?.outcome === 'denied' || record?.outcome === 'failed'
  return {
    decision: record?.outcome ?? 'unknown',
    action: record?.action ?? record?.operation ?? 'no request yet',
    resource: record?.resource ?? '',
    subject: subjectOf(record, situation),
    time: record?.time ?? '',
    requestId: record?.requestId ?? '',
    links,
    ...((denied || !record) && broken && { brokenLink: broken.link }),
    ...((denied || !record) && fix !== undefined && { fix: withPolicy(fix, record?.action) }),
  }
}

/** Puts AWS's own policy for the action where a fix says POLICY; where there is no fitting one, POLICY stays. */
function withPolicy(fix: string, action = ''): string {
  const policy = /^s3:(Get|List|Describe)/.test(action) ? 'AmazonS3ReadOnlyAccess' : undefined
  return policy ? fix.replace(/\bPOLICY\b/, `arn:aws:iam::aws:policy/${policy}`) : fix
}

function subjectOf(
  record: RecordedDecision | undefined,
  situation: PodSituation | undefined,
): string {
  if (situation) return `pod ${situation.namespace}/${situation.name}`
  if (record?.serviceAccount) return `ServiceAccount ${record.serviceAccount}`
  return record?.callerArn ?? 'an anonymous caller'
}

function podLinks(situation: PodSituation, callerArn: string | undefined): Verdict[] {
  const { pod, cluster, namespace, serviceAccount } = situation
  if (!pod) {
    return (['service-account', 'injection'] as const).map((link) => ({
      link,
      verdict: 'not-applicable',
      summary: `the pod ${namespace}/${situation.name} is gone`,
      evidence: [],
    }))
  }
  const name = pod.spec?.serviceAccountName ?? 'default'
  const { association, isAgentInstalled } = situation
  const { verdict, roleArn } = judgeServiceAccount({
    namespace,
    name,
    serviceAccount,
    cluster,
    association,
    roleMapping: situation.roleMapping,
    asksAgent: asksAgent(pod),
    otherRole: roleOf(callerArn),
  })
  const injection = judgeInjection({
    pod,
    roleArn,
    association,
    isAgentInstalled,
    cluster,
    webhookRegistered: situation.webhookRegistered,
    ...(situation.annotatedAt !== undefined && { annotatedAt: situation.annotatedAt }),
  })
  return [verdict, injection]
}

/** The role of a session that is not the node's own, whose name would be the instance's id. */
function roleOf(callerArn: string | undefined): string | undefined {
  const [, role, session = ''] = /:assumed-role\/([^/]+)\/(.+)$/.exec(callerArn ?? '') ?? []
  return /^i-[0-9a-f]{8,17}$/.test(session) ? undefined : role
}

function missing(link: LinkName, after: boolean, situation: PodSituation | undefined): Verdict {
  const ofPod = link === 'service-account' || link === 'injection'
  if (ofPod && !situation) {
    return { link, verdict: 'not-applicable', summary: 'not a pod', evidence: [] }
  }
  return {
    link,
    verdict: after ? 'not-reached' : 'not-applicable',
    summary: after ? 'not reached' : 'has no part in this request',
    evidence: [],
  }
}
