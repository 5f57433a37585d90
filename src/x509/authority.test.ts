import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, get } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { createCertificateAuthority, loadCertificateAuthority, thumbprintOf } from './authority.ts'

const clock = { now: () => Date.now() }
const leafOf = (cert: string) => new X509Certificate(cert)

for (const keyAlgorithm of ['P-256', 'RSA-2048'] as const) {
  test(`a ${keyAlgorithm} authority serves TLS by name and by both kinds of address`, async () => {
    const ca = await createCertificateAuthority({ commonName: 'test ca', clock, keyAlgorithm })
    const { cert, key } = await ca.issueServer({
      names: ['localhost', 'issuer.example'],
      addresses: ['127.0.0.1', '::1', '::ffff:10.0.0.1'],
    })
    const server = createServer({ cert, key }, (_, response) => response.end('hello'))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    try {
      for (const host of ['127.0.0.1', 'localhost']) {
        const [response] = await once(
          get({ host, port, path: '/', ca: ca.certPem, family: 4, agent: false }),
          'response',
        )
        assert.equal(response.statusCode, 200)
        const peer = (response.socket as TLSSocket).getPeerCertificate(true)
        assert.equal(thumbprintOf(peer.issuerCertificate.raw), thumbprintOf(ca.certPem))
        response.resume()
      }
      await assert.rejects(
        once(
          get({
            host: '127.0.0.1',
            port,
            servername: 'other.example',
            ca: ca.certPem,
            agent: false,
          }),
          'response',
        ),
        { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
      )
    } finally {
      server.close()
    }
    const leaf = leafOf(cert)
    assert.equal(leaf.checkIP('::1'), '::1')
    assert.equal(leaf.checkIP('::ffff:10.0.0.1'), '::ffff:10.0.0.1')
    assert.equal(leaf.checkHost('issuer.example'), 'issuer.example')
    assert.equal(leaf.ca, false)
  })
}

test('openssl verifies leaf and client certificates strictly and reads user and groups', async () => {
  const ca = await createCertificateAuthority({
    commonName: 'strict ca',
    organization: 'Podpass',
    clock,
  })
  const server = await ca.issueServer({ names: ['localhost'], addresses: ['127.0.0.1'] })
  const client = await ca.issueClient({
    commonName: 'kubernetes-admin',
    organizations: ['system:masters', 'system:authenticated'],
  })
  const folder = mkdtempSync(join(tmpdir(), 'x509-'))
  try {
    const file = (name: string, text: string) => {
      writeFileSync(join(folder, name), text)
      return join(folder, name)
    }
    const caFile = file('ca.pem', ca.certPem)
    const verify = (purpose: string, path: string) =>
      execFileSync('openssl', [
        'verify',
        '-x509_strict',
        '-purpose',
        purpose,
        '-CAfile',
        caFile,
        path,
      ])
        .toString()
        .trim()
    const serverFile = file('server.pem', server.cert)
    const clientFile = file('client.pem', client.cert)
    assert.match(verify('sslserver', serverFile), /: OK$/)
    assert.match(verify('sslclient', clientFile), /: OK$/)
    assert.throws(() => verify('sslclient', serverFile))
  } finally {
    rmSync(folder, { recursive: true })
  }
  assert.equal(
    leafOf(client.cert).subject,
    'O=system:masters\nO=system:authenticated\nCN=kubernetes-admin',
  )
})

test('a loaded authority goes on signing, and refuses a key that is not its own', async () => {
  const ca = await createCertificateAuthority({ commonName: 'first', clock })
  const other = await createCertificateAuthority({ commonName: 'first', clock })
  const loaded = loadCertificateAuthority({ certPem: ca.certPem, keyPem: ca.keyPem, clock })
  const leaf = leafOf((await loaded.issueServer({ names: ['a.example'] })).cert)
  assert.ok(leaf.checkIssued(new X509Certificate(ca.certPem)))
  assert.ok(leaf.verify(new X509Certificate(ca.certPem).publicKey))
  assert.ok(!leaf.verify(new X509Certificate(other.certPem).publicKey))
  assert.throws(
    () => loadCertificateAuthority({ certPem: ca.certPem, keyPem: other.keyPem, clock }),
    /does not fit its certificate/,
  )
  const { cert, key } = await ca.issueServer({ names: ['a.example'] })
  assert.throws(
    () => loadCertificateAuthority({ certPem: cert, keyPem: key, clock }),
    /not that of a certificate authority/,
  )
})

test('certificates of after 2049 and very long names are well formed', async () => {
  const later = { now: () => Date.UTC(2051, 5, 1) }
  const ca = await createCertificateAuthority({ commonName: 'late', clock: later })
  const long = `${'a'.repeat(60)}.${'b'.repeat(60)}.example`
  const { cert } = await ca.issueServer({ names: [long] })
  assert.equal(leafOf(cert).validToDate.getUTCFullYear(), 2053)
  assert.equal(leafOf(cert).checkHost(long), long)
  await assert.rejects(ca.issueServer({ names: [], addresses: ['1.2.3'] }).then(), /no IP address/)
})
