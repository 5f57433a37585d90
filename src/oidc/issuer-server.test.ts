import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:https'
import { after, before, test } from 'node:test'
import { connect } from 'node:tls'
import { silentLog } from '../audit/log.ts'
import { createCertificateAuthority, thumbprintOf } from '../x509/authority.ts'
import type { Issuer } from './issuer-port.ts'
import { type IssuerServer, startIssuerServer } from './issuer-server.ts'

const ca = await createCertificateAuthority({
  commonName: 'issuer test',
  clock: { now: () => Date.now() },
})
const issuer: Issuer = {
  url: 'https://localhost/id/A',
  sign: () => '',
  verifyOwn: () => undefined,
  discovery: () => ({ issuer: 'https://localhost/id/A' }),
  jwks: () => ({ keys: [] }),
}
let server: IssuerServer

before(async () => {
  server = await startIssuerServer({
    host: '127.0.0.1',
    port: 0,
    tls: await ca.issueServer({ names: ['localhost'], addresses: ['127.0.0.1'] }),
    issuers: (path) => (path === '/id/A' ? issuer : undefined),
    log: silentLog,
  })
})
after(() => server[Symbol.asyncDispose]())

async function call(path: string, method = 'GET') {
  const outgoing = request({ host: '127.0.0.1', port: server.port, path, method, ca: ca.certPem })
  outgoing.end()
  const [response] = await once(outgoing, 'response')
  let body = ''
  for await (const chunk of response) body += chunk
  return {
    status: response.statusCode,
    type: response.headers['content-type'],
    body,
    headers: response.headers,
  }
}

test('the discovery document and every form of the key set are served with their own types', async () => {
  const discovery = await call('/id/A/.well-known/openid-configuration')
  assert.equal(discovery.status, 200)
  assert.equal(discovery.type, 'application/json')
  assert.deepEqual(JSON.parse(discovery.body), issuer.discovery())
  assert.match(discovery.headers['cache-control'], /max-age=\d+/)
  for (const path of ['/id/A/keys', '/id/A/keys.json', '/id/A/openid/v1/jwks?x=1']) {
    const keys = await call(path)
    assert.equal(keys.type, 'application/jwk-set+json')
    assert.deepEqual(JSON.parse(keys.body), { keys: [] })
  }
  assert.equal((await call('/id/A/keys', 'HEAD')).body, '')
})

test('other paths are 404 and other methods 405', async () => {
  for (const path of [
    '/',
    '/id/B/keys',
    '/id/A',
    '/id/A/',
    '/keys',
    '/id/A//keys',
    `/${'x'.repeat(3000)}/keys`,
  ]) {
    assert.equal((await call(path)).status, 404, path)
  }
  assert.equal((await call('/id/A/keys', 'POST')).status, 405)
})

test('the handshake presents leaf and authority, whose thumbprint IAM registers', async () => {
  const socket = connect({ host: '127.0.0.1', port: server.port, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const chain = socket.getPeerCertificate(true)
  assert.equal(thumbprintOf(chain.issuerCertificate.raw), thumbprintOf(ca.certPem))
  socket.destroy()
})

test('a new certificate is used by the next connection', async () => {
  const next = await ca.issueServer({ names: ['next.example'], addresses: ['127.0.0.1'] })
  server.setCertificate(next)
  const socket = connect({
    host: '127.0.0.1',
    port: server.port,
    servername: 'next.example',
    ca: ca.certPem,
  })
  await once(socket, 'secureConnect')
  assert.equal(socket.authorized, true)
  socket.destroy()
})
