/** Makes what handlers know of their request, and judges whether the credentials behind it still count. */
import { type AwsService, type Call, Refusal } from '../operation.ts'
import type { Authenticated } from './authenticate.ts'
import { Authoriser } from './authorise.ts'
import type { RefuseAuthentication } from './body.ts'
import type { PipelineDeps, Progress } from './progress.ts'

/** The call of an authenticated request; what it authorises and notes goes into `progress`. */
export function makeCall(
  progress: Progress,
  authenticated: Authenticated,
  service: AwsService,
  deps: PipelineDeps,
): Call {
  const { request, requestId, at } = progress
  const { caller } = authenticated
  const facts = {
    at,
    region: authenticated.region ?? deps.region,
    sourceIp: request.sourceIp,
    userAgent: request.headers.get('user-agent') ?? '',
    secure: request.secure,
  }
  const authoriser = new Authoriser({
    caller,
    identities: deps.authenticator.identities,
    request: facts,
    evaluate: deps.evaluate,
    quotesResource: service.quotesResource ?? false,
  })
  progress.authoriser = authoriser
  const call: Call = {
    ...facts,
    requestId,
    caller,
    account: caller.kind === 'anonymous' ? deps.account : caller.account,
    ...(authenticated.signature ? { signature: authenticated.signature } : {}),
    authorise: (need) => authoriser.decide(need),
    note: (verdicts, subject, event) => {
      progress.noted.push(...verdicts)
      if (subject) progress.subject = subject
      if (event) progress.event = { ...progress.event, ...event }
    },
  }
  progress.call = call
  return call
}

/** The session link enforces what it explains: credentials that have expired, or whose principal is gone. */
export function refuseDeadSession(
  { authoriser, at }: Progress,
  { caller, expiresAt }: Authenticated,
  refuse: RefuseAuthentication,
): void {
  if (authoriser?.session().verdict !== 'refused' || caller.kind === 'anonymous') return
  const isExpired = expiresAt !== undefined && at >= expiresAt
  const { accessKeyId } = caller
  throw refuse(isExpired ? 'expired-session' : 'unknown-key', { accessKeyId, link: 'session' })
}

/** What no policy can change: a service that does not take keys of this kind. */
export function refuseCaller({ caller }: Call, service: AwsService): void {
  const error = caller.kind === 'anonymous' ? undefined : service.refusesCaller?.(caller)
  if (!error) return
  const { message, ...details } = error
  throw new Refusal(message, { ...details, facts: { denied: true } })
}

/** Tells IAM that key and role were used, for its last-used answers. */
export function noteUse(call: Call, service: AwsService, { authenticator }: PipelineDeps): void {
  const { caller, region, at } = call
  if (caller.kind === 'anonymous') return
  authenticator.identities.used({
    accessKeyId: caller.accessKeyId,
    ...(caller.kind === 'session' ? { roleArn: caller.session.roleArn } : {}),
    service: service.signingName,
    region,
    at,
  })
}
