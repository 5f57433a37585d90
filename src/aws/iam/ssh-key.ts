/** SSH public keys as IAM takes them: RSA of 2048 bits or more, as `ssh-rsa …` or as PEM. */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import { refuse } from './errors.ts'

export interface SshKey {
  readonly form: 'SSH' | 'PEM'
  /** MD5 of the key's SSH form, `12:34:…`. */
  readonly fingerprint: string
  inOtherForm(): string
}

/** Reads a key; refuses what IAM would not take. */
export function readSshKey(text: string): SshKey {
  const form = text.includes('-----BEGIN ') ? 'PEM' : 'SSH'
  const key = form === 'PEM' ? fromPem(text) : fromSsh(text)
  const { modulusLength = 0 } = key?.asymmetricKeyDetails ?? {}
  if (key?.asymmetricKeyType !== 'rsa' || modulusLength < 2048) throw refuse.InvalidPublicKey()
  const blob = toBlob(key)
  const digest = createHash('md5').update(blob).digest('hex')
  return {
    form,
    fingerprint: digest.match(/../g)?.join(':') ?? '',
    inOtherForm: () =>
      form === 'PEM'
        ? `ssh-rsa ${blob.toString('base64')}`
        : key.export({ type: 'spki', format: 'pem' }).toString(),
  }
}

function fromPem(text: string): KeyObject | undefined {
  // A certificate or a private key holds a public key, too, but is none.
  if (!/^\s*-----BEGIN (?:RSA )?PUBLIC KEY-----/.test(text)) return undefined
  try {
    return createPublicKey(text)
  } catch {
    return undefined
  }
}

/** `ssh-rsa <base64> [comment]`; the data: three fields, each after its length in four bytes. */
function fromSsh(text: string): KeyObject | undefined {
  const data = /^\s*ssh-rsa\s+([A-Za-z0-9+/]+={0,2})(?:\s|$)/.exec(text)?.[1]
  const fields = fieldsOf(Buffer.from(data ?? '', 'base64'))
  const [type, e, n] = fields
  if (fields.length !== 3 || type?.toString() !== 'ssh-rsa' || !e?.length || !n?.length) {
    return undefined
  }
  try {
    const jwk = { kty: 'RSA', e: e.toString('base64url'), n: n.toString('base64url') }
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    return undefined
  }
}

function fieldsOf(data: Buffer): Buffer[] {
  const fields: Buffer[] = []
  let at = 0
  while (at + 4 <= data.length) {
    const end = at + 4 + data.readUInt32BE(at)
    if (end > data.length) return []
    fields.push(data.subarray(at + 4, end))
    at = end
  }
  return at === data.length ? fields : []
}

function toBlob(key: KeyObject): Buffer {
  const { e = '', n = '' } = key.export({ format: 'jwk' })
  const fields = [Buffer.from('ssh-rsa'), positive(e), positive(n)]
  return Buffer.concat(fields.flatMap((field) => [lengthOf(field), field]))
}

/** A number as SSH writes it: a zero byte before a set first bit. */
function positive(base64url: string): Buffer {
  const bytes = Buffer.from(base64url, 'base64url')
  return (bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes
}

function lengthOf(field: Buffer): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(field.length)
  return bytes
}
