/** The record of one request: who, what, whence, how it ended, and what each link of the chain said. */
import type { AuditCaller, AuditRecord, PodSubject } from '../../audit/audit-log.ts'
import { redactedInput, redactText } from '../../audit/redact.ts'
import { userIdentity } from '../../audit/user-identity.ts'
import type { Verdict } from '../../chain/verdict.ts'
import type { Refusal } from '../../kernel/refusal.ts'
import type { Caller } from '../caller.ts'
import type { EventFacts } from '../operation.ts'
import type { PipelineDeps, Progress } from './progress.ts'

export interface Outcome {
  readonly status: number
  readonly refusal?: Refusal
}

/** Pure: from what the pipeline learned. Bodies, tokens and secrets are not part of it. */
export function auditRecord(
  progress: Progress,
  { status, refusal }: Outcome,
  deps: Pick<PipelineDeps, 'region' | 'account'>,
): AuditRecord {
  const { request, call, authenticated, authoriser } = progress
  const caller = authenticated?.caller ?? { kind: 'anonymous' as const }
  const recorded = authoriser?.recorded
  const { event } = progress
  const requestParameters = recordedParameters(progress)
  const subject = progress.subject ?? subjectOf(caller)
  const denied =
    status === 403 ||
    refusal?.facts['denied'] === true ||
    refusal?.facts['authentication'] !== undefined ||
    progress.noted.some(({ verdict }) => verdict === 'refused')
  return {
    requestId: progress.requestId,
    at: progress.at,
    region: call?.region ?? deps.region,
    account: event?.account ?? call?.account ?? deps.account,
    service: progress.service?.signingName ?? progress.wanted,
    operation: progress.operation?.name ?? 'Unknown',
    ...(recorded ? { action: recorded.need.action, resource: recorded.need.resource } : {}),
    caller: auditCaller(caller, progress.accessKeyId, event),
    ...(subject ? { subject } : {}),
    sourceIp: request.sourceIp,
    userAgent: (request.headers.get('user-agent') ?? '').slice(0, 512),
    outcome: status < 400 ? 'allowed' : denied ? 'denied' : 'failed',
    status,
    ...(refusal ? { errorCode: refusal.code, errorMessage: redactText(refusal.message) } : {}),
    links: links(progress, caller, refusal),
    userIdentity: event?.userIdentity ?? userIdentity(caller, progress.accessKeyId),
    ...(requestParameters ? { requestParameters } : {}),
    ...(event?.responseElements ? { responseElements: event.responseElements } : {}),
    ...(event?.resources ? { resources: event.resources } : {}),
  }
}

function recordedParameters({ input, operation }: Progress) {
  if (input === undefined) return undefined
  return redactedInput(operation?.requestParameters?.(input) ?? input)
}

function links(progress: Progress, caller: Caller, refusal: Refusal | undefined): Verdict[] {
  if (progress.noted.length > 0) return [...progress.noted]
  const failure = refusal?.facts['authentication']
  if (typeof failure === 'string') {
    return [
      {
        link: 'session',
        verdict: 'refused',
        summary: authenticationSummary(failure),
        evidence: [{ key: 'signature', actual: failure, wanted: 'a valid, fresh signature' }],
      },
    ]
  }
  const { authoriser } = progress
  if (!authoriser) return []
  return [...earlierLinks(caller), authoriser.session(), ...(authoriser.recorded?.verdicts ?? [])]
}

/** What the session's own sealed facts say of the links that were passed when it was opened. */
function earlierLinks(caller: Caller): Verdict[] {
  if (caller.kind !== 'session') return []
  const { webIdentity, instanceId, roleName, podIdentity } = caller.session
  if (podIdentity !== undefined) return podIdentityLinks(podIdentity, roleName)
  if (webIdentity) {
    const passed = { verdict: 'passed', evidence: [] } as const
    return [
      {
        ...passed,
        link: 'token',
        summary: `the session was bought with the token of \`${webIdentity.subject}\` for \`${webIdentity.audience}\``,
      },
      { ...passed, link: 'provider', summary: `\`${webIdentity.providerArn}\` is registered` },
      {
        ...passed,
        link: 'trust',
        summary: `role \`${roleName}\` trusted it when the session was opened`,
      },
    ]
  }
  if (instanceId === undefined) return []
  const summary = `none used: the credentials are the role of node \`${instanceId}\``
  return (['token', 'provider', 'trust'] as const).map((link) => ({
    link,
    verdict: 'not-applicable',
    summary,
    evidence: [],
  }))
}

function podIdentityLinks(association: string, roleName: string): Verdict[] {
  const passed = { verdict: 'passed', evidence: [] } as const
  return [
    {
      ...passed,
      link: 'token',
      summary: "the session was bought with the pod's token, through the agent of its node",
    },
    {
      ...passed,
      link: 'provider',
      summary: `none needed: EKS knows the cluster's issuer, and association \`${association}\` names the role`,
    },
    {
      ...passed,
      link: 'trust',
      summary: `role \`${roleName}\` trusted it when the session was opened`,
    },
  ]
}

function authenticationSummary(failure: string): string {
  switch (failure) {
    case 'bad-session-token':
      return 'the session token is missing, foreign or damaged'
    case 'unknown-key':
    case 'inactive-key':
      return 'the access key does not exist or is not active'
    case 'missing':
      return 'the request is not signed'
    case 'skewed':
    case 'expired-request':
      return 'the signature is too old, or from the future'
    default:
      return 'the signature does not hold'
  }
}

function auditCaller(
  caller: Caller,
  accessKeyId: string | undefined,
  event: EventFacts | undefined,
): AuditCaller {
  if (caller.kind === 'anonymous') {
    if (event?.userIdentity?.['type'] === 'WebIdentityUser') return { type: 'web-identity' }
    return { type: 'anonymous', ...(accessKeyId === undefined ? {} : { accessKeyId }) }
  }
  const webIdentity = caller.kind === 'session' && caller.session.webIdentity !== undefined
  const type = webIdentity ? 'web-identity' : caller.kind
  return { type, arn: caller.arn, accessKeyId: caller.accessKeyId }
}

function subjectOf(caller: Caller): PodSubject | undefined {
  return caller.kind === 'session' ? caller.session.pod : undefined
}
