/** Tokens of metadata version 2: opaque, good for the time asked for, known to nobody but this node. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../kernel/clock.ts'

export class SessionTokens {
  readonly #key = randomBytes(32)
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A token that is good for `seconds`. */
  issue(seconds: number): string {
    const body = Buffer.alloc(14)
    body.writeDoubleBE(this.#clock.now() + seconds * 1000)
    randomBytes(6).copy(body, 8)
    return Buffer.concat([body, this.#mac(body)]).toString('base64url')
  }

  /** True of a token that this node gave and whose time is not over. */
  isGood(token: string): boolean {
    const bytes = Buffer.from(token, 'base64url')
    if (bytes.length !== 14 + 32) return false
    const body = bytes.subarray(0, 14)
    return (
      timingSafeEqual(bytes.subarray(14), this.#mac(body)) &&
      body.readDoubleBE() > this.#clock.now()
    )
  }

  #mac(body: Uint8Array): Buffer {
    return createHmac('sha256', this.#key).update(body).digest()
  }
}
