/** Opens TLS connections to issuers: trusted publicly, by a configured authority, or by the registered thumbprint. */
import { lookup as resolveName } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import {
  connect,
  createSecureContext,
  type DetailedPeerCertificate,
  getCACertificates,
  type SecureContext,
  type TLSSocket,
} from 'node:tls'
import { thumbprintOf } from '../x509/authority.ts'
import { type AddressKind, addressKind } from './address.ts'

/** The certificate is neither trusted nor the registered one. */
export class ThumbprintMismatch extends Error {
  readonly presented: string
  constructor(presented: string) {
    super(`the last certificate presented has the thumbprint ${presented}`)
    this.name = 'ThumbprintMismatch'
    this.presented = presented
  }
}

/** Opens one connection to a URL's host; rejects with ThumbprintMismatch or the socket's error. */
export type Connect = (
  url: URL,
  request: {
    readonly thumbprints: readonly string[]
    readonly allowed: ReadonlySet<AddressKind>
    readonly signal: AbortSignal
  },
) => Promise<TLSSocket>

/** `trustedCaPems` are trusted beside the machine's public ones. The trust store is read at the first connection. */
export function createConnect(trustedCaPems: readonly string[]): Connect {
  let store: SecureContext | undefined
  return async (url, { thumbprints, allowed, signal }) => {
    store ??= createSecureContext({ ca: [...getCACertificates('default'), ...trustedCaPems] })
    const first = await open(
      url,
      { secureContext: store, rejectUnauthorized: false },
      allowed,
      signal,
    )
    if (first.authorized) return first
    const last = lastCertificate(first.getPeerCertificate(true))
    first.destroy()
    const presented = last ? thumbprintOf(last) : ''
    if (!last || !thumbprints.includes(presented)) throw new ThumbprintMismatch(presented)
    // Having the right certificate at its end proves nothing yet: the chain must really lead to it.
    const pinned = createSecureContext({ ca: pemOf(last), allowPartialTrustChain: true })
    return open(url, { secureContext: pinned, rejectUnauthorized: true }, allowed, signal)
  }
}

function open(
  url: URL,
  trust: { secureContext: SecureContext; rejectUnauthorized: boolean },
  allowed: ReadonlySet<AddressKind>,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) && !allowed.has(addressKind(host))) return Promise.reject(notAllowed(host))
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: Number(url.port || 443),
      ...(isIP(host) ? {} : { servername: host }),
      lookup: guardedLookup(allowed),
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
      ...trust,
    })
    const abort = () => socket.destroy(new Error('it took too long'))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    socket.once('close', () => signal.removeEventListener('abort', abort))
    // Stays on: an error after the handshake is told to whoever reads, and must not be unheard here.
    socket.on('error', reject)
    socket.once('secureConnect', () => resolve(socket))
  })
}

/** Resolves as usual and drops the addresses that are not allowed, so that a name cannot lead where its address may not. */
export function guardedLookup(allowed: ReadonlySet<AddressKind>): LookupFunction {
  return (host, options, callback) => {
    resolveName(host, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, '')
      const usable = found.filter(({ address }) => allowed.has(addressKind(address)))
      const [first] = usable
      if (!first) return callback(notAllowed(host), '')
      if (options.all) return callback(null, usable)
      return callback(null, first.address, first.family)
    })
  }
}

function notAllowed(host: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`the address of \`${host}\` is not one to ask`), {
    code: 'EADDRNOTALLOWED',
  })
}

/** The end of the chain as presented. Longer chains than this are nobody's. */
function lastCertificate(leaf: DetailedPeerCertificate): Uint8Array | undefined {
  let at = leaf
  for (let length = 0; length < 16; length++) {
    const next = at.issuerCertificate
    if (!next?.raw || next === at || next.raw.equals(at.raw)) break
    at = next
  }
  return at?.raw
}

function pemOf(der: Uint8Array): string {
  return `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----\n`
}
