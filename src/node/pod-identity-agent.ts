/**
 * The EKS Pod Identity agent of one node: gives a pod the credentials of the role that is associated with its
 * ServiceAccount, against the token that the kubelet mounts for it.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Server as NetServer } from 'node:net'
import type { Log } from '../audit/log.ts'
import type { Clock } from '../kernel/clock.ts'
import {
  type AssumeRoleForPodIdentity,
  type EksAuthRefusal,
  type PodCredentials,
  PodIdentityCache,
} from './pod-identity-cache.ts'
import { podTokenProblem } from './pod-token-check.ts'

export interface PodIdentityAgentOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /**
   * What a request's Host may be, against DNS rebinding: on EKS `169.254.170.23` and `fd00:ec2::23`; where a node has no
   * network of its own, the loopback address that pods are told.
   */
  readonly addresses: readonly string[]
  readonly clock: Clock
  readonly log: Log
  readonly assume: AssumeRoleForPodIdentity
  /** False while the agent is not installed: connections are cut at once. */
  readonly installed?: () => boolean
  /** 0 ≤ x < 1. */
  readonly random?: () => number
}

export interface PodIdentityAgent extends AsyncDisposable {
  readonly port: number
  /** Answers on one more listener, until disposed or the agent is, for requests to these addresses. */
  serve(door: NetServer, addresses: readonly string[]): Promise<AsyncDisposable>
}

interface Answer {
  readonly status: number
  readonly text: string
  readonly type?: string
}

const requestTimeoutMs = 10_000
const ratePerSecond = 1000
const burst = 500

export async function startPodIdentityAgent(
  options: PodIdentityAgentOptions,
): Promise<PodIdentityAgent> {
  const { clock, assume, log, random = Math.random, installed = () => true } = options
  const cache = new PodIdentityCache({ clock, assume, random })
  const limit = rateLimit(clock)
  const serve = async (place: Parameters<typeof listen>[1], addresses: readonly string[]) => {
    const server = createServer(
      // A token may be of several KiB.
      { requestTimeout: requestTimeoutMs, maxHeaderSize: 65_536 },
      (request, response) => {
        request.resume()
        answerTo(request, { ...options, addresses, cache, limit }).then(
          (answer) => send(response, answer),
          (error: unknown) => {
            log.error({ error: String(error) }, 'the pod identity agent failed')
            send(response, { status: 500, text: 'Internal Server Error' })
          },
        )
      },
    )
    server.on('connection', (socket) => {
      if (!installed()) socket.destroy()
    })
    server.on('clientError', (_error, socket) => socket.destroy())
    await listen(server, place)
    return server
  }
  const { host, port, addresses } = options
  const server = await serve({ host, port }, addresses)
  return {
    port: (server.address() as AddressInfo).port,
    async serve(door, addresses) {
      const further = await serve(door, addresses)
      return { [Symbol.asyncDispose]: () => close(further) }
    },
    async [Symbol.asyncDispose]() {
      await close(server)
      cache[Symbol.dispose]()
    },
  }
}

async function answerTo(
  request: IncomingMessage,
  {
    addresses,
    clock,
    cache,
    limit,
  }: PodIdentityAgentOptions & { cache: PodIdentityCache; limit: () => boolean },
): Promise<Answer> {
  if (!limit()) return { status: 429, text: 'Too Many Requests' }
  const path = (request.url ?? '/').split('?')[0]
  if (path !== '/v1/credentials') return { status: 404, text: '404 page not found' }
  const host = hostOf(request.headers.host ?? '')
  if (!addresses.includes(host)) {
    const text = `Access Denied. Called agent through invalid address, please use either [${addresses.join(' ')}] address not ${host}`
    return { status: 403, text }
  }
  const token = request.headers.authorization ?? ''
  const problem = podTokenProblem(token, clock.now())
  if (problem) return { status: 400, text: problem }
  const answer = await cache.get(token)
  if (!('accessKeyId' in answer)) return refusal(answer)
  return { status: 200, type: 'application/json', text: JSON.stringify(document(answer)) }
}

/** A Host without its port, an IPv6 address without its brackets. */
function hostOf(header: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d*)?$/.exec(header)
  if (bracketed?.[1] !== undefined) return bracketed[1]
  return /^[^:]*:[^:]*$/.test(header) ? header.slice(0, header.indexOf(':')) : header
}

/** The errors of EKS Auth that its model knows: of others the SDK cannot tell whose fault they are. */
const modelled = new Set(
  [
    'AccessDenied',
    'ExpiredToken',
    'InternalServer',
    'InvalidParameter',
    'InvalidRequest',
    'InvalidToken',
    'ResourceNotFound',
    'ServiceUnavailable',
    'Throttling',
  ].map((name) => `${name}Exception`),
)

function refusal({ status, requestId, code, message }: EksAuthRefusal): Answer {
  if (status === undefined) return { status: 500, text: message }
  const server = status >= 500 ? 'server' : 'client'
  const fault = modelled.has(code) ? server : 'unknown'
  return { status, text: `[${requestId}]: (${code}): ${message}, fault: ${fault}` }
}

/** Times to the second, as SDKs read them. */
function document(credentials: PodCredentials): Readonly<Record<string, string>> {
  const expiration = new Date(Math.floor(credentials.expiration / 1000) * 1000)
  return {
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey,
    Token: credentials.sessionToken,
    AccountId: credentials.accountId,
    Expiration: expiration.toISOString().replace('.000Z', 'Z'),
  }
}

/** A bucket of `burst` that fills at the rate; the function takes one, or answers false. */
function rateLimit(clock: Clock): () => boolean {
  let tokens = burst
  let filledAt = clock.now()
  return () => {
    const now = clock.now()
    tokens = Math.min(burst, tokens + (Math.max(0, now - filledAt) / 1000) * ratePerSecond)
    filledAt = now
    if (tokens < 1) return false
    tokens--
    return true
  }
}

/** Errors end in a line feed, as Go writes them. */
function send(response: ServerResponse, { status, text, type }: Answer): void {
  if (response.destroyed) return
  const body = type === undefined ? `${text}\n` : text
  response.writeHead(status, {
    'content-type': type ?? 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    ...(type === undefined ? { 'x-content-type-options': 'nosniff' } : {}),
  })
  response.end(body)
}

function listen(
  server: Server,
  place: { readonly host: string; readonly port: number } | NetServer,
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(place, () => resolve())
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
