/** An API server for the tests of its HTTP side, and a client that sends what no client library would. */
import { Agent, request as httpsRequest } from 'node:https'
import { silentLog } from '../../../audit/log.ts'
import { ManualClock } from '../../../clock/manual-clock.ts'
import { openIssuer } from '../../../oidc/issuer.ts'
import { openSqliteStore } from '../../../store/sqlite/sqlite-store.ts'
import { createCertificateAuthority } from '../../../x509/authority.ts'
import type { KeyPair } from '../../../x509/certificate-port.ts'
import { type ApiServerOptions, startApiServer } from '../api-server.ts'

export interface Answer {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: the API's JSON
  readonly json: any
}

export interface Options {
  readonly method?: string
  readonly body?: unknown
  readonly type?: string
  readonly headers?: Record<string, string>
  /** Without: the administrator. */
  readonly as?: KeyPair | 'nobody'
  /** Gets the lines of a stream so far; answers true when it has enough. */
  readonly until?: (lines: readonly string[]) => boolean
}

/** Starts a server on a clock that stands still. */
export async function startHttpTest(more: Partial<ApiServerOptions> = {}) {
  const clock = new ManualClock()
  const wall = { now: () => Date.now() }
  const store = openSqliteStore({ path: ':memory:', now: () => clock.now(), keepMs: 1000 })
  const ca = await createCertificateAuthority({ commonName: 'kubernetes', clock: wall })
  const url = 'https://localhost:1/id/X'
  const issuer = await openIssuer({ store, prefix: '/oidc', url, clock })
  const server = await startApiServer({
    name: 'test',
    host: '127.0.0.1',
    port: 0,
    store,
    prefix: '/c',
    clock,
    ca,
    issuer,
    log: silentLog,
    ...more,
  })
  const admin = await ca.issueClient({ commonName: 'admin', organizations: ['system:masters'] })
  const agent = new Agent({ ...admin, ca: ca.certPem, keepAlive: true })
  return {
    server,
    clock,
    store,
    admin,
    call: (path: string, options: Options = {}) =>
      call(server.url + path, server.caPem, { agent, keys: admin }, options),
    async [Symbol.asyncDispose]() {
      agent.destroy()
      await server[Symbol.asyncDispose]()
      issuer[Symbol.dispose]()
      await store[Symbol.asyncDispose]()
    },
  }
}

function call(
  url: string,
  ca: string,
  administrator: { agent: Agent; keys: KeyPair },
  options: Options,
): Promise<Answer> {
  const { method = options.body === undefined ? 'GET' : 'POST', body, as, until } = options
  const { type = 'application/json', headers = {} } = options
  const isText = body === undefined || typeof body === 'string' || Buffer.isBuffer(body)
  const payload = isText ? body : JSON.stringify(body)
  const content =
    payload === undefined
      ? {}
      : { 'Content-Type': type, 'Content-Length': Buffer.byteLength(payload) }
  // A stream that is broken off takes its connection along.
  const isShared = as === undefined && until === undefined
  const identity = as === 'nobody' ? {} : (as ?? administrator.keys)
  const agent = isShared ? administrator.agent : false
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      url,
      { method, ca, ...identity, agent, headers: { ...content, ...headers } },
      (response) => {
        let text = ''
        const done = () => {
          const { statusCode: status = 0, headers } = response
          resolve({ status, headers, text, json: parsed(text) })
        }
        response.on('data', (chunk) => {
          text += chunk
          if (!until?.(text.trimEnd().split('\n'))) return
          done()
          request.destroy()
        })
        response.on('end', done)
        response.on('error', () => {})
      },
    )
    request.on('error', reject)
    request.end(payload)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not every answer is JSON.
    return undefined
  }
}
