/** Paths that are no resource: health, version, discovery, OpenAPI, the issuer's documents. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Issuer } from '../../../oidc/issuer-port.ts'
import { noSuchPath } from '../status.ts'
import type { Discovery, DiscoveryDocument } from './discovery.ts'
import { answerForm } from './negotiate.ts'
import type { OpenApi } from './openapi.ts'
import { respond, respondBytes, respondText } from './respond.ts'

export interface PathDeps {
  readonly discovery: Discovery
  readonly openApi: OpenApi
  readonly issuer: Issuer
  readonly version: object
}

/** Answers a path; one that there is not is a 404. */
export async function handlePath(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  deps: PathDeps,
): Promise<void> {
  const { discovery, openApi, issuer } = deps
  const plain = path.length > 1 ? path.replace(/\/$/, '') : path
  if (/^\/(healthz|livez|readyz)(\/ping)?$/.test(plain)) {
    return respondText(response, 200, 'ok', 'text/plain; charset=utf-8')
  }
  if (plain === '/version') return respond(response, 200, deps.version)
  if (plain === '/openapi/v3') return respond(response, 200, openApi.index())
  if (plain.startsWith('/openapi/v3/')) {
    const text = openApi.document(plain.slice('/openapi/v3/'.length))
    if (text === undefined) throw noSuchPath()
    return respondText(response, 200, text, 'application/json')
  }
  if (plain === '/openapi/v2') return emptySwagger(request, response)
  if (plain === '/.well-known/openid-configuration') {
    return respond(response, 200, issuer.discovery())
  }
  if (plain === '/openid/v1/jwks') {
    const text = JSON.stringify(issuer.jwks())
    return respondText(response, 200, text, 'application/jwk-set+json')
  }
  const form = answerForm(request.headers.accept)
  if ((plain === '/api' || plain === '/apis') && form.as === 'discovery') {
    return sendDocument(request, response, discovery.aggregated(plain), form.contentType)
  }
  const document = discovery.plain(plain)
  if (!document) throw noSuchPath()
  return sendDocument(request, response, document, 'application/json')
}

function sendDocument(
  request: IncomingMessage,
  response: ServerResponse,
  { text, etag }: DiscoveryDocument,
  contentType: string,
): void {
  response.setHeader('ETag', etag)
  response.setHeader('Vary', 'Accept')
  const known = request.headers['if-none-match']
  if (known?.split(',').some((tag) => tag.trim() === etag)) {
    response.writeHead(304)
    response.end()
    return
  }
  respondText(response, 200, text, contentType)
}

const swaggerProtobuf = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'

/**
 * The old OpenAPI without content: kubectl asks for it only about kinds that version 3 does not have, and with an
 * empty one says that there is no such kind, where without one it would complain about validation.
 */
function emptySwagger(request: IncomingMessage, response: ServerResponse): Promise<void> | void {
  if (!request.headers.accept?.includes('protobuf')) {
    const info = { title: 'Kubernetes', version: 'v1.32.5' }
    return respond(response, 200, { swagger: '2.0', info, paths: {} })
  }
  const field = (number: number, content: Buffer | string) => {
    const bytes = Buffer.from(content)
    return Buffer.concat([Buffer.from([number * 8 + 2, bytes.length]), bytes])
  }
  const info = Buffer.concat([field(1, 'Kubernetes'), field(2, 'v1.32.5')])
  const document = Buffer.concat([field(1, '2.0'), field(2, info), field(8, '')])
  respondBytes(response, 200, document, swaggerProtobuf)
}
