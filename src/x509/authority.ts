/** A certificate authority that lives in a file and memory: signs the certificates of servers and of client users. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  randomBytes,
  X509Certificate,
} from 'node:crypto'
import { promisify } from 'node:util'
import { identityOf, keyIdOf, name, signCertificate } from './certificate.ts'
import type { CertificateAuthority, KeyPair } from './certificate-port.ts'
import { pem } from './der.ts'

/** Of the authority's and its leaves' keys. */
export type KeyAlgorithm = 'P-256' | 'RSA-2048'

/** An authority whose key can be kept: store `certPem` and `keyPem` (0600) and load it again. */
export interface OwnedAuthority extends CertificateAuthority {
  /** PKCS #8 PEM. Secret. */
  readonly keyPem: string
  /** When its own certificate ends: ms since the epoch. */
  readonly notAfter: number
}

/** The wall clock: clients judge certificates by their own machine's time, never by a lab's. */
type WallClock = { now(): number }

const dayMs = 86_400_000
/** Clients' clocks may be behind ours. */
const backdatedMs = dayMs
const authorityLifeMs = 3650 * dayMs
/** Apple's platforms refuse server certificates that live longer than 825 days. */
const leafLifeMs = 820 * dayMs
const commonNameMax = 64

/** Makes a new self-signed authority. `clock` is the wall clock. */
export async function createCertificateAuthority({
  commonName,
  organization,
  clock,
  keyAlgorithm = 'P-256',
}: {
  commonName: string
  organization?: string
  clock: WallClock
  keyAlgorithm?: KeyAlgorithm
}): Promise<OwnedAuthority> {
  const { publicKey, privateKey } = await newKeys(keyAlgorithm)
  const subject = name({ commonName, organizations: organization ? [organization] : [] })
  const now = clock.now()
  const der = signCertificate(
    {
      serial: newSerial(),
      issuer: subject,
      subject,
      notBefore: now - backdatedMs,
      notAfter: now + authorityLifeMs,
      publicKey,
      usage: 'authority',
    },
    privateKey,
  )
  const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return loadCertificateAuthority({ certPem: pem('CERTIFICATE', der), keyPem, clock, keyAlgorithm })
}

/**
 * Takes an authority up again from its PEM texts. Throws an Error where they do not belong together or the
 * certificate is no authority's.
 */
export function loadCertificateAuthority({
  certPem,
  keyPem,
  clock,
  keyAlgorithm = 'P-256',
}: {
  certPem: string
  keyPem: string
  clock: WallClock
  keyAlgorithm?: KeyAlgorithm
}): OwnedAuthority {
  const certificate = new X509Certificate(certPem)
  const key = createPrivateKey(keyPem)
  if (!certificate.checkPrivateKey(key)) {
    throw new Error('the key of the certificate authority does not fit its certificate')
  }
  if (!certificate.ca) throw new Error('the certificate is not that of a certificate authority')
  const { subject, keyId } = identityOf(certificate.raw)
  const notAfter = certificate.validToDate.getTime()
  const authorityKeyId = keyId ?? keyIdOf(createPublicKey(key))

  async function issue(leaf: {
    subject: Uint8Array
    usage: 'server' | 'client'
    names?: readonly string[]
    addresses?: readonly string[]
  }): Promise<KeyPair> {
    const { publicKey, privateKey } = await newKeys(keyAlgorithm)
    const now = clock.now()
    const der = signCertificate(
      {
        ...leaf,
        serial: newSerial(),
        issuer: subject,
        notBefore: now - backdatedMs,
        notAfter: Math.min(now + leafLifeMs, notAfter),
        publicKey,
        authorityKeyId,
      },
      key,
    )
    return {
      cert: `${pem('CERTIFICATE', der)}${certPem}`,
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    }
  }

  return {
    certPem,
    keyPem,
    notAfter,
    issueServer({ names, addresses = [] }) {
      const commonName = [...names, ...addresses].find((text) => text.length <= commonNameMax)
      return issue({
        subject: name({ commonName: commonName ?? 'server' }),
        usage: 'server',
        names,
        addresses,
      })
    },
    issueClient({ commonName, organizations }) {
      return issue({ subject: name({ commonName, organizations }), usage: 'client' })
    },
  }
}

/** SHA-1 of a certificate, hex, lower case, as IAM keeps thumbprints. */
export function thumbprintOf(certificate: Uint8Array | string): string {
  const der = typeof certificate === 'string' ? new X509Certificate(certificate).raw : certificate
  return createHash('sha1').update(der).digest('hex')
}

function newKeys(
  algorithm: KeyAlgorithm,
): Promise<{ publicKey: KeyObject; privateKey: KeyObject }> {
  return algorithm === 'P-256'
    ? promisify(generateKeyPair)('ec', { namedCurve: 'P-256' })
    : promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
}

function newSerial(): Uint8Array {
  const serial = randomBytes(16)
  // Positive and never shorter than it looks.
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
  return serial
}
