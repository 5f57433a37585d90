/** The session tokens of instance metadata v2: opaque, of one instance, good for as long as was asked. */
import { createHmac, createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto'

export const ttlSecondsMax = 21_600

/** Nothing is kept of a token: it carries its own end, sealed with a key that dies with the service. */
export class MetadataTokens {
  /** As a key object: handing over bytes anew costs several times the seal itself. */
  readonly #key = createSecretKey(randomBytes(32))

  /** `now` in ms; `ttlSeconds` 1–21600. */
  issue(ttlSeconds: number, now: number): string {
    const body = Buffer.alloc(16)
    body.writeBigUInt64BE(BigInt(now + ttlSeconds * 1000))
    randomBytes(8).copy(body, 8)
    return Buffer.concat([body, this.#seal(body)]).toString('base64url')
  }

  isValid(token: string, now: number): boolean {
    const bytes = Buffer.from(token.slice(0, 128), 'base64url')
    if (bytes.length !== 48) return false
    const body = bytes.subarray(0, 16)
    return (
      timingSafeEqual(bytes.subarray(16), this.#seal(body)) && body.readBigUInt64BE() > BigInt(now)
    )
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
