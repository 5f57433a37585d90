import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { createServer } from 'node:tls'
import { ManualClock } from '../../clock/manual-clock.ts'
import { createCertificateAuthority } from '../../x509/authority.ts'
import { fetchThumbprint } from './thumbprint.ts'

const clock = new ManualClock(Math.floor(performance.timeOrigin + performance.now()))

test('the thumbprint is that of the last certificate that the server presents', async () => {
  const authority = await createCertificateAuthority({ commonName: 'thumbprint test', clock })
  const chain = await authority.issueServer({ names: ['localhost'], addresses: ['127.0.0.1'] })
  const leaf = chain.cert.slice(0, chain.cert.indexOf('-----END') + 26)
  for (const [cert, last] of [
    [chain.cert, authority.certPem],
    [leaf, leaf],
  ] as const) {
    await using server = createServer({ cert, key: chain.key }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const expected = new X509Certificate(last).fingerprint.replaceAll(':', '').toLowerCase()
    assert.equal(await fetchThumbprint(`https://127.0.0.1:${port}/id/x`), expected)
    assert.equal(await fetchThumbprint(`https://localhost:${port}`), expected)
  }
})

test('a server that is not there, or speaks no TLS, is an error', async () => {
  const silent = createServer().listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo
  await assert.rejects(fetchThumbprint(`https://127.0.0.1:${port}`))
  silent.close()
  await once(silent, 'close')
  await assert.rejects(fetchThumbprint(`https://127.0.0.1:${port}`))
})
