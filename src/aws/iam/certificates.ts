/** X.509 certificates as they are uploaded: PEM, with the chain and the key that belong to them. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { refuse } from './errors.ts'

const noPem = 'Unable to parse certificate. Please ensure the certificate is in PEM format.'

/** One certificate in PEM; refused with the text given where it is none. */
export function readCertificate(pem: string, message = noPem): X509Certificate {
  if (!pem.includes('-----BEGIN CERTIFICATE-----'))
    throw refuse.MalformedCertificate({}, { message })
  try {
    return new X509Certificate(pem)
  } catch {
    throw refuse.MalformedCertificate({}, { message })
  }
}

/** A server's certificate, to which the key must belong; each certificate of the chain must have signed the one before. */
export function readServerCertificate(
  body: string,
  chain: string | undefined,
  privateKey: string,
): X509Certificate {
  const certificate = readCertificate(body)
  checkKey(certificate, privateKey)
  let signed = certificate
  for (const [index, pem] of (chain === undefined ? [] : certificatesIn(chain)).entries()) {
    const signer = readCertificate(pem, invalidChain(index - 1))
    if (!signed.verify(signer.publicKey)) {
      throw refuse.MalformedCertificate({}, { message: invalidChain(index - 1) })
    }
    signed = signer
  }
  return certificate
}

function checkKey(certificate: X509Certificate, pem: string): void {
  let matches = false
  try {
    matches = certificate.checkPrivateKey(createPrivateKey(pem))
  } catch {
    const message = 'Unable to parse key. Please ensure the private key is in PEM format.'
    throw refuse.MalformedCertificate({}, { message })
  }
  if (!matches) throw refuse.KeyPairMismatch()
}

function certificatesIn(chain: string): readonly string[] {
  const found = chain.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g)
  return found ?? [chain]
}

function invalidChain(index: number): string {
  return `Unable to validate certificate chain. The certificate chain must start with the immediate signing certificate, followed by any intermediaries in order. The index within the chain of the invalid certificate is: ${index}`
}
