/** SCRAM-SHA-256 (RFC 5802, RFC 7677) as PostgreSQL speaks it: verifiers, and the client's half. */
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

const iterationsUsual = 4096
const iterationsMax = 1_000_000
const noChannelBinding = 'n,,'

/**
 * What PostgreSQL keeps of a password, and takes in its place in `CREATE ROLE … PASSWORD`:
 * `SCRAM-SHA-256$4096:<salt>$<stored key>:<server key>`. The password is ASCII, so that it needs no preparation.
 * A secret of 256 random bits needs one iteration only.
 */
export async function scramVerifier(
  password: string,
  {
    salt = randomBytes(16),
    iterations = iterationsUsual,
  }: { salt?: Buffer; iterations?: number } = {},
): Promise<string> {
  const salted = await saltedPassword(password, salt, iterations)
  const stored = storedKeyOf(clientKeyOf(salted)).toString('base64')
  const server = serverKeyOf(salted).toString('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${stored}:${server}`
}

/** The client's half of one login. Throws where the server does not keep to the rules. */
export class ScramClient {
  readonly #password: string
  readonly #nonce: string
  #serverSignature: Buffer | undefined

  constructor(password: string, nonce: string = randomBytes(18).toString('base64')) {
    this.#password = password
    this.#nonce = nonce
  }

  /** PostgreSQL takes the name from the startup packet, so it is empty here. */
  first(): string {
    return `${noChannelBinding}${this.#firstBare}`
  }

  /** Answers the server's first message. */
  async final(serverFirst: string): Promise<string> {
    const match = /^r=([!-+\--~]{1,256}),s=([A-Za-z0-9+/=]{1,256}),i=(\d{1,7})$/.exec(serverFirst)
    const [, nonce = '', salt = '', count = ''] = match ?? []
    const iterations = Number(count)
    if (!nonce.startsWith(this.#nonce) || nonce === this.#nonce) throw new Error('SCRAM: bad nonce')
    if (iterations < 1 || iterations > iterationsMax) throw new Error('SCRAM: bad iteration count')
    const salted = await saltedPassword(this.#password, Buffer.from(salt, 'base64'), iterations)
    const binding = Buffer.from(noChannelBinding).toString('base64')
    const withoutProof = `c=${binding},r=${nonce}`
    const signed = `${this.#firstBare},${serverFirst},${withoutProof}`
    const clientKey = clientKeyOf(salted)
    const signature = hmac(storedKeyOf(clientKey), signed)
    const proof = Buffer.from(clientKey.map((byte, i) => byte ^ (signature[i] ?? 0)))
    this.#serverSignature = hmac(serverKeyOf(salted), signed)
    return `${withoutProof},p=${proof.toString('base64')}`
  }

  /** Proves that the server knows the password too. */
  verify(serverFinal: string): void {
    const match = /^v=([A-Za-z0-9+/=]+)/.exec(serverFinal)
    const given = Buffer.from(match?.[1] ?? '', 'base64')
    const wanted = this.#serverSignature
    if (!wanted || given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
      throw new Error('SCRAM: the server does not know the password')
    }
  }

  get #firstBare(): string {
    return `n=,r=${this.#nonce}`
  }
}

function saltedPassword(password: string, salt: Buffer, iterations: number): Promise<Buffer> {
  return promisify(pbkdf2)(password, salt, iterations, 32, 'sha256')
}

function clientKeyOf(salted: Buffer): Buffer {
  return hmac(salted, 'Client Key')
}

function storedKeyOf(clientKey: Buffer): Buffer {
  return createHash('sha256').update(clientKey).digest()
}

function serverKeyOf(salted: Buffer): Buffer {
  return hmac(salted, 'Server Key')
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
