/** A PostgreSQL that runs already behind the login proxy (`--db-url`): over TLS, with an administrator who is no superuser. */
import assert from 'node:assert/strict'
import { appendFileSync, chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Client } from 'pg'
import { openEmbedded } from '../src/aurora/embedded.ts'
import { findPostgres, preparePostgres } from '../src/aurora/postgres-programs.ts'
import { scramVerifier } from '../src/aurora/scram.ts'
import { createCertificateAuthority } from '../src/x509/authority.ts'
import { noAurora, runAs, startTestAurora, type TestAurora } from './support/aurora.ts'

const skip = noAurora()
const stack = new AsyncDisposableStack()
let aurora: TestAurora
let url: string

before(async () => {
  if (skip) return
  const directory = mkdtempSync(join(tmpdir(), 'podpass-external-'))
  stack.defer(() => rmSync(directory, { recursive: true, force: true }))
  chmodSync(directory, 0o711)
  const clock = { now: () => performance.timeOrigin + performance.now() }
  const authority = await createCertificateAuthority({ commonName: 'theirs', clock })
  const tls = await authority.issueServer({ names: ['localhost'] })
  const data = join(directory, 'server')
  const options = {
    programs: preparePostgres(findPostgres(process.env['PATH'] ?? '') ?? '', runAs, directory),
    runAs,
    directory: data,
    socketDirectory: join(data, 's'),
    key: Buffer.alloc(32, 1),
    master: { user: 'owner', passwordVerifier: await scramVerifier('owner secret') },
    onEnd: () => {},
  }
  const made = await openEmbedded(options)
  await made[Symbol.asyncDispose]()
  const files = { cert: tls.cert, key: tls.key, ca: authority.certPem }
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(data, `${name}.pem`), text, { mode: 0o600 })
    if (runAs) chownSync(join(data, `${name}.pem`), runAs.uid, runAs.gid)
  }
  appendFileSync(join(data, 'data', 'pg_hba.conf'), 'hostssl all all all scram-sha-256\n')
  const port = await freePort()
  const ssl = ['ssl=on', `ssl_cert_file=${data}/cert.pem`, `ssl_key_file=${data}/key.pem`]
  const settings = ['listen_addresses=localhost', ...ssl]
  stack.use(await openEmbedded({ ...options, port, settings }))
  const query = `sslmode=verify-full&sslrootcert=${join(data, 'ca.pem')}`
  url = `postgresql://owner:${encodeURIComponent('owner secret')}@localhost:${port}/postgres?${query}`
  aurora = stack.use(await startTestAurora({ databaseUrl: url }))
})
after(() => stack[Symbol.asyncDispose]())

test('roles of the other server log in by token or password through the proxy', {
  skip,
}, async () => {
  await aurora.asMaster("CREATE USER app PASSWORD 'app secret'")
  assert.equal((await aurora.psql('app', 'app secret', 'SELECT 1')).stdout, '1\n')
  const wrong = await aurora.psql('app', 'wrong', 'SELECT 1')
  assert.match(wrong.stderr, /FATAL: {2}password authentication failed for user "app"/)
  const owner = new Client({ connectionString: url })
  await owner.connect()
  await owner.query('GRANT rds_iam TO app; GRANT app TO owner')
  await owner.end()
  const byToken = await aurora.psql('app', aurora.token('app'), 'SELECT current_user')
  assert.equal(byToken.stdout, 'app\n', byToken.stderr)
  const byPassword = await aurora.psql('app', 'app secret', 'SELECT 1')
  assert.match(byPassword.stderr, /FATAL: {2}PAM authentication failed for user "app"/)
})

test('a server that is not who it should be is not spoken to', { skip }, async () => {
  const elsewhere = url.replace('localhost', '127.0.0.1')
  await assert.rejects(
    startTestAurora({ databaseUrl: elsewhere }),
    /InsufficientDBInstanceCapacity.*altnames|certificate/,
  )
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, 'localhost')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
