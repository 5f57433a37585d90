/**
 * Session tokens that need no storage: AES-256-GCM over the session's facts, bound to the access key id; the secret
 * access key is derived from the id. Every key has an id, so that keys rotate with overlap.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hash,
  type KeyObject,
} from 'node:crypto'

/** A master key: 32 bytes; its id (0 to 255) stands in each token that it sealed. */
export interface SealingKey {
  readonly id: number
  readonly key: Uint8Array
}

/** What `openToken` found, or why it could not. */
export type OpenedToken =
  | { readonly facts: string; readonly secretAccessKey: string }
  | { readonly refused: 'malformed' | 'unknown-key' | 'not-authentic' }

const version = 1
const ivBytes = 12
const tagBytes = 16
const headBytes = 2 + ivBytes
const maxTokenChars = 16_384

/** How many random bytes `sealToken` wants. */
export const sealingRandomBytes = ivBytes

/** The keys of one installation, derived once; the first is the one that seals. */
export class Sealing {
  readonly #keys = new Map<number, { encrypt: KeyObject; secret: HmacKey }>()
  readonly #active: number

  constructor(keys: readonly SealingKey[]) {
    const [first] = keys
    if (!first) throw new RangeError('sealing needs at least one key')
    for (const { id, key } of keys) {
      if (key.length !== 32 || id < 0 || id > 255 || !Number.isInteger(id)) {
        throw new RangeError('a sealing key has an id from 0 to 255 and 32 bytes')
      }
      this.#keys.set(id, {
        // As a key object: handing over bytes anew costs several times the cipher itself.
        encrypt: createSecretKey(derive(key, 'podpass session token')),
        secret: hmacKey(derive(key, 'podpass secret access key')),
      })
    }
    this.#active = first.id
  }

  /** Seals `facts` (text) for an access key id; returns token and secret. `random`: `sealingRandomBytes` fresh bytes. */
  sealToken(
    accessKeyId: string,
    facts: string,
    random: Uint8Array,
  ): { token: string; secretAccessKey: string } {
    const keys = this.#keys.get(this.#active)
    if (!keys) throw new RangeError('the active sealing key is missing')
    const head = Buffer.allocUnsafe(headBytes)
    head[0] = version
    head[1] = this.#active
    head.set(random.subarray(0, ivBytes), 2)
    const cipher = createCipheriv('aes-256-gcm', keys.encrypt, head.subarray(2))
    cipher.setAAD(Buffer.from(`${version}/${this.#active}/${accessKeyId}`))
    const body = cipher.update(facts, 'utf8')
    // Of a stream cipher nothing is left over.
    cipher.final()
    const sealed = Buffer.allocUnsafe(headBytes + body.length + tagBytes)
    sealed.set(head)
    sealed.set(body, headBytes)
    sealed.set(cipher.getAuthTag(), headBytes + body.length)
    return { token: sealed.toString('base64'), secretAccessKey: secretOf(keys.secret, accessKeyId) }
  }

  /** Opens a token that came with an access key id. Judges authenticity only, no times. */
  openToken(accessKeyId: string, token: string): OpenedToken {
    if (token.length > maxTokenChars) return { refused: 'malformed' }
    const sealed = Buffer.from(token, 'base64')
    // Only the canonical spelling counts, without foreign characters: one session, one token.
    if (sealed.length <= headBytes + tagBytes || sealed.toString('base64') !== token) {
      return { refused: 'malformed' }
    }
    const id = sealed[1] ?? -1
    const keys = this.#keys.get(id)
    if (sealed[0] !== version || !keys) return { refused: 'unknown-key' }
    const decipher = createDecipheriv('aes-256-gcm', keys.encrypt, sealed.subarray(2, headBytes))
    decipher.setAAD(Buffer.from(`${version}/${id}/${accessKeyId}`))
    decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes))
    try {
      const body = sealed.subarray(headBytes, sealed.length - tagBytes)
      const facts = decipher.update(body, undefined, 'utf8') + decipher.final('utf8')
      return { facts, secretAccessKey: secretOf(keys.secret, accessKeyId) }
    } catch {
      // The only thing that `final` reports is a wrong tag.
      return { refused: 'not-authentic' }
    }
  }
}

/** 40 characters, as AWS's secrets have. */
function secretOf({ inner, outer }: HmacKey, accessKeyId: string): string {
  const message = Buffer.allocUnsafe(blockBytes + accessKeyId.length)
  message.set(inner)
  message.write(accessKeyId, blockBytes, 'latin1')
  const digest = hash('sha256', message, 'buffer')
  const wrapped = Buffer.allocUnsafe(blockBytes + digest.length)
  wrapped.set(outer)
  wrapped.set(digest, blockBytes)
  return hash('sha256', wrapped, 'base64').slice(0, 40)
}

/** A key padded to SHA-256's block, ready for both hashes of HMAC (RFC 2104): an Hmac object for each costs twice as much. */
interface HmacKey {
  readonly inner: Uint8Array
  readonly outer: Uint8Array
}

const blockBytes = 64

function hmacKey(key: Uint8Array): HmacKey {
  const padded = new Uint8Array(blockBytes)
  padded.set(key)
  return { inner: padded.map((byte) => byte ^ 0x36), outer: padded.map((byte) => byte ^ 0x5c) }
}

function derive(key: Uint8Array, purpose: string): Buffer {
  return createHmac('sha256', key).update(purpose).digest()
}
