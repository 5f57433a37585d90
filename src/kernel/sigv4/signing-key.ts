/** The signing key of one day, region and service, and a bounded memory of derived keys. */
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'

/** The four parts of a scope: `20150830/us-east-1/iam/aws4_request`. */
export interface Scope {
  /** `YYYYMMDD`. */
  readonly date: string
  readonly region: string
  readonly service: string
}

export function scopeText({ date, region, service }: Scope): string {
  return `${date}/${region}/${service}/aws4_request`
}

/** Derives the signing key of a secret for a scope. */
export function deriveSigningKey(secretAccessKey: string, scope: Scope): KeyObject {
  const date = hmac(`AWS4${secretAccessKey}`, scope.date)
  const key = hmac(hmac(hmac(date, scope.region), scope.service), 'aws4_request')
  return createSecretKey(key)
}

/**
 * Remembers derived keys, the oldest forgotten first once `limit` is reached. The secret is part of what is looked
 * up, so a key id that gets another secret never meets an old key.
 */
export class SigningKeys {
  readonly #limit: number
  readonly #keys = new Map<string, KeyObject>()

  constructor(limit = 10_000) {
    this.#limit = limit
  }

  get(secretAccessKey: string, scope: Scope): KeyObject {
    const name = `${secretAccessKey}/${scope.date}/${scope.region}/${scope.service}`
    const known = this.#keys.get(name)
    if (known) return known
    if (this.#keys.size >= this.#limit) {
      const [oldest] = this.#keys.keys()
      if (oldest !== undefined) this.#keys.delete(oldest)
    }
    const key = deriveSigningKey(secretAccessKey, scope)
    this.#keys.set(name, key)
    return key
  }

  get size(): number {
    return this.#keys.size
  }
}

/** The signature of a text under a signing key, hex. */
export function signatureOf(key: KeyObject, text: string): string {
  return createHmac('sha256', key).update(text, 'latin1').digest('hex')
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
