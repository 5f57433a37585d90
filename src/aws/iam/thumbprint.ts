/** The thumbprint of an issuer's server: what IAM registers when the caller names none. */
import { createHash } from 'node:crypto'
import { isIP, type LookupFunction } from 'node:net'
import { connect, type DetailedPeerCertificate } from 'node:tls'

const timeoutMs = 5_000

/** Which addresses may be connected to. */
export interface Reach {
  /** Resolves names to addresses that may be. */
  readonly lookup: LookupFunction
  readonly allows: (address: string) => boolean
}

/**
 * Connects to the issuer and returns the SHA-1 (hex, lower case) of the last certificate that its server presents: the
 * one nearest to the root. The chain is not judged here; the thumbprint is what it will be judged by. Throws when the
 * server cannot be reached within 5 seconds, or lies where `reach` does not allow.
 */
export function fetchThumbprint(url: string, reach?: Reach): Promise<string> {
  const { hostname, port } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '')
  if (reach && isIP(host) && !reach.allows(host)) {
    return Promise.reject(new Error(`the address of \`${host}\` is not one to ask`))
  }
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: Number(port || 443),
      rejectUnauthorized: false,
      // No roots of ours: else the chain would be shown with a root added that the server did not send.
      ca: [],
      ...(isIP(host) === 0 && { servername: host }),
      ...(reach && { lookup: reach.lookup }),
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
