/** Finds out who signed a request, and that nobody else could have: signature, then clock. Sessions are judged by their link. */
import { hash } from 'node:crypto'
import { isoSeconds } from '../../kernel/iso-time.ts'
import { formatAmzDate } from '../../kernel/sigv4/amz-date.ts'
import type { ClaimedSignature } from '../../kernel/sigv4/authorization.ts'
import { emptyHash } from '../../kernel/sigv4/canonical-request.ts'
import { claimedV2, verifyV2 } from '../../kernel/sigv4/presigned-v2.ts'
import { type SigningKeys, scopeText } from '../../kernel/sigv4/signing-key.ts'
import type { QueryParameter } from '../../kernel/sigv4/uri.ts'
import { unsignedHeaders, verifySignature } from '../../kernel/sigv4/verify.ts'
import type { Caller, SignedCaller } from '../caller.ts'
import type { Identities } from '../identities.ts'
import type { AwsRequest, SignatureFacts } from '../operation.ts'
import type { Sessions } from '../sessions.ts'
import type { BodyForm, RefuseAuthentication } from './body.ts'
import { bodyForm, payloadHashOf } from './payload.ts'
import type { Claim } from './route.ts'

/** What authentication stands on. */
export interface Authenticator {
  readonly identities: Identities
  readonly sessions: Sessions
  readonly keys: SigningKeys
  /** The lab's time, ms since the epoch. */
  readonly now: () => number
  /** A signature is fresh when one of these clocks says so. ms since the epoch. */
  readonly signatureClocks: readonly (() => number)[]
  /** Regions that a scope may name, the endpoint's own first; absent: any. */
  readonly regions?: ReadonlySet<string>
}

export interface Authenticated {
  readonly caller: Caller
  readonly body: BodyForm
  readonly signature?: SignatureFacts
  /** Region of the signature's scope. */
  readonly region?: string
  /** Of temporary credentials, ms since the epoch. Not judged here: the session link does it. */
  readonly expiresAt?: number
}

/** A request ready to be authenticated. `body`: its bytes, where the service's signatures cover the body itself. */
export interface Presented {
  readonly request: AwsRequest
  readonly query: readonly QueryParameter[]
  readonly claim: Claim
  readonly service: string
  /** The one region that the signature must be scoped to, where the resource decides it. */
  readonly region?: string | undefined
  readonly body: Uint8Array | undefined
}

const s3SkewMs = 15 * 60_000
const skewMs = 5 * 60_000
/** What AWS gives a presigned URL of any other service than S3, whatever it asks for. */
const presignedSeconds = 15 * 60

/** Throws the service's refusal; an unsigned request is anonymous, not refused. */
export function authenticate(
  presented: Presented,
  authenticator: Authenticator,
  refuse: RefuseAuthentication,
): Authenticated {
  const { request, claim } = presented
  if (claim === undefined) {
    const v2 = presented.service === 's3' ? claimedV2(presented.query) : undefined
    if (v2 !== undefined) return authenticateV2(presented, authenticator, refuse)
    return { caller: { kind: 'anonymous' }, body: bodyForm(request, undefined, undefined, refuse) }
  }
  if ('problem' in claim) throw refuse(claim.problem, { why: claim.why, form: claim.form })
  const isS3 = presented.service === 's3'
  if (isS3 && claim.form === 'query' && claim.expiresSeconds === 0) {
    throw refuse('malformed', { form: 'query', why: 'X-Amz-Expires must be greater than 0' })
  }
  const bearer = findBearer(claim.accessKeyId, claim.sessionToken, authenticator, refuse)
  const payloadHash = isS3
    ? payloadHashOf(request, claim, refuse)
    : presented.body === undefined || presented.body.length === 0
      ? emptyHash
      : hash('sha256', presented.body, 'hex')
  const { secretAccessKey } = bearer
  const { keys } = authenticator
  const result = verifySignature({
    ...presented,
    claimed: claim,
    secretAccessKey,
    payloadHash,
    keys,
  })
  if (!result.valid) {
    const { stringToSign, canonicalRequest } = result
    const { accessKeyId, signature } = claim
    throw refuse('bad-signature', { accessKeyId, signature, stringToSign, canonicalRequest })
  }
  const unsigned = unsignedHeaders(request.headers, claim.signedHeaders)
  if (unsigned.length > 0) throw refuse('unsigned-headers', { names: unsigned.join(', ') })
  checkRegion(claim, presented.region, authenticator, refuse)
  checkFresh(claim, isS3, authenticator, refuse)
  const scope = scopeText(claim.scope)
  const key = keys.get(secretAccessKey, claim.scope)
  const signing = { key, amzDate: claim.amzDate, scope, seedSignature: claim.signature }
  return {
    caller: bearer.caller,
    ...(bearer.expiresAt === undefined ? {} : { expiresAt: bearer.expiresAt }),
    body: isS3 ? bodyForm(request, payloadHash, signing, refuse) : { kind: 'unsigned' },
    region: claim.scope.region,
    signature: {
      version: 'v4',
      form: claim.form,
      signedAt: claim.signedAt,
      signedHeaders: claim.signedHeaders,
    },
  }
}

interface Bearer {
  readonly caller: SignedCaller
  readonly secretAccessKey: string
  readonly expiresAt?: number
}

/** Finds the secret of a key: a long-term one with IAM, a temporary one in its token. */
function findBearer(
  accessKeyId: string,
  sessionToken: string | undefined,
  { identities, sessions }: Authenticator,
  refuse: RefuseAuthentication,
): Bearer {
  if (sessionToken !== undefined || accessKeyId.startsWith('ASIA')) {
    if (sessionToken === undefined)
      throw refuse('bad-session-token', { accessKeyId, why: 'missing' })
    const opened = sessions.open(accessKeyId, sessionToken)
    if ('refused' in opened) throw refuse('bad-session-token', { accessKeyId, why: opened.refused })
    return opened
  }
  const key = identities.accessKey(accessKeyId)
  if (!key) throw refuse('unknown-key', { accessKeyId })
  if (!key.active) throw refuse('inactive-key', { accessKeyId })
  return key
}

/** Only after the signature: a stranger learns nothing of where he is. */
function checkRegion(
  { scope, form }: ClaimedSignature,
  wanted: string | undefined,
  { regions }: Authenticator,
  refuse: RefuseAuthentication,
): void {
  const { region } = scope
  if (wanted === undefined ? !regions || regions.has(region) : region === wanted) return
  const [own = ''] = regions ?? []
  throw refuse('wrong-scope', { form, region, wantedRegion: wanted ?? own })
}

function checkFresh(
  claim: ClaimedSignature,
  isS3: boolean,
  { signatureClocks }: Authenticator,
  refuse: RefuseAuthentication,
): void {
  const toleranceMs = isS3 ? s3SkewMs : skewMs
  const lifeMs =
    claim.form === 'header'
      ? toleranceMs
      : 1000 * (isS3 ? (claim.expiresSeconds ?? 0) : presignedSeconds)
  const { signedAt } = claim
  if (
    signatureClocks.some((now) => signedAt <= now() + toleranceMs && now() <= signedAt + lifeMs)
  ) {
    return
  }
  const now = signatureClocks[0]?.() ?? 0
  const future = signedAt > now + toleranceMs
  const bound = future ? now + toleranceMs : now - lifeMs
  throw refuse(claim.form === 'query' && !future ? 'expired-request' : 'skewed', {
    direction: future ? 'future' : 'past',
    requestTime: claim.amzDate,
    bound: formatAmzDate(bound),
    serverTime: formatAmzDate(now),
    serverTimeIso: isoSeconds(now),
    minutes: String((future ? toleranceMs : lifeMs) / 60_000),
    expiresSeconds: String(claim.expiresSeconds ?? ''),
    expiresAtIso: isoSeconds(signedAt + lifeMs),
  })
}

function authenticateV2(
  { request, query }: Presented,
  authenticator: Authenticator,
  refuse: RefuseAuthentication,
): Authenticated {
  const claimed = claimedV2(query)
  if (claimed === undefined || claimed === 'malformed') {
    throw refuse('malformed', {
      form: 'query',
      why: 'Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters',
    })
  }
  const bearer = findBearer(claimed.accessKeyId, claimed.sessionToken, authenticator, refuse)
  const { valid, stringToSign } = verifyV2(request, query, claimed, bearer.secretAccessKey)
  if (!valid) {
    const { accessKeyId, signature } = claimed
    throw refuse('bad-signature', { accessKeyId, signature, stringToSign })
  }
  const expiresAt = claimed.expiresAt * 1000
  if (!authenticator.signatureClocks.some((now) => now() < expiresAt)) {
    throw refuse('expired-request', {
      expiresAtIso: isoSeconds(expiresAt),
      serverTimeIso: isoSeconds(authenticator.signatureClocks[0]?.() ?? 0),
    })
  }
  return {
    caller: bearer.caller,
    ...(bearer.expiresAt === undefined ? {} : { expiresAt: bearer.expiresAt }),
    body: { kind: 'unsigned' },
    signature: { version: 'v2', form: 'query', signedAt: authenticator.now(), signedHeaders: [] },
  }
}
