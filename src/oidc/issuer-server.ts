/** Serves issuers' discovery documents and key sets over HTTPS, many issuers under one port. */
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Log } from '../audit/log.ts'
import type { KeyPair } from '../x509/certificate-port.ts'
import type { PublishedIssuer } from './issuer-port.ts'

export interface IssuerServer extends AsyncDisposable {
  readonly port: number
  /** Serves new connections with another certificate. */
  setCertificate(tls: KeyPair): void
}

/** How long others may keep a document: short, so that a new key is seen soon. */
const cacheSeconds = 60
const targetLengthMax = 2048

/**
 * What follows an issuer's path, and the document served there. `/keys` is EKS's form, `/.well-known/jwks.json` that
 * of outbound federation, the others Kubernetes' and the self-hosted guide's.
 */
const documents: Readonly<
  Record<string, { contentType: string; of: (issuer: PublishedIssuer) => object } | undefined>
> = {
  '/.well-known/openid-configuration': {
    contentType: 'application/json',
    of: (issuer) => issuer.discovery(),
  },
  '/keys': { contentType: 'application/jwk-set+json', of: (issuer) => issuer.jwks() },
  '/.well-known/jwks.json': {
    contentType: 'application/jwk-set+json',
    of: (issuer) => issuer.jwks(),
  },
  '/keys.json': { contentType: 'application/jwk-set+json', of: (issuer) => issuer.jwks() },
  '/openid/v1/jwks': { contentType: 'application/jwk-set+json', of: (issuer) => issuer.jwks() },
}

/**
 * Starts the server. `issuers` finds an issuer by its URL's path (`/id/<hex>`, '' for none). Every handshake sends leaf
 * and CA, since a provider's thumbprint is that of the last certificate presented.
 */
export async function startIssuerServer({
  host,
  port,
  tls,
  issuers,
  log,
}: {
  host: string
  port: number
  tls: KeyPair
  issuers: (path: string) => PublishedIssuer | undefined
  log: Log
}): Promise<IssuerServer> {
  const server = createServer(
    {
      cert: tls.cert,
      key: tls.key,
      minVersion: 'TLSv1.2',
      maxHeaderSize: 8192,
      requestTimeout: 10_000,
      headersTimeout: 5_000,
      keepAliveTimeout: 5_000,
    },
    (request, response) => {
      answer(request, response, issuers)
      log.debug(
        { method: request.method, path: request.url?.slice(0, 200), status: response.statusCode },
        'issuer request',
      )
    },
  )
  server.on('tlsClientError', (error) => log.debug({ error: error.message }, 'issuer handshake'))
  server.listen(port, host)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    setCertificate: ({ cert, key }) =>
      server.setSecureContext({ cert, key, minVersion: 'TLSv1.2' }),
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  issuers: (path: string) => PublishedIssuer | undefined,
): void {
  request.resume()
  const found = find(request.url ?? '/', issuers)
  if (!found) {
    finish(response, 404, 'text/plain; charset=utf-8', '404 page not found\n')
  } else if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD')
    finish(response, 405, 'text/plain; charset=utf-8', 'method not allowed\n')
  } else {
    response.setHeader('Cache-Control', `public, max-age=${cacheSeconds}`)
    finish(response, 200, found.contentType, JSON.stringify(found.body))
  }
}

function find(
  target: string,
  issuers: (path: string) => PublishedIssuer | undefined,
): { contentType: string; body: object } | undefined {
  if (target.length > targetLengthMax) return undefined
  const path = target.split('?', 1)[0] ?? ''
  for (const [suffix, document] of Object.entries(documents)) {
    if (!document || !path.endsWith(suffix)) continue
    const issuer = issuers(path.slice(0, -suffix.length))
    if (issuer) return { contentType: document.contentType, body: document.of(issuer) }
  }
  return undefined
}

function finish(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.statusCode = status
  response.setHeader('Content-Type', contentType)
  response.setHeader('X-Content-Type-Options', 'nosniff')
  response.setHeader('Content-Length', Buffer.byteLength(body))
  // HEAD: Node leaves the body out by itself.
  response.end(body)
}
