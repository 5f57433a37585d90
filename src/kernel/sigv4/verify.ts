/** Verifies Signature V4: recomputes the signature of the request as received and compares without leaking time. */
import { timingSafeEqual } from 'node:crypto'
import type { ClaimedSignature } from './authorization.ts'
import { canonicalRequest, type SignableRequest, stringToSign } from './canonical-request.ts'
import { type SigningKeys, scopeText, signatureOf } from './signing-key.ts'
import type { QueryParameter } from './uri.ts'

export interface Verification {
  readonly valid: boolean
  /** For error texts: S3 and STS tell the client what they computed from. */
  readonly canonicalRequest: string
  readonly stringToSign: string
}

/**
 * Checks a claimed signature with the secret of its key. `payloadHash` is the hash that stands in the canonical
 * request: the body's SHA-256, or S3's words such as `UNSIGNED-PAYLOAD`.
 */
export function verifySignature(options: {
  request: SignableRequest
  query: readonly QueryParameter[]
  claimed: ClaimedSignature
  secretAccessKey: string
  payloadHash: string
  keys: SigningKeys
}): Verification {
  const { claimed } = options
  const canonical = canonicalRequest(
    options.request,
    options.query,
    claimed.signedHeaders,
    options.payloadHash,
    claimed.scope.service,
  )
  const text = stringToSign(claimed.amzDate, scopeText(claimed.scope), canonical)
  const key = options.keys.get(options.secretAccessKey, claimed.scope)
  const valid = equalInConstantTime(signatureOf(key, text), claimed.signature)
  return { valid, canonicalRequest: canonical, stringToSign: text }
}

/** Headers that must be signed but are not: `host`, and every `x-amz-*` that was sent. */
export function unsignedHeaders(
  headers: ReadonlyMap<string, string>,
  signedHeaders: readonly string[],
): string[] {
  const missing = signedHeaders.includes('host') ? [] : ['host']
  for (const name of headers.keys()) {
    if (name.startsWith('x-amz-') && !signedHeaders.includes(name)) missing.push(name)
  }
  return missing
}

/** True when both texts are the same; how long it takes says nothing about where they differ. */
export function equalInConstantTime(a: string, b: string): boolean {
  if (a.length !== b.length) return false
  return timingSafeEqual(Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1'))
}
