/** Builds and signs one X.509 v3 certificate (RFC 5280). */
import { createHash, type KeyObject, sign } from 'node:crypto'
import { isIP } from 'node:net'
import {
  bitString,
  boolean,
  children,
  element,
  explicit,
  implicit,
  integer,
  octetString,
  oid,
  sequence,
  set,
  time,
  utf8String,
} from './der.ts'

export interface Subject {
  readonly commonName: string
  readonly organizations?: readonly string[]
}

export interface CertificateFacts {
  /** Big-endian, positive. */
  readonly serial: Uint8Array
  /** DER of the issuer's name. */
  readonly issuer: Uint8Array
  /** DER of the subject's name. */
  readonly subject: Uint8Array
  /** Ms since the epoch. */
  readonly notBefore: number
  readonly notAfter: number
  readonly publicKey: KeyObject
  readonly usage: 'authority' | 'server' | 'client'
  readonly names?: readonly string[]
  readonly addresses?: readonly string[]
  /** The issuer's subject key identifier; absent in a self-signed certificate. */
  readonly authorityKeyId?: Uint8Array
}

/** The certificate's DER, signed by the issuer's key (EC with SHA-256, or RSA PKCS #1 v1.5 with SHA-256). */
export function signCertificate(facts: CertificateFacts, issuerKey: KeyObject): Uint8Array {
  const algorithm =
    issuerKey.asymmetricKeyType === 'rsa'
      ? sequence(oid('1.2.840.113549.1.1.11'), element(0x05))
      : sequence(oid('1.2.840.10045.4.3.2'))
  const body = sequence(
    explicit(0, integer(Buffer.of(2))),
    integer(facts.serial),
    algorithm,
    facts.issuer,
    sequence(time(facts.notBefore), time(facts.notAfter)),
    facts.subject,
    facts.publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensions(facts))),
  )
  return sequence(body, algorithm, bitString(sign('sha256', body, issuerKey)))
}

/** DER of a distinguished name: the organizations, then the common name. */
export function name({ commonName, organizations = [] }: Subject): Uint8Array {
  const attribute = (type: string, text: string) => set(sequence(oid(type), utf8String(text)))
  return sequence(
    ...organizations.map((organization) => attribute('2.5.4.10', organization)),
    attribute('2.5.4.3', commonName),
  )
}

/** RFC 5280 §4.2.1.2, method 1: SHA-1 of the key's bits. */
export function keyIdOf(publicKey: KeyObject): Uint8Array {
  const bits = children(publicKey.export({ type: 'spki', format: 'der' }))[1] ?? Buffer.alloc(0)
  return createHash('sha1').update(contentOf(bits).subarray(1)).digest()
}

/** The subject's name and, where it has one, the key identifier of a certificate. */
export function identityOf(certificate: Uint8Array): {
  subject: Uint8Array
  keyId: Uint8Array | undefined
} {
  const parts = children(children(certificate)[0] ?? Buffer.alloc(0))
  // version [0], serial, algorithm, issuer, validity, subject, key, …, extensions [3]
  const subject = parts[5]
  if (!subject) throw new RangeError('certificate without a subject')
  const list = parts.find((part) => part[0] === 0xa3)
  const wanted = Buffer.from(oid('2.5.29.14'))
  for (const extension of list ? children(children(list)[0] ?? list) : []) {
    const members = children(extension)
    const value = members.at(-1)
    if (value && members[0] && wanted.equals(members[0])) {
      return { subject, keyId: contentOf(children(value)[0] ?? value) }
    }
  }
  return { subject, keyId: undefined }
}

function contentOf(part: Uint8Array): Uint8Array {
  const first = part[1] ?? 0
  return part.subarray(first < 0x80 ? 2 : 2 + (first & 0x7f))
}

function extensions(facts: CertificateFacts): Uint8Array[] {
  const authority = facts.usage === 'authority'
  const list = [
    extension('2.5.29.19', sequence(...(authority ? [boolean(true)] : [])), true),
    extension('2.5.29.15', keyUsage(facts), true),
    extension('2.5.29.14', octetString(keyIdOf(facts.publicKey))),
  ]
  if (facts.authorityKeyId) {
    list.push(extension('2.5.29.35', sequence(implicit(0, facts.authorityKeyId))))
  }
  if (!authority) {
    const purpose = facts.usage === 'server' ? '1.3.6.1.5.5.7.3.1' : '1.3.6.1.5.5.7.3.2'
    list.push(extension('2.5.29.37', sequence(oid(purpose))))
  }
  const alternatives = [
    ...(facts.names ?? []).map((text) => implicit(2, Buffer.from(text, 'ascii'))),
    ...(facts.addresses ?? []).map((text) => implicit(7, addressBytes(text))),
  ]
  if (alternatives.length > 0) list.push(extension('2.5.29.17', sequence(...alternatives)))
  return list
}

function extension(id: string, value: Uint8Array, critical = false): Uint8Array {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octetString(value))
}

function keyUsage({ usage, publicKey }: CertificateFacts): Uint8Array {
  // Bits from the left: digitalSignature 0x80, keyEncipherment 0x20, keyCertSign 0x04, cRLSign 0x02.
  if (usage === 'authority') return bitString(Buffer.of(0x86), 1)
  return publicKey.asymmetricKeyType === 'rsa'
    ? bitString(Buffer.of(0xa0), 5)
    : bitString(Buffer.of(0x80), 7)
}

function addressBytes(text: string): Uint8Array {
  const family = isIP(text)
  if (family === 4) return Buffer.from(text.split('.').map(Number))
  if (family !== 6) throw new TypeError(`\`${text}\` is no IP address`)
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text)
  const plain = dotted
    ? `${dotted[1]}${hex(dotted[2], dotted[3])}:${hex(dotted[4], dotted[5])}`
    : text
  const [head = '', tail] = (plain.split('%')[0] ?? '').split('::')
  const left = head ? head.split(':') : []
  const right = tail ? tail.split(':') : []
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length
  const groups = [...left, ...Array<string>(zeros).fill('0'), ...right]
  return Buffer.from(
    groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]),
  )
}

function hex(high = '0', low = '0'): string {
  return (Number(high) * 256 + Number(low)).toString(16)
}
