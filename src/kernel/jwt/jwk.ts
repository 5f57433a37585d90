/** Public keys as an issuer publishes them (RFC 7517), each bound to the algorithms it may verify. */
import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { type AlgorithmName, algorithmNames, algorithmOf } from './algorithm.ts'
import { decodeBase64url } from './base64url.ts'

export interface VerificationKey {
  /** '' where the JWK has none, as STS treats it. */
  readonly kid: string
  /** The algorithms that the key's type, curve and own `alg` allow. */
  readonly algorithms: readonly AlgorithmName[]
  readonly key: KeyObject
}

export interface KeySet {
  readonly keys: readonly VerificationKey[]
  /** Keys of the set that cannot be used, and why. */
  readonly problems: readonly string[]
}

const keysMax = 100
const kidLengthMax = 1024
const rsaBitsMin = 2048
const rsaBitsMax = 8192

/** Reads a JWKS document; keys for other purposes are left out. Undefined where it is no key set at all. Never throws. */
export function readKeySet(document: unknown): KeySet | undefined {
  const list = isRecord(document) ? document['keys'] : undefined
  if (!Array.isArray(list) || list.length > keysMax) return undefined
  const keys: VerificationKey[] = []
  const problems: string[] = []
  for (const [index, item] of list.entries()) {
    const read = readJwk(item)
    if ('problem' in read) problems.push(`key ${index} ${read.problem}`)
    else keys.push(read.key)
  }
  return { keys, problems }
}

/** Reads one JWK. Never throws. */
export function readJwk(jwk: unknown): { key: VerificationKey } | { problem: string } {
  if (!isRecord(jwk)) return { problem: 'is not an object' }
  const { kty, use, alg, kid = '', key_ops: operations } = jwk
  if (use !== undefined && use !== 'sig') return { problem: 'is not for signatures' }
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    return { problem: 'is not for verifying' }
  }
  if (typeof kid !== 'string' || kid.length > kidLengthMax) return { problem: 'has no usable kid' }
  const algorithms = algorithmNames.filter((name) => {
    const algorithm = algorithmOf(name)
    return (
      algorithm?.keyType === kty &&
      (algorithm?.curve === undefined || algorithm.curve === jwk['crv']) &&
      (alg === undefined || alg === name)
    )
  })
  if (algorithms.length === 0) return { problem: 'has an unsupported type or algorithm' }
  const members = publicMembers(jwk)
  if (!members) return { problem: 'is malformed' }
  try {
    const key = createPublicKey({ key: members, format: 'jwk' })
    const bits = key.asymmetricKeyDetails?.modulusLength
    if (bits !== undefined && (bits < rsaBitsMin || bits > rsaBitsMax)) {
      return { problem: `has ${bits} bits` }
    }
    return { key: { kid, algorithms, key } }
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause)) throw cause
    return { problem: 'is malformed' }
  }
}

/** Only what a public key is made of, each a canonical base64url number. */
function publicMembers(jwk: Readonly<Record<string, unknown>>): JsonWebKey | undefined {
  const names = jwk['kty'] === 'RSA' ? (['n', 'e'] as const) : (['x', 'y'] as const)
  const members: JsonWebKey = { kty: String(jwk['kty']) }
  if (jwk['kty'] === 'EC') members.crv = String(jwk['crv'])
  for (const name of names) {
    const text = jwk[name]
    if (typeof text !== 'string' || text === '' || text.length > 2048) return undefined
    const bytes = decodeBase64url(text)
    if (!bytes) return undefined
    if (name === 'e' && !isSaneExponent(bytes)) return undefined
    members[name] = text
  }
  return members
}

/** Odd, at least 3, at most 32 bits: larger ones only make verifying slow. */
function isSaneExponent(bytes: Uint8Array): boolean {
  if (bytes.length > 4) return false
  const exponent = bytes.reduce((value, byte) => value * 256 + byte, 0)
  return exponent >= 3 && exponent % 2 === 1
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
