/** What stands before `podpass serve aws`: proxies that say who asks, and certificates that are renewed while it runs. */
import assert from 'node:assert/strict'
import { Agent, request } from 'node:https'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import { signHeaders } from '../src/kernel/sigv4/sign.ts'
import { ok } from './support/lab.ts'
import { type Keys, type Pair, startPair } from './support/pair.ts'
import { noPostgres } from './support/postgres.ts'
import type { Replica } from './support/replica.ts'

interface Answer {
  readonly status: number
  /** SHA-256 of the certificate that the connection was opened with. */
  readonly fingerprint: string
}

/** GetCallerIdentity over this agent's connections, with headers that nobody signed. */
function ask(
  { endpoint }: Replica,
  credentials: Keys,
  agent: Agent,
  forwarded?: string,
): Promise<Answer> {
  const url = new URL(endpoint)
  const body = 'Action=GetCallerIdentity&Version=2011-06-15'
  const signed = signHeaders({
    ...{ method: 'POST', rawPath: '/', region: 'eu-central-1', service: 'sts', credentials, body },
    headers: { host: url.host, 'content-type': 'application/x-www-form-urlencoded' },
    at: Date.now(),
  })
  const headers = { ...signed, ...(forwarded && { 'x-forwarded-for': forwarded }) }
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      const socket = response.socket as TLSSocket
      const { fingerprint256 } = socket.getPeerCertificate()
      response.resume()
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, fingerprint: fingerprint256 })
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

describe('before the processes', { skip: noPostgres() }, () => {
  let pair: Pair

  before(async () => {
    pair = await startPair()
  })
  after(() => pair[Symbol.asyncDispose]())

  /** Addresses of the clients, as the process has recorded them. */
  async function recorded(by: Replica): Promise<readonly string[]> {
    const look = ['cloudtrail', 'lookup-events', '--query', 'Events[].CloudTrailEvent']
    const { stdout } = ok(await pair.aws(by, pair.administrator, ...look))
    return (JSON.parse(stdout) as string[]).map((event) => JSON.parse(event).sourceIPAddress)
  }

  test('a proxy’s word of the client counts where it is trusted, and nowhere else', async () => {
    await using trusting = await pair.startAnother('--trusted-proxies', '127.0.0.0/8')
    const agent = new Agent({ ca: pair.caPem })
    for (const to of [trusting, pair.one]) {
      const { status } = await ask(to, pair.administrator, agent, '198.51.100.1, 203.0.113.9')
      assert.equal(status, 200)
    }
    const [here, elsewhere] = [await recorded(trusting), await recorded(pair.one)]
    assert.ok(here.includes('203.0.113.9') && !here.includes('198.51.100.1'), here.join())
    assert.ok(!elsewhere.some((address) => address !== '127.0.0.1'), elsewhere.join())
  })

  test('a renewed certificate is taken on SIGHUP, or by itself, and no connection is lost', async () => {
    await using waiting = await pair.startAnother('--tls-reload', '1')
    const open = new Agent({ ca: pair.caPem, keepAlive: true, maxSockets: 1 })
    const fresh = new Agent({ ca: pair.caPem })
    const before = await ask(pair.one, pair.administrator, open)
    const renewed = await pair.renewCertificate()
    assert.notEqual(renewed, before.fingerprint)
    pair.one.signal('SIGHUP')
    for (const replica of [pair.one, waiting]) {
      const until = Date.now() + 30_000
      while ((await ask(replica, pair.administrator, fresh)).fingerprint !== renewed) {
        assert.ok(Date.now() < until, replica.stderr)
        await pause(20)
      }
      assert.match(replica.stderr, /the certificate was replaced/)
    }
    assert.deepEqual(await ask(pair.one, pair.administrator, open), before)
    open.destroy()
  })
})
