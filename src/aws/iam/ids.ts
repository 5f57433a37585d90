/** Unique ids and access keys in AWS's form. */
import { randomBytes } from 'node:crypto'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** What the first four letters of an id stand for. */
export const idPrefixes = {
  role: 'AROA',
  user: 'AIDA',
  group: 'AGPA',
  'instance-profile': 'AIPA',
  policy: 'ANPA',
  'server-certificate': 'ASCA',
  'ssh-public-key': 'APKA',
  'service-credential': 'ACCA',
  'access-key': 'AKIA',
  'session-key': 'ASIA',
} as const

export type IdKind = keyof typeof idPrefixes

/**
 * A new id: 21 characters, of keys 20. As in AWS's, characters 5 to 12 hold the account id: the first 48 bits are a
 * one, the account's 40 bits and 7 random ones.
 */
export function newId(kind: IdKind, account: string): string {
  const bytes = randomBytes(11)
  const random = bytes[5] ?? 0
  const head = (1n << 47n) | (BigInt(account) << 7n) | BigInt(random & 0x7f)
  for (let index = 0; index < 6; index += 1) {
    bytes[index] = Number((head >> BigInt(40 - 8 * index)) & 0xffn)
  }
  const length = /-key$/.test(kind) ? 16 : 17
  return idPrefixes[kind] + base32(bytes).slice(0, length)
}

/** The account that an access key id was made for; undefined where the text is no key id of this form. */
export function accountOfKey(accessKeyId: string): string | undefined {
  if (!/^A[KS]IA[A-Z2-7]{16}$/.test(accessKeyId)) return undefined
  let bits = 0n
  for (const letter of accessKeyId.slice(4, 14))
    bits = (bits << 5n) | BigInt(alphabet.indexOf(letter))
  const head = bits >> 2n
  if (head >> 47n !== 1n) return undefined
  const account = (head >> 7n) & ((1n << 40n) - 1n)
  return account < 1_000_000_000_000n ? String(account).padStart(12, '0') : undefined
}

/** The id of an uploaded signing certificate: 32 letters and digits. */
export function newCertificateId(): string {
  return base32(randomBytes(20))
}

/** The UUID of a SAML provider, in AWS's form. */
export function newSamlProviderId(): string {
  return `SAMLSP${base32(randomBytes(10))}`
}

/** A new secret access key: 40 characters. */
export function newSecret(): string {
  return randomBytes(30).toString('base64')
}

/** Base32 without padding (RFC 4648). */
export function base32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let value = 0
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xffff
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += alphabet[(value >> bits) & 31]
    }
  }
  return bits > 0 ? text + alphabet[(value << (5 - bits)) & 31] : text
}
