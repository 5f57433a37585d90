import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Log, silentLog } from '../audit/log.ts'
import { ManualClock } from '../clock/manual-clock.ts'
import { startPodIdentityAgent } from './pod-identity-agent.ts'
import {
  type AssumeRoleForPodIdentity,
  type EksAuthRefusal,
  type PodCredentials,
  PodIdentityCache,
} from './pod-identity-cache.ts'

const hour = 3_600_000
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

function tokenOf(claims: object, header: object = { alg: 'RS256' }): string {
  return `${encode(header)}.${encode(claims)}.c2ln`
}

function credentials(expiration: number): PodCredentials {
  return {
    accessKeyId: 'ASIAEXAMPLE000000001',
    secretAccessKey: 'secret',
    sessionToken: 'token',
    accountId: '111122223333',
    expiration,
  }
}

async function startAgent(
  more: { installed?: () => boolean; log?: Log; assume?: AssumeRoleForPodIdentity } = {},
) {
  const clock = new ManualClock()
  const agent = await startPodIdentityAgent({
    host: '127.0.0.1',
    port: 0,
    addresses: ['127.0.0.1', '169.254.170.23', 'fd00:ec2::23'],
    clock,
    log: silentLog,
    assume: async () => credentials(clock.now() + 6 * hour),
    ...more,
  })
  const ask = (headers: Record<string, string>, path = '/v1/credentials', method = 'GET') =>
    new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      const outgoing = request(
        { host: '127.0.0.1', port: agent.port, path, method, headers },
        (answer) => {
          let text = ''
          answer.on('data', (piece) => {
            text += piece
          })
          answer.on('end', () => resolve({ status: answer.statusCode, text }))
        },
      )
      outgoing.on('error', reject)
      outgoing.end()
    })
  return { clock, ask, [Symbol.asyncDispose]: () => agent[Symbol.asyncDispose]() }
}

test('the agent answers by its addresses only, whatever the method', async () => {
  await using agent = await startAgent()
  const authorization = tokenOf({ sub: 'x' })
  for (const host of ['127.0.0.1:80', '169.254.170.23', '[fd00:ec2::23]', '[fd00:ec2::23]:80']) {
    assert.equal((await agent.ask({ host, authorization })).status, 200, host)
  }
  assert.equal((await agent.ask({ authorization }, '/v1/credentials', 'POST')).status, 200)
  assert.deepEqual(await agent.ask({ host: 'evil.example:80', authorization }), {
    status: 403,
    text: 'Access Denied. Called agent through invalid address, please use either [127.0.0.1 169.254.170.23 fd00:ec2::23] address not evil.example\n',
  })
  assert.equal((await agent.ask({ authorization }, '/v2')).status, 404)
})

test('whatever path, host and token come, the agent answers, and none of it is its own failure', async () => {
  const failures: string[] = []
  const log = { ...silentLog, error: (_facts: object, message: string) => failures.push(message) }
  await using agent = await startAgent({ log })
  const visible = fc.string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((c) => String.fromCharCode(c)),
    maxLength: 300,
  })
  const json = fc.json({ maxDepth: 2 }).map((text) => Buffer.from(text).toString('base64url'))
  const token = fc.oneof(
    visible,
    fc.tuple(json, json, visible).map((parts) => parts.join('.')),
    fc
      .record({ exp: fc.oneof(fc.double(), fc.string()), nbf: fc.integer() })
      .map((claims) => tokenOf(claims)),
  )
  const host = fc.oneof(
    fc.constant('127.0.0.1'),
    visible.filter((text) => text !== ''),
  )
  const path = fc.oneof(
    fc.constant('/v1/credentials'),
    visible.map((text) => `/v1/credentials${text}`),
    visible.map((text) => `/${text}`),
  )
  await fc.assert(
    fc.asyncProperty(path, host, token, async (asked, named, authorization) => {
      const { status } = await agent.ask({ host: named, authorization }, asked)
      assert.ok([200, 400, 403, 404, 429].includes(status ?? 0), String(status))
    }),
    { numRuns: 300 },
  )
  assert.deepEqual(failures, [])
})

test('what is no token, or not of this time, is told in the agent’s words', async () => {
  await using agent = await startAgent()
  const now = agent.clock.now() / 1000
  const cases: [token: string, text: string][] = [
    ['', 'token cannot be empty'],
    [
      'Bearer x',
      'token cannot be parsed: token is malformed: token contains an invalid number of segments',
    ],
    [
      `Bearer ${tokenOf({})}`,
      'token cannot be parsed: token is malformed: could not base64 decode header: illegal base64 data at input byte 6',
    ],
    [
      tokenOf({}, { alg: 'ROT13' }),
      'token cannot be parsed: token is unverifiable: signing method (alg) is unavailable',
    ],
    [
      tokenOf({ exp: now }),
      'token failed basic claim validations: token has invalid claims: token is expired',
    ],
    [
      tokenOf({ nbf: now + 1 }),
      'token failed basic claim validations: token has invalid claims: token is not valid yet',
    ],
  ]
  for (const [authorization, text] of cases) {
    const answer = await agent.ask(authorization ? { authorization } : {})
    assert.deepEqual(answer, { status: 400, text: `Service account ${text}\n` })
  }
})

test('what EKS Auth refuses keeps its status; whose fault it is, is known of modelled errors only', async () => {
  const cases: [refusal: EksAuthRefusal, status: number, text: string][] = [
    [
      { status: 400, requestId: 'r', code: 'AccessDeniedException', message: 'm' },
      400,
      '[r]: (AccessDeniedException): m, fault: client',
    ],
    [
      { status: 503, requestId: 'r', code: 'ServiceUnavailableException', message: 'm' },
      503,
      '[r]: (ServiceUnavailableException): m, fault: server',
    ],
    [
      { status: 403, requestId: 'r', code: 'UnrecognizedClientException', message: 'm' },
      403,
      '[r]: (UnrecognizedClientException): m, fault: unknown',
    ],
    [{ requestId: '', code: 'NoAnswer', message: 'no route to host' }, 500, 'no route to host'],
  ]
  for (const [refusal, status, text] of cases) {
    await using agent = await startAgent({ assume: async () => refusal })
    const answer = await agent.ask({ authorization: tokenOf({}) })
    assert.deepEqual(answer, { status, text: `${text}\n` })
  }
})

test('more than a burst at once is too many', async () => {
  await using agent = await startAgent()
  for (let count = 0; count < 500; count++) {
    assert.equal((await agent.ask({}, '/')).status, 404)
  }
  assert.deepEqual(await agent.ask({}), { status: 429, text: 'Too Many Requests\n' })
  agent.clock.advance(1)
  assert.equal((await agent.ask({})).status, 400)
})

test('where it is not installed, connections are cut', async () => {
  let installed = false
  await using agent = await startAgent({ installed: () => installed })
  await assert.rejects(agent.ask({}), /hang up|ECONNRESET/)
  installed = true
  assert.equal((await agent.ask({})).status, 400)
})

/** A cache whose answers are set by hand. */
function openCache() {
  const clock = new ManualClock()
  let answer = (): PodCredentials | EksAuthRefusal => credentials(clock.now() + 6 * hour)
  const asked: { token: string; at: number }[] = []
  const cache = new PodIdentityCache({
    clock,
    random: () => 0.5,
    assume: async (token) => {
      asked.push({ token, at: clock.now() })
      return answer()
    },
  })
  const refuse = (code: string) => {
    answer = () => ({ status: 400, requestId: '', code, message: '' })
  }
  const set = (next: typeof answer) => {
    answer = next
  }
  return {
    clock,
    cache,
    asked,
    refuse,
    answer: set,
    [Symbol.dispose]: () => cache[Symbol.dispose](),
  }
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

test('processes that ask at once share one request, later ones the memory', async () => {
  using kept = openCache()
  await Promise.all([kept.cache.get('a'), kept.cache.get('a')])
  await kept.cache.get('a')
  assert.equal(kept.asked.length, 1)
})

test('entries are renewed after three hours, three a second', async () => {
  using kept = openCache()
  const tokens = ['a', 'b', 'c']
  for (const token of tokens) await kept.cache.get(token)
  const start = kept.clock.now()
  kept.clock.advance(3 * hour + 1000)
  const renewals = kept.asked.slice(3).map(({ at }) => Math.round(at - start - 3 * hour))
  assert.deepEqual(renewals, [0, 333, 667])
})

test('a final refusal drops what was kept, another is asked again after a minute or two', async () => {
  using kept = openCache()
  await kept.cache.get('a')
  kept.refuse('InternalServerException')
  kept.clock.advance(3 * hour)
  await settle()
  assert.ok('accessKeyId' in (await kept.cache.get('a')))
  kept.refuse('AccessDeniedException')
  kept.clock.advance(90_000)
  await settle()
  assert.ok('code' in (await kept.cache.get('a')))
})

test('new credentials that hardly live are refused in the agent’s words', async () => {
  using kept = openCache()
  const lives: [ms: number, seconds: string][] = [
    [15_000, '15.00'],
    [-1500, '-1.50'],
  ]
  for (const [ms, seconds] of lives) {
    kept.answer(() => credentials(kept.clock.now() + ms))
    const { message, status } = (await kept.cache.get('a')) as EksAuthRefusal
    const words = 'fetched credentials are expired or will expire within the next'
    assert.deepEqual([message, status], [`${words} ${seconds} seconds`, undefined])
  }
})

test('credentials with 15 s left are not given out', async () => {
  using kept = openCache()
  await kept.cache.get('a')
  kept.refuse('ServiceUnavailableException')
  kept.clock.advance(6 * hour - 15_001)
  await settle()
  assert.ok('accessKeyId' in (await kept.cache.get('a')))
  kept.clock.advance(1)
  assert.ok('code' in (await kept.cache.get('a')))
})

test('the two thousand that were asked for last are kept', async () => {
  using kept = openCache()
  for (let count = 0; count < 2_001; count++) await kept.cache.get(`token ${count}`)
  await kept.cache.get('token 1')
  assert.equal(kept.asked.length, 2_001)
  await kept.cache.get('token 0')
  assert.equal(kept.asked.length, 2_002)
})
