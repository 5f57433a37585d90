import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { silentLog } from '../audit/log.ts'
import { ManualClock } from '../clock/manual-clock.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import { createCertificateAuthority, thumbprintOf } from '../x509/authority.ts'
import { openIssuer, type RotatingIssuer } from './issuer.ts'
import { createVerifier, type VerifierOptions } from './verifier.ts'

const wall = { now: () => Date.now() }
const ca = await createCertificateAuthority({ commonName: 'private ca', clock: wall })
const stranger = await createCertificateAuthority({ commonName: 'private ca', clock: wall })
const thumbprints = [thumbprintOf(ca.certPem)]
const tls = await ca.issueServer({ names: ['localhost'], addresses: ['127.0.0.1'] })

type Answer = (path: string, response: ServerResponse, request: IncomingMessage) => void
let requests: string[] = []
let answer: Answer
const server = createServer({ cert: tls.cert, key: tls.key }, (request, response) => {
  requests.push(request.url ?? '')
  answer(request.url ?? '', response, request)
})
const clock = new ManualClock()
const store = openSqliteStore({ path: ':memory:', now: () => clock.now() })
let url: string
let issuer: RotatingIssuer

before(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/id/A`
  issuer = await openIssuer({ store, prefix: '/a', url, clock })
})
beforeEach(() => {
  requests = []
  answer = honest
})
after(async () => {
  server.close()
  server.closeAllConnections()
  await store[Symbol.asyncDispose]()
})

const honest: Answer = (path, response) => {
  const document = path.endsWith('/keys') ? issuer.jwks() : issuer.discovery()
  response.end(JSON.stringify(document))
}
const verifier = (options: Partial<VerifierOptions> = {}) =>
  createVerifier({ clock, log: silentLog, allowLoopback: true, ...options })
const activeKid = () => issuer.keys().find(({ active }) => active)?.kid ?? ''
const ask = () => ({ issuer: url, thumbprints, kid: activeKid() })

test('keys come by the registered thumbprint, by a configured authority, and not otherwise', async () => {
  assert.equal((await verifier().keysOf(ask())).kind, 'keys')
  const trusting = verifier({ trustedCaPems: [ca.certPem] })
  assert.equal((await trusting.keysOf({ ...ask(), thumbprints: [] })).kind, 'keys')
  for (const other of [[], ['00'.repeat(20)], [thumbprintOf(tls.cert)]]) {
    assert.deepEqual(await verifier().keysOf({ ...ask(), thumbprints: other }), {
      kind: 'thumbprint-mismatch',
      presented: thumbprints[0],
    })
  }
})

test('an issuer is reached by name, whichever address family it listens on', async () => {
  const named = `https://localhost:${(server.address() as AddressInfo).port}/id/A`
  answer = (path, response, request) =>
    path.endsWith('/keys')
      ? honest(path, response, request)
      : response.end(JSON.stringify({ issuer: named, jwks_uri: `${named}/keys` }))
  assert.equal((await verifier().keysOf({ ...ask(), issuer: named })).kind, 'keys')
})

test('a chain that only ends in the registered certificate, without leading to it, is refused', async () => {
  const leaf = await stranger.issueServer({ names: [], addresses: ['127.0.0.1'] })
  const forged = leaf.cert.replace(stranger.certPem, ca.certPem)
  const evil = createServer({ cert: forged, key: leaf.key }, (_, response) => response.end('{}'))
  evil.listen(0, '127.0.0.1')
  await once(evil, 'listening')
  const issuer = `https://127.0.0.1:${(evil.address() as AddressInfo).port}`
  const keys = await verifier().keysOf({ issuer, thumbprints, kid: 'x' })
  assert.notEqual(keys.kind, 'keys')
  evil.close()
})

test('a certificate for another name is refused although its authority is registered', async () => {
  const wrong = await ca.issueServer({ names: ['other.example'] })
  const other = createServer({ cert: wrong.cert, key: wrong.key }, (_, response) => response.end())
  other.listen(0, '127.0.0.1')
  await once(other, 'listening')
  const issuer = `https://127.0.0.1:${(other.address() as AddressInfo).port}`
  const keys = await verifier({ trustedCaPems: [ca.certPem] }).keysOf({
    issuer,
    thumbprints,
    kid: 'x',
  })
  assert.notEqual(keys.kind, 'keys')
  other.close()
})

test('many requests at once make one fetch, and later ones none', async () => {
  const cache = verifier()
  await Promise.all(Array.from({ length: 20 }, () => cache.keysOf(ask())))
  await cache.keysOf(ask())
  assert.deepEqual(requests, ['/id/A/.well-known/openid-configuration', '/id/A/keys'])
  cache.forget(url)
  await cache.keysOf(ask())
  assert.equal(requests.length, 4)
})

test('a new key is seen at once, but made-up kids cannot make us hammer the issuer', async () => {
  const cache = verifier()
  await cache.keysOf(ask())
  await issuer.rotate()
  const after = await cache.keysOf(ask())
  assert.ok(after.kind === 'keys' && after.keys.some(({ kid }) => kid === activeKid()))
  requests = []
  for (let i = 0; i < 50; i++) await cache.keysOf({ ...ask(), kid: `made-up-${i}` })
  assert.equal(requests.length, 2 * 3)
  clock.advance(5_000)
  for (let i = 0; i < 50; i++) await cache.keysOf({ ...ask(), kid: `made-up-${i}` })
  assert.equal(requests.length, 2 * 4)
})

test('through an outage the last keys serve for a bounded time; recovery is seen', async () => {
  const cache = verifier({ freshMs: 60_000, staleMs: 600_000 })
  await cache.keysOf(ask())
  answer = (_, response) => response.writeHead(503).end()
  clock.advance(60_000)
  assert.deepEqual(
    { ...(await cache.keysOf(ask())), keys: [] },
    { kind: 'keys', keys: [], stale: true },
  )
  clock.advance(600_000)
  const out = await cache.keysOf(ask())
  assert.deepEqual(out, {
    kind: 'unavailable',
    why: '/id/A/.well-known/openid-configuration answers 503',
  })
  answer = honest
  assert.equal((await cache.keysOf(ask())).kind, 'keys')
})

test('the issuer says how long its keys hold', async () => {
  answer = (path, response, request) => {
    response.setHeader('Cache-Control', 'public, max-age=30')
    honest(path, response, request)
  }
  const cache = verifier()
  await cache.keysOf(ask())
  clock.advance(31_000)
  await cache.keysOf(ask())
  assert.equal(requests.length, 4)
})

/** What an issuer may do wrong, and the reason given. */
const faults: Record<string, [Answer, RegExp]> = {
  'another issuer in its discovery document': [
    (_, response) => response.end(JSON.stringify({ ...issuer.discovery(), issuer: `${url}/` })),
    /names another issuer/,
  ],
  'a key set over plain http': [
    (_, response) =>
      response.end(JSON.stringify({ ...issuer.discovery(), jwks_uri: 'http://127.0.0.1/' })),
    /no https URL/,
  ],
  'a redirect to instance metadata': [
    (_, response) => response.writeHead(302, { Location: 'https://169.254.169.254/x' }).end(),
    /is not one to ask/,
  ],
  'a redirect to a private address': [
    (_, response) => response.writeHead(302, { Location: 'https://10.1.2.3/x' }).end(),
    /is not one to ask/,
  ],
  'a redirect away from https': [
    (_, response) => response.writeHead(302, { Location: 'http://127.0.0.1/x' }).end(),
    /away from https/,
  ],
  'redirects without end': [
    (path, response) => response.writeHead(302, { Location: path }).end(),
    /redirects in vain/,
  ],
  'a body that never ends': [
    (_, response) => {
      const more = () => {
        while (response.write(' '.repeat(65_536)));
        response.once('drain', more)
      }
      more()
    },
    /is larger than/,
  ],
  'no body at all': [
    (_, response) => response.writeHead(200).flushHeaders(),
    /took too long|abort/,
  ],
  'no answer at all': [() => {}, /took too long/],
  'a duplicate member': [
    (_, response) => response.end(`{"issuer":"x","issuer":${JSON.stringify(url)}}`),
    /twice/,
  ],
  'no JSON': [(_, response) => response.end('<html>'), /is not JSON/],
  'no keys': [
    (path, response, request) =>
      path.endsWith('/keys') ? response.end('{"keys":[]}') : honest(path, response, request),
    /no usable key/,
  ],
}
for (const [name, [fault, why]] of Object.entries(faults)) {
  test(`an issuer with ${name} is unavailable`, async () => {
    answer = fault
    // Only the two that never end wait for the limit.
    const timeoutMs = /at all$/.test(name) ? 150 : 5_000
    const keys = await verifier({ timeoutMs }).keysOf(ask())
    assert.equal(keys.kind, 'unavailable')
    assert.match(keys.why, why)
  })
}

test('loopback is asked only where it is allowed, by address and by name', async () => {
  for (const issuer of [url, url.replace('127.0.0.1', 'localhost')]) {
    const keys = await verifier({ allowLoopback: false }).keysOf({ ...ask(), issuer })
    assert.ok(keys.kind === 'unavailable' && /is not one to ask/.test(keys.why))
  }
  assert.deepEqual(requests, [])
})

test('what is no https URL is not asked', async () => {
  for (const issuer of [
    '',
    'x',
    'http://127.0.0.1',
    'https://u:p@localhost',
    'https://localhost/?a',
  ]) {
    assert.deepEqual(await verifier().keysOf({ issuer, thumbprints, kid: '' }), {
      kind: 'unavailable',
      why: 'its address is no https URL',
    })
  }
})
