/**
 * Session tokens that need no storage: the session's facts, encrypted and authenticated, bound to the access key id.
 * Every key has an id, so that keys rotate with overlap. The composition is encrypt-then-MAC, AES-256-CTR and
 * HMAC-SHA-256 with keys of their own (docs/adr/sessions-need-no-storage.md says why it is not GCM).
 */
import {
  type Cipheriv,
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hash,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto'

/** A master key: 32 bytes; its id (0 to 255) stands in each token that it sealed. */
export interface SealingKey {
  readonly id: number
  readonly key: Uint8Array
}

/** What `openToken` found, or why it could not. */
export type OpenedToken =
  | { readonly facts: string }
  | { readonly refused: 'malformed' | 'unknown-key' | 'not-authentic' }

const version = 2
const aesBytes = 16
/** Fresh for each stream; the counter of AES's blocks follows it. */
const nonceBytes = 12
/** Version, key id, bytes of the first block that are another token's, nonce, number of the first block. */
const headBytes = 3 + nonceBytes + 4
const tagBytes = 16
const maxTokenChars = 16_384
const idBytesMax = 255
/** A stream ends long before its counter does. */
const streamBytesMax = 2 ** 32

/** The keys of one installation, derived once; the first is the one that seals. */
export class Sealing {
  readonly #keys = new Map<number, { encryption: KeyObject; authenticity: HmacKey }>()
  readonly #active: number
  readonly #randomBytes: (size: number) => Uint8Array
  #stream: { cipher: Cipheriv; nonce: Uint8Array; used: number } | undefined

  /** `randomBytes` answers fresh bytes nobody can guess. Throws a RangeError where a key is not one. */
  constructor(keys: readonly SealingKey[], randomBytes: (size: number) => Uint8Array) {
    const [first] = keys
    if (!first) throw new RangeError('sealing needs at least one key')
    for (const { id, key } of keys) {
      if (key.length !== 32 || id < 0 || id > 255 || !Number.isInteger(id)) {
        throw new RangeError('a sealing key has an id from 0 to 255 and 32 bytes')
      }
      this.#keys.set(id, {
        encryption: createSecretKey(derive(key, 'podpass sealed token: encryption')),
        authenticity: hmacKey(derive(key, 'podpass sealed token: authenticity')),
      })
    }
    this.#active = first.id
    this.#randomBytes = randomBytes
  }

  /** Seals `facts` (text) for an access key id, or for another name of printable ASCII. */
  sealToken(accessKeyId: string, facts: string): string {
    const keys = this.#keys.get(this.#active)
    if (!keys) throw new RangeError('the active sealing key is missing')
    const stream = this.#currentStream(keys.encryption)
    const skip = stream.used % aesBytes
    const block = (stream.used - skip) / aesBytes
    const body = stream.cipher.update(facts, 'utf8')
    stream.used += body.length

    const head = blockBytes + 1 + accessKeyId.length
    const end = head + headBytes + body.length
    const message = Buffer.allocUnsafe(end + tagBytes)
    message[blockBytes] = accessKeyId.length
    message.write(accessKeyId, blockBytes + 1, 'latin1')
    message[head] = version
    message[head + 1] = this.#active
    message[head + 2] = skip
    message.set(stream.nonce, head + 3)
    message.writeUInt32BE(block, head + 3 + nonceBytes)
    message.set(body, head + headBytes)
    message.write(hmac(keys.authenticity, message.subarray(0, end)), end, tagBytes, 'latin1')
    return message.toString('base64', head)
  }

  /** Opens a token that came with an access key id. Judges authenticity only, no times. */
  openToken(accessKeyId: string, token: string): OpenedToken {
    if (token.length > maxTokenChars) return { refused: 'malformed' }
    const sealed = Buffer.from(token, 'base64')
    // Only the canonical spelling counts, without foreign characters: one session, one token.
    if (sealed.length <= headBytes + tagBytes || sealed.toString('base64') !== token) {
      return { refused: 'malformed' }
    }
    const keys = this.#keys.get(sealed[1] ?? -1)
    if (sealed[0] !== version || !keys) return { refused: 'unknown-key' }
    const id = Buffer.from(accessKeyId)
    if (id.length > idBytesMax) return { refused: 'not-authentic' }
    const end = sealed.length - tagBytes
    const room = Buffer.alloc(blockBytes)
    const message = Buffer.concat([room, Buffer.of(id.length), id, sealed.subarray(0, end)])
    const tag = Buffer.from(hmac(keys.authenticity, message), 'latin1').subarray(0, tagBytes)
    if (!timingSafeEqual(tag, sealed.subarray(end))) return { refused: 'not-authentic' }
    const counter = sealed.subarray(3, headBytes)
    const decipher = createDecipheriv('aes-256-ctr', keys.encryption, counter)
    decipher.update(Buffer.alloc(sealed[2] ?? 0))
    return { facts: decipher.update(sealed.subarray(headBytes, end)).toString('utf8') }
  }

  /**
   * One cipher for many tokens, each of which takes the next bytes of its key stream: making a cipher costs several
   * times what it then does for a token.
   */
  #currentStream(key: KeyObject): { cipher: Cipheriv; nonce: Uint8Array; used: number } {
    if (!this.#stream || this.#stream.used > streamBytesMax) {
      const nonce = this.#randomBytes(nonceBytes)
      const counter = Buffer.alloc(aesBytes)
      counter.set(nonce)
      this.#stream = { cipher: createCipheriv('aes-256-ctr', key, counter), nonce, used: 0 }
    }
    return this.#stream
  }
}

/** A key padded to SHA-256's block, ready for both hashes of HMAC (RFC 2104): an Hmac object for each costs twice as much. */
interface HmacKey {
  readonly inner: Uint8Array
  /** With room for the inner hash behind it. */
  readonly outer: Buffer
}

const blockBytes = 64
const hashBytes = 32

function hmacKey(key: Uint8Array): HmacKey {
  const padded = new Uint8Array(blockBytes)
  padded.set(key)
  const outer = Buffer.alloc(blockBytes + hashBytes)
  outer.set(padded.map((byte) => byte ^ 0x5c))
  return { inner: padded.map((byte) => byte ^ 0x36), outer }
}

/** 32 bytes as characters. The message's first block is kept free for the key. */
function hmac({ inner, outer }: HmacKey, message: Uint8Array): string {
  message.set(inner)
  outer.write(hash('sha256', message, 'binary'), blockBytes, 'latin1')
  return hash('sha256', outer, 'binary')
}

function derive(key: Uint8Array, purpose: string): Buffer {
  return createHmac('sha256', key).update(purpose).digest()
}
