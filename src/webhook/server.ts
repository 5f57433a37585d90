/** The webhook's HTTPS server: `/mutate` for the API server, `/healthz` and `/readyz` for the kubelet, metrics apart. */
import { once } from 'node:events'
import { createServer as createPlainServer, type IncomingMessage, type Server } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Log } from '../audit/log.ts'
import type { KeyPair } from '../x509/certificate-port.ts'
import { createMetrics, type WebhookMetrics } from './metrics.ts'
import { answerReview, type ReviewDeps, type ServiceAccounts } from './review.ts'
import type { WebhookSettings } from './settings.ts'

export interface Webhook extends AsyncDisposable {
  readonly port: number
  /** Undefined unless asked for. */
  readonly metricsPort: number | undefined
  /** Serves new connections with another certificate. */
  setCertificate(tls: KeyPair): void
}

export interface WebhookOptions {
  readonly host: string
  readonly port: number
  readonly tls: KeyPair
  readonly serviceAccounts: ServiceAccounts
  readonly settings: WebhookSettings
  readonly log: Log
  /** Plain HTTP with `/metrics`; 0: any free one. Absent: none. */
  readonly metricsPort?: number
  /** False while ServiceAccounts cannot be read yet: `/readyz` says so. */
  readonly ready?: () => boolean
  /** 0 ≤ x < 1. */
  readonly random?: () => number
}

interface Answer {
  readonly status: number
  readonly body: string
  readonly contentType?: string
}

/** The largest object of Kubernetes is 1.5 MiB; a review may hold it twice. */
const bodyBytesMax = 4 * 1024 * 1024
/** Beyond this a sender gets no answer any more. */
const dropBytesMax = 64 * 1024 * 1024
const drainMs = 10_000

/** Starts the server; disposing lets running requests end first. */
export async function startWebhook(options: WebhookOptions): Promise<Webhook> {
  const { host, port, tls, log } = options
  const metrics = createMetrics()
  const server = createServer(
    {
      cert: tls.cert,
      key: tls.key,
      minVersion: 'TLSv1.2',
      requestTimeout: 30_000,
      headersTimeout: 10_000,
      keepAliveTimeout: 60_000,
    },
    async (request, response) => {
      const answer = await respond(request, options, metrics)
      if (response.destroyed) return
      response.statusCode = answer.status
      response.setHeader('Content-Type', answer.contentType ?? 'text/plain; charset=utf-8')
      response.setHeader('Content-Length', Buffer.byteLength(answer.body))
      // What was not read of a body is not waited for.
      if (!request.complete) response.setHeader('Connection', 'close')
      response.end(answer.body)
    },
  )
  server.on('tlsClientError', (error) => log.debug({ error: error.message }, 'webhook handshake'))
  const metricsServer = options.metricsPort === undefined ? undefined : serveMetrics(metrics)
  const parts: Server[] = metricsServer ? [server, metricsServer] : [server]
  await Promise.all([
    listen(server, port, host),
    metricsServer && listen(metricsServer, options.metricsPort ?? 0, host),
  ])
  return {
    port: (server.address() as AddressInfo).port,
    metricsPort: (metricsServer?.address() as AddressInfo | undefined)?.port,
    setCertificate: ({ cert, key }) =>
      server.setSecureContext({ cert, key, minVersion: 'TLSv1.2' }),
    async [Symbol.asyncDispose]() {
      await Promise.all(parts.map(close))
    },
  }
}

async function respond(
  request: IncomingMessage,
  options: WebhookOptions,
  metrics: WebhookMetrics,
): Promise<Answer> {
  const [path = '', query = ''] = (request.url ?? '/').split('?', 2)
  switch (path) {
    case '/healthz':
      return { status: 200, body: 'ok' }
    case '/readyz':
      return (options.ready?.() ?? true)
        ? { status: 200, body: 'ok' }
        : { status: 503, body: 'not ready: ServiceAccounts cannot be read yet' }
    case '/mutate': {
      const answer = await mutateAnswer(request, query, options, metrics)
      metrics.answered(path, answer.status)
      return answer
    }
    default:
      return { status: 404, body: '404 page not found\n' }
  }
}

async function mutateAnswer(
  request: IncomingMessage,
  query: string,
  { serviceAccounts, settings, random = Math.random, log }: WebhookOptions,
  metrics: WebhookMetrics,
): Promise<Answer> {
  if (!isDecodable(query)) {
    return { status: 400, body: '{"error": "error parsing form"}', contentType: 'application/json' }
  }
  const contentType = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  if (contentType !== 'application/json') {
    return { status: 415, body: 'Invalid Content-Type, expected `application/json`\n' }
  }
  const deps: ReviewDeps = { serviceAccounts, settings, random }
  try {
    const body = await readBody(request)
    if (body === undefined) return { status: 413, body: 'request entity too large\n' }
    const { body: answer, mutation, namespace } = await answerReview(body, deps)
    if (mutation) {
      metrics.decided(mutation)
      const { result, reason, identity, warnings } = mutation
      log.debug({ namespace, result, reason, role: identity?.roleArn, warnings }, 'pod reviewed')
    }
    return { status: 200, body: answer, contentType: 'application/json' }
  } catch (error) {
    // The API server decides by its failure policy what an unanswered review means.
    log.error({ error }, 'review failed')
    return { status: 500, body: 'internal error\n' }
  }
}

/** The whole body as text; undefined where it is too large: then the rest is read and dropped, so that the answer arrives. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  let chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size <= bodyBytesMax) chunks.push(chunk)
    else chunks = []
    if (size > dropBytesMax) return undefined
  }
  return size > bodyBytesMax ? undefined : Buffer.concat(chunks).toString('utf8')
}

/** True where every escape of a query is whole. */
function isDecodable(query: string): boolean {
  return !/%(?![0-9a-f]{2})/i.test(query) && !query.includes(';')
}

function serveMetrics(metrics: WebhookMetrics): Server {
  return createPlainServer((request, response) => {
    const found = request.url?.split('?', 1)[0] === '/metrics'
    response.writeHead(found ? 200 : 404, { 'Content-Type': 'text/plain; version=0.0.4' })
    response.end(found ? metrics.text() : '404 page not found\n')
  })
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  server.listen(port, host)
  await once(server, 'listening')
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeIdleConnections()
  const force = setTimeout(() => server.closeAllConnections(), drainMs)
  await closed
  clearTimeout(force)
}
