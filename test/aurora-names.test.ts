/** Aurora where names under `localhost` resolve: endpoints in AWS's form, and a reader that refuses to write. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { administrator } from '../src/aws/gateway/testing.ts'
import { masterPassword, noAurora, startTestAurora, type TestAurora } from './support/aurora.ts'

const skip = noAurora()
let aurora: TestAurora

before(async () => {
  if (!skip) aurora = await startTestAurora({ resolves: async () => true })
})
after(() => aurora?.[Symbol.asyncDispose]())

/** This machine may not resolve the names; the client then says them in TLS only. */
function through(servername: string, user: string, password: string) {
  const ssl = { ca: aurora.caPem, servername }
  return aurora.connect({ host: '127.0.0.1', ssl, user, password })
}

test('writer and reader have names in AWS’s form, in the certificate too, and tokens for both are good', {
  skip,
}, async () => {
  const { Endpoint, ReaderEndpoint, Port } = aurora.cluster
  assert.match(Endpoint, /^shop\.cluster-c[a-z0-9]{11}\.ap-northeast-1\.rds\.localhost$/)
  assert.match(ReaderEndpoint, /^shop\.cluster-ro-c[a-z0-9]{11}\.ap-northeast-1\.rds\.localhost$/)
  const master = await through(Endpoint, 'postgres', masterPassword)
  await master.query('CREATE USER app; GRANT rds_iam TO app; CREATE TABLE t (n int)')
  await master.query('GRANT ALL ON t TO app')
  await master.end()
  for (const name of [Endpoint, ReaderEndpoint]) {
    const token = aurora.token('app', administrator, { host: `${name}:${Port}` })
    const client = await through(name, 'app', token)
    const writing = client.query('INSERT INTO t VALUES (1)')
    if (name === Endpoint) await writing
    else await assert.rejects(writing, /cannot execute INSERT in a read-only transaction/)
    assert.equal((await client.query('SELECT * FROM t')).rows.length, 1)
    await client.end()
  }
})
