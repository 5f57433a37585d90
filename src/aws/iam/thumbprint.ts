/** The thumbprint of an issuer's server: what IAM registers when the caller names none. */
import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import { connect, type DetailedPeerCertificate } from 'node:tls'

const timeoutMs = 5_000

/**
 * Connects to the issuer and returns the SHA-1 (hex, lower case) of the last certificate that its server presents: the
 * one nearest to the root. The chain is not judged here; the thumbprint is what it will be judged by. Throws when the
 * server cannot be reached within 5 seconds.
 */
export function fetchThumbprint(url: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '')
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: Number(port || 443),
      rejectUnauthorized: false,
      // No roots of ours: else the chain would be shown with a root added that the server did not send.
      ca: [],
      ...(isIP(host) === 0 && { servername: host }),
    })
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('timed out')))
    socket.once('error', reject)
    socket.once('secureConnect', () => {
      const last = lastOf(socket.getPeerCertificate(true))
      socket.destroy()
      if (last) resolve(createHash('sha1').update(last).digest('hex'))
      else reject(new Error('no certificate'))
    })
  })
}

function lastOf(certificate: DetailedPeerCertificate): Buffer | undefined {
  let current = certificate
  const seen = new Set<DetailedPeerCertificate>()
  while (current.issuerCertificate && !seen.has(current)) {
    seen.add(current)
    if (current.issuerCertificate === current) break
    current = current.issuerCertificate
  }
  return current.raw
}
