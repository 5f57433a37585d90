/** Signed tokens in JWS compact form (RFC 7515 §7.1): taken apart strictly, verified with keys that the caller trusts. */
import { type KeyObject, sign, verify } from 'node:crypto'
import { type AlgorithmName, algorithmOf } from './algorithm.ts'
import { decodeBase64url } from './base64url.ts'
import type { VerificationKey } from './jwk.ts'
import { parseStrictObject } from './strict-json.ts'

/** A token taken apart; nothing in it is verified yet. */
export interface ParsedToken {
  readonly algorithm: AlgorithmName
  /** '' where the header has none. */
  readonly kid: string
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  /** What the signature covers. */
  readonly signed: string
  readonly signature: Uint8Array
}

/**
 * Why a text is no token that may be looked at further. `not-compact`: it has not even the three parts of one;
 * `malformed`: a part cannot be read; `algorithm`: not an asymmetric algorithm we know; `critical`: the header asks
 * for an extension.
 */
export interface TokenFault {
  readonly fault: 'oversized' | 'not-compact' | 'malformed' | 'algorithm' | 'critical'
  /** For log and explanation. */
  readonly detail: string
}

/** The longest token that STS takes, in characters. */
export const tokenLengthMax = 20_000

interface Header {
  readonly object: Readonly<Record<string, unknown>>
  readonly algorithm: AlgorithmName
  readonly kid: string
}

const memoSize = 1_000
const memoChars = 256

/** Headers that were read and found good, by their text: those of one key are all the same. */
export class HeaderMemo {
  readonly #headers = new Map<string, Header>()

  get(text: string): Header | undefined {
    return this.#headers.get(text)
  }

  /** Forgets all when it is full: made-up headers must not fill the memory. */
  set(text: string, header: Header): void {
    if (text.length > memoChars) return
    if (this.#headers.size >= memoSize) this.#headers.clear()
    this.#headers.set(text, header)
  }
}

/** Takes a token apart. Keys in or named by its header (`jwk`, `jku`, `x5c`, `x5u`) are never looked at. Never throws. */
export function parseToken(text: string, headers?: HeaderMemo): ParsedToken | TokenFault {
  if (text.length > tokenLengthMax) {
    return { fault: 'oversized', detail: `it is longer than ${tokenLengthMax} characters` }
  }
  const parts = text.split('.', 4)
  const [headerText, claimsText, signatureText] = parts
  if (parts.length !== 3 || !headerText || !claimsText || signatureText === undefined) {
    return { fault: 'not-compact', detail: 'it does not have the three parts of a JWT' }
  }
  const known = headers?.get(headerText)
  const header = known ?? readHeader(headerText)
  if ('fault' in header) return header
  if (!known) headers?.set(headerText, header)
  const claims = readPart('claims', claimsText)
  if ('fault' in claims) return claims
  const signature = decodeBase64url(signatureText)
  if (!signature) return { fault: 'malformed', detail: 'its signature is not base64url' }
  return {
    algorithm: header.algorithm,
    kid: header.kid,
    header: header.object,
    claims: claims.object,
    signed: text.slice(0, headerText.length + 1 + claimsText.length),
    signature,
  }
}

function readHeader(text: string): Header | TokenFault {
  const header = readPart('header', text)
  if ('fault' in header) return header
  const algorithm = header.object['alg']
  if (!algorithmOf(algorithm)) {
    return {
      fault: 'algorithm',
      detail: `its algorithm ${JSON.stringify(algorithm)?.slice(0, 40)} is not one of RS256-512 or ES256-512`,
    }
  }
  if ('crit' in header.object || header.object['b64'] === false) {
    return { fault: 'critical', detail: 'its header asks for an extension' }
  }
  const kid = header.object['kid'] ?? ''
  if (typeof kid !== 'string') return { fault: 'malformed', detail: 'its kid is not a string' }
  return { object: header.object, algorithm: algorithm as AlgorithmName, kid }
}

/** True when the key, by its type and its own `alg`, may verify this token's algorithm, and the signature holds. */
export function verifyToken(token: ParsedToken, { algorithms, key }: VerificationKey): boolean {
  if (!algorithms.includes(token.algorithm)) return false
  const algorithm = algorithmOf(token.algorithm)
  if (!algorithm || token.signature.length === 0) return false
  if (algorithm.signatureBytes && token.signature.length !== algorithm.signatureBytes) return false
  return verify(
    algorithm.hash,
    Buffer.from(token.signed),
    algorithm.keyType === 'EC' ? { key, dsaEncoding: 'ieee-p1363' } : key,
    token.signature,
  )
}

/** A signed token of these claims, in their order. The key must fit the algorithm. */
export function signToken({
  claims,
  algorithm,
  kid,
  key,
}: {
  claims: Readonly<Record<string, unknown>>
  algorithm: AlgorithmName
  kid: string
  key: KeyObject
}): string {
  const row = algorithmOf(algorithm)
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const signed = `${encode({ alg: algorithm, kid })}.${encode(claims)}`
  const signature = sign(
    row?.hash,
    Buffer.from(signed),
    row?.keyType === 'EC' ? { key, dsaEncoding: 'ieee-p1363' } : key,
  )
  return `${signed}.${signature.toString('base64url')}`
}

function readPart(
  name: string,
  text: string,
): { object: Readonly<Record<string, unknown>> } | TokenFault {
  const bytes = decodeBase64url(text)
  if (!bytes) return { fault: 'malformed', detail: `its ${name} is not base64url` }
  const read = parseStrictObject(bytes)
  return 'problem' in read ? { fault: 'malformed', detail: `its ${name} ${read.problem}` } : read
}
