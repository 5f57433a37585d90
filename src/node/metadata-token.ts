/** The session tokens of instance metadata v2: opaque, of one instance, good for as long as was asked. */
import { createHmac, createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto'

export const ttlSecondsMax = 21_600

/** Of 48 bytes in base64url. */
const tokenChars = 64
/** How many tokens that were found good are remembered: SDKs come back with the same one for hours. */
const memoSize = 1_000

/** Nothing need be kept of a token: it carries its own end, sealed with a key that dies with the service. */
export class MetadataTokens {
  /** As a key object: handing over bytes anew costs several times the seal itself. */
  readonly #key = createSecretKey(randomBytes(32))
  readonly #ends = new Map<string, number>()

  /** `now` in ms; `ttlSeconds` 1–21600. */
  issue(ttlSeconds: number, now: number): string {
    const body = Buffer.alloc(16)
    body.writeBigUInt64BE(BigInt(now + ttlSeconds * 1000))
    randomBytes(8).copy(body, 8)
    return Buffer.concat([body, this.#seal(body)]).toString('base64url')
  }

  isValid(token: string, now: number): boolean {
    const end = this.#ends.get(token) ?? this.#endOf(token)
    return end !== undefined && end > now
  }

  /** When the token ends, ms; undefined where it is none of ours. */
  #endOf(token: string): number | undefined {
    if (token.length !== tokenChars) return undefined
    const bytes = Buffer.from(token, 'base64url')
    if (bytes.length !== 48) return undefined
    const body = bytes.subarray(0, 16)
    if (!timingSafeEqual(bytes.subarray(16), this.#seal(body))) return undefined
    const end = Number(body.readBigUInt64BE())
    if (this.#ends.size >= memoSize) this.#ends.clear()
    this.#ends.set(token, end)
    return end
  }

  #seal(body: Buffer): Buffer {
    return createHmac('sha256', this.#key).update(body).digest()
  }
}

/** The header's value, when it is a whole number in range. */
export function parseTtl(header: string | undefined): number | undefined {
  if (header === undefined || !/^\d{1,5}$/.test(header)) return undefined
  const seconds = Number(header)
  return seconds >= 1 && seconds <= ttlSecondsMax ? seconds : undefined
}
