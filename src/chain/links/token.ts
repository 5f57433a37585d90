/** The token link: is this text a token of the issuer that it names, unchanged, and still good? */
import { isoSeconds } from '../../kernel/iso-time.ts'
import type { VerificationKey } from '../../kernel/jwt/jwk.ts'
import { type HeaderMemo, type ParsedToken, parseToken, verifyToken } from '../../kernel/jwt/jws.ts'
import type { Verdict } from '../verdict.ts'
import { readSessionClaims, type SessionClaims, tagsClaim } from './session-claims.ts'
import type { WebIdentityFault } from './web-identity-fault.ts'
import { duration } from './wording.ts'

/** The public keys of an issuer, or why there are none. */
export type IssuerKeys =
  | {
      readonly kind: 'keys'
      readonly keys: readonly VerificationKey[]
      /** True when the issuer does not answer now and these were fetched earlier. */
      readonly stale: boolean
    }
  | { readonly kind: 'unavailable'; readonly why: string }
  | {
      readonly kind: 'thumbprint-mismatch'
      /** SHA-1, hex, of the last certificate presented. */
      readonly presented: string
    }

/** A token read, with the claims that STS knows. Nothing is verified before `judgeToken` has passed it. */
export interface WebIdentityToken {
  readonly parsed: ParsedToken
  readonly issuer: string
  /** As claimed; the provider link decides which one counts. */
  readonly audiences: readonly string[]
  readonly authorizedParty?: string
  readonly subject: string
  /** Seconds since the epoch. */
  readonly issuedAt: number
  readonly expiry: number
  readonly notBefore?: number
  readonly session: SessionClaims
}

/** A refusal of any link of the web identity chain. */
export interface WebIdentityRefusal {
  readonly kind: 'refused'
  readonly fault: WebIdentityFault
  readonly verdict: Verdict
}

/** Clocks of issuer and verifier may differ by this much: a token "from the future" within it is good. */
const leewaySeconds = 300
/** No token older than this is taken, whatever its own expiry says; EKS issues none that lives longer. */
const ageSecondsMax = 24 * 3600 + leewaySeconds

/** Takes the token's text apart and reads its claims: the first look, which names the issuer to ask. */
export function readToken(
  text: string,
  headers?: HeaderMemo,
): { kind: 'read'; token: WebIdentityToken } | WebIdentityRefusal {
  const parsed = parseToken(text, headers)
  if ('fault' in parsed) {
    return parsed.fault === 'not-compact'
      ? refuse({ kind: 'not-a-token' }, `the token is no JWT: ${parsed.detail}`)
      : refuse({ kind: 'not-a-jwt', why: parsed.detail }, `the token is refused: ${parsed.detail}`)
  }
  const { claims } = parsed
  const missing = ['iss', 'sub', 'aud', 'exp', 'iat'].find((name) => claims[name] === undefined)
  if (missing) {
    return refuse(
      { kind: 'missing-claim', claim: missing },
      `the token has no claim \`${missing}\``,
    )
  }
  const bad = findBadClaim(claims)
  if (bad) {
    const [claim, why] = bad
    return refuse({ kind: 'bad-claim', claim, why }, `the token's claim \`${claim}\` ${why}`)
  }
  const session = readSessionClaims(claims)
  if ('why' in session) {
    const claim = session.kind === 'bad-tags' ? tagsClaim : session.claim
    return refuse(session, `the token's claim \`${claim}\` ${session.why}`)
  }
  return { kind: 'read', token: collect(parsed, session) }
}

/** Checks signature and times of a token. `at` is ms since the epoch; `signer` says in words whose key it is. */
export function judgeToken({
  token,
  keys,
  at,
  signer = 'its issuer',
}: {
  token: WebIdentityToken
  keys: IssuerKeys
  at: number
  signer?: string
}): { kind: 'passed'; verdict: Verdict } | WebIdentityRefusal {
  const { kid } = token.parsed
  if (keys.kind === 'unavailable') {
    return refuse(
      { kind: 'keys-unavailable', why: keys.why },
      `the keys of \`${token.issuer}\` cannot be had: ${keys.why}`,
    )
  }
  if (keys.kind === 'thumbprint-mismatch') {
    return refuse(
      { kind: 'thumbprint-mismatch', presented: keys.presented },
      `the certificate of \`${token.issuer}\` is neither publicly trusted nor the one registered`,
    )
  }
  const candidates = keys.keys.filter((key) => key.kid === kid)
  if (candidates.length === 0) {
    return refuse(
      { kind: 'keys-unavailable', why: `no key with kid ${kid}` },
      `the token is signed with a key that \`${token.issuer}\` does not publish`,
      [
        {
          key: 'kid',
          wanted: keys.keys.map((key) => key.kid).join(', '),
          actual: kid,
          source: 'key set of the issuer',
        },
      ],
    )
  }
  if (!candidates.some((key) => verifyToken(token.parsed, key))) {
    return refuse({ kind: 'bad-signature' }, 'the token was changed, or another key signed it')
  }
  return (
    judgeTimes(token, Math.floor(at / 1000)) ?? { kind: 'passed', verdict: pass(token, at, signer) }
  )
}

/** Strictly before its end; issued and valid since a moment that is not ahead of ours by more than the leeway. */
function judgeTimes(token: WebIdentityToken, now: number): WebIdentityRefusal | undefined {
  const { expiry, issuedAt, notBefore = issuedAt } = token
  if (now >= expiry) {
    return refuse(
      { kind: 'expired', now, expiry },
      `the token expired ${duration(now - expiry)} ago`,
      [{ key: 'exp', wanted: `after ${stamp(now)}`, actual: stamp(expiry), source: 'token' }],
      'the kubelet renews a mounted token by itself: read the file again, or make the pod anew',
    )
  }
  const from = Math.max(issuedAt, notBefore)
  if (from > now + leewaySeconds) {
    return refuse(
      { kind: 'not-yet-valid', now, from },
      `the token is good only in ${duration(from - now)}: the clocks differ`,
      [{ key: 'nbf', wanted: `before ${stamp(now)}`, actual: stamp(from), source: 'token' }],
    )
  }
  const age = now - issuedAt
  if (age > ageSecondsMax) {
    return refuse({ kind: 'too-old', age }, `the token was issued ${duration(age)} ago`, [
      { key: 'iat', wanted: `at most ${duration(ageSecondsMax)} old`, actual: stamp(issuedAt) },
    ])
  }
  return undefined
}

function pass(token: WebIdentityToken, at: number, signer: string): Verdict {
  const { kid } = token.parsed
  const left = duration(token.expiry - Math.floor(at / 1000))
  return {
    link: 'token',
    verdict: 'passed',
    // Three dots: one character beyond Latin-1 would double the record's text, and the time to write it.
    summary: `signed by ${signer} (kid ${kid.slice(0, 4)}...), audience ${token.audiences.join(', ')}, ${left} left`,
    evidence: [
      { key: 'iss', actual: token.issuer, source: 'token' },
      { key: 'sub', actual: token.subject, source: 'token' },
    ],
  }
}

/** For a token whose issuer is not registered: it was read, but nobody vouches for its signature. */
export function unverifiedToken(token: WebIdentityToken): Verdict {
  return {
    link: 'token',
    verdict: 'not-reached',
    summary: `says that it is ${token.subject}; its signature is not checked, since no provider is registered for its issuer`,
    evidence: [
      { key: 'iss', actual: token.issuer, source: 'token' },
      { key: 'sub', actual: token.subject, source: 'token' },
    ],
  }
}

function findBadClaim(
  claims: Readonly<Record<string, unknown>>,
): [claim: string, why: string] | undefined {
  for (const name of ['iss', 'sub'] as const) {
    if (typeof claims[name] !== 'string' || claims[name] === '') return [name, 'is not a text']
  }
  const { aud, azp, nbf } = claims
  const audiences = Array.isArray(aud) ? aud : [aud]
  if (audiences.length === 0 || !audiences.every((one) => typeof one === 'string' && one !== '')) {
    return ['aud', 'is not a text or a list of texts']
  }
  if (azp !== undefined && (typeof azp !== 'string' || azp === '')) return ['azp', 'is not a text']
  for (const name of ['exp', 'iat'] as const) {
    if (!isSeconds(claims[name])) return [name, 'is not a whole number of seconds']
  }
  if (nbf !== undefined && !isSeconds(nbf)) return ['nbf', 'is not a whole number of seconds']
  return undefined
}

/** Whole and within what dates can show (the year 9999). */
function isSeconds(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 253_402_300_799
}

/** Only after `findBadClaim` found nothing. */
function collect(parsed: ParsedToken, session: SessionClaims): WebIdentityToken {
  const { iss, sub, aud, azp, exp, iat, nbf } = parsed.claims
  return {
    parsed,
    issuer: String(iss),
    subject: String(sub),
    audiences: (Array.isArray(aud) ? aud : [aud]).map(String),
    ...(azp === undefined ? {} : { authorizedParty: String(azp) }),
    issuedAt: Number(iat),
    expiry: Number(exp),
    ...(nbf === undefined ? {} : { notBefore: Number(nbf) }),
    session,
  }
}

function refuse(
  fault: WebIdentityFault,
  summary: string,
  evidence: Verdict['evidence'] = [],
  fix?: string,
): WebIdentityRefusal {
  const verdict: Verdict = { link: 'token', verdict: 'refused', summary, evidence }
  return { kind: 'refused', fault, verdict: fix ? { ...verdict, fix } : verdict }
}

function stamp(seconds: number): string {
  return isoSeconds(seconds * 1000)
}
