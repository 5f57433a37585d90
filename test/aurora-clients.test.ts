/** Aurora with the real clients: psql, pg, the AWS command line's tokens and boto3's, before a real PostgreSQL. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect as connectTcp, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import fc from 'fast-check'
import { Client } from 'pg'
import { administrator, allowing, testAccount, testRegion } from '../src/aws/gateway/testing.ts'
import type { SigningCredentials } from '../src/kernel/sigv4/sign.ts'
import {
  databaseUserArn,
  masterPassword,
  noAurora,
  runWith,
  startTestAurora,
  type TestAurora,
} from './support/aurora.ts'

const skip = noAurora()
const python = process.env['PODPASS_TEST_PYTHON']
let aurora: TestAurora

before(async () => {
  if (skip) return
  aurora = await startTestAurora()
  await aurora.asMaster(
    'CREATE TABLE fruit (name text)',
    "INSERT INTO fruit VALUES ('apple')",
    "CREATE USER app PASSWORD 'before'",
    'GRANT rds_iam TO app',
    'GRANT SELECT, INSERT ON fruit TO app',
    "CREATE USER plain PASSWORD 'plain secret'",
  )
})
after(() => aurora?.[Symbol.asyncDispose]())

const pam =
  /^FATAL: {2}PAM authentication failed for user "app"\nDETAIL: {2}request [0-9a-f-]{36}$/m

/** A login that is refused; answers the request id, under which the reason is recorded. */
async function refused(password: string, user = 'app') {
  const { code, stderr } = await aurora.psql(user, password, 'SELECT 1')
  assert.equal(code, 2, stderr)
  assert.match(stderr.replace(/^.*failed: /s, ''), pam)
  const id = /request ([0-9a-f-]{36})/.exec(stderr)?.[1]
  const record = aurora.audit.records.find(({ requestId }) => requestId === id)
  assert.ok(record, 'the login is recorded')
  assert.equal(record.outcome, 'denied')
  assert.equal(record.operation, 'connect')
  assert.equal(record.service, 'rds-db')
  assert.equal(record.resource, databaseUserArn(aurora, user))
  return record
}

/** A role's session, as a pod has it. */
function sessionOf(name: string, ...documents: string[]): SigningCredentials {
  const role = aurora.gateway.identities.addRole(name, documents)
  const { account, arn: roleArn, id: roleId, name: roleName } = role
  const issuedAt = aurora.clock.now()
  const expiresAt = issuedAt + 3_600_000
  return aurora.gateway.sessions.issue({
    ...{ account, roleArn, roleId, roleName, issuedAt, expiresAt },
    sessionName: 'pod-2',
  })
}

test('psql logs in with a token of the AWS command line, verified in full', { skip }, async () => {
  const { Endpoint, Port } = aurora.cluster
  const made = await aurora.gateway.aws([
    ...['rds', 'generate-db-auth-token', '--hostname', Endpoint, '--port', String(Port)],
    ...['--username', 'app', '--region', testRegion],
  ])
  assert.equal(made.status, 0, made.stderr)
  const token = made.stdout.trim()
  const { stdout, stderr } = await aurora.psql('app', token, 'SELECT current_user, name FROM fruit')
  assert.equal(stdout, 'app|apple\n', stderr)
  const record = aurora.audit.last
  assert.equal(record?.outcome, 'allowed')
  assert.equal(record?.action, 'rds-db:connect')
  const bent = token.replace(
    /X-Amz-Signature=(.)/,
    (_, c) => `X-Amz-Signature=${c === 'a' ? 'b' : 'a'}`,
  )
  const record2 = await refused(bent)
  assert.match(record2.links[0]?.summary ?? '', /signature of the token does not hold/)
})

test('pg logs in with tokens made per connection, also by direct TLS', { skip }, async () => {
  const session = sessionOf('db-reader', allowing('rds-db:connect', databaseUserArn(aurora, 'app')))
  const password = async () => aurora.token('app', session)
  for (const sslnegotiation of ['postgres', 'direct'] as const) {
    const client = await aurora.connect({ user: 'app', password, sslnegotiation } as never)
    const { rows } = await client.query('SELECT current_user AS who')
    assert.deepEqual(rows, [{ who: 'app' }])
    await client.end()
  }
})

test('boto3’s token is good, and so is one in .pgpass and in a URL', { skip }, async (t) => {
  const { Endpoint, Port } = aurora.cluster
  let token = aurora.token('app')
  if (python) {
    const script = `import boto3; print(boto3.client('rds', region_name='${testRegion}').generate_db_auth_token('${Endpoint}', ${Port}, 'app'))`
    const made = await runWith(python, ['-c', script], aurora.gateway.environment())
    assert.equal(made.code, 0, made.stderr)
    token = made.stdout.trim()
  } else t.diagnostic('no boto3 here')
  const file = join(aurora.directory, 'pgpass')
  writeFileSync(file, `*:*:*:*:${token.replaceAll(':', '\\:')}\n`, { mode: 0o600 })
  const base = `host=${Endpoint} port=${Port} user=app dbname=app sslmode=verify-full sslrootcert=${aurora.caFile}`
  const byFile = await runWith('psql', ['-XAt', '-d', base, '-c', 'SELECT 1'], { PGPASSFILE: file })
  assert.equal(byFile.stdout, '1\n', byFile.stderr)
  const url = `postgresql://app:${encodeURIComponent(token)}@${Endpoint}:${Port}/app?sslmode=verify-full&sslrootcert=${aurora.caFile}`
  const byUrl = await runWith('psql', ['-XAt', '-d', url, '-c', 'SELECT 1'], {})
  assert.equal(byUrl.stdout, '1\n', byUrl.stderr)
})

test('the order of parameters and a host in capitals do not matter', { skip }, async () => {
  const token = aurora.token('app')
  const [host = '', query = ''] = token.split('/?')
  const turned = `${host}/?${query.split('&').reverse().join('&')}`
  assert.equal((await aurora.psql('app', turned, 'SELECT 1')).stdout, '1\n')
  const { Port } = aurora.cluster
  const typed = aurora.token('app', administrator, { host: `LOCALHOST:${Port}` })
  assert.equal((await aurora.psql('app', typed, 'SELECT 1')).stdout, '1\n')
  const lower = aurora.token('app', administrator, { host: `localhost:${Port}` })
  const shown = lower.replace('localhost', 'LocalHost')
  assert.equal((await aurora.psql('app', shown, 'SELECT 1')).stdout, '1\n')
})

test('each wrong token is refused in the same words, and the record says why', {
  skip,
}, async () => {
  const { Port } = aurora.cluster
  const now = aurora.clock.now()
  const cases: readonly (readonly [token: string, why: RegExp])[] = [
    ['no token at all', /no login token/],
    [aurora.token('app', administrator, { at: now - 16 * 60_000 }), /older than 15 minutes/],
    [aurora.token('app', administrator, { at: now + 16 * 60_000 }), /or from the future/],
    [aurora.token('other'), /another DBUser/],
    [aurora.token('app', administrator, { region: 'us-east-1' }), /another region/],
    [aurora.token('app', administrator, { service: 'rds' }), /another service/],
    [aurora.token('app', administrator, { host: `elsewhere:${Port}` }), /another endpoint/],
    [aurora.token('app', administrator, { host: `localhost:${Port + 1}` }), /another endpoint/],
    [aurora.token('app', administrator, { expiresSeconds: 3600 }), /another life/],
    [aurora.token('app', administrator, { rawQuery: 'Action=drop&DBUser=app' }), /another Action/],
    [aurora.token('app', administrator, { rawQuery: 'Action=connect&DBUser=app&x=y' }), /too many/],
    [`${aurora.token('app')}&DBUser=app`, /too many/],
    [
      aurora.token('app', { ...administrator, accessKeyId: 'AKIANOBODY0000000000' }),
      /does not exist/,
    ],
    [aurora.token('app', { ...administrator, secretAccessKey: 'wrong' }), /does not hold/],
  ]
  for (const [token, why] of cases) {
    const record = await refused(token)
    const broken = record.links.find(({ verdict }) => verdict === 'refused')
    assert.match(broken?.summary ?? '', why)
    assert.ok(broken?.fix, 'there is a fix')
  }
})

test('rds-db:connect is decided by the chain, for the cluster and the user named', {
  skip,
}, async () => {
  const wrongAction = sessionOf('classic', allowing('rds:*'))
  const record = await refused(aurora.token('app', wrongAction))
  const broken = record.links.find(({ verdict }) => verdict === 'refused')
  assert.equal(broken?.link, 'permissions')
  assert.match(
    broken?.summary ?? '',
    /no identity-based policy of role `classic` allows `rds-db:connect`/,
  )
  assert.match(broken?.fix ?? '', /^aws iam put-role-policy --role-name classic/)
  const other = sessionOf(
    'other-user',
    allowing('rds-db:connect', databaseUserArn(aurora, 'admin')),
  )
  await refused(aurora.token('app', other))
  const wild = sessionOf(
    'wild',
    allowing('rds-db:connect', `arn:aws:rds-db:${testRegion}:${testAccount}:dbuser:*/app`),
  )
  assert.equal((await aurora.psql('app', aurora.token('app', wild), 'SELECT 1')).stdout, '1\n')
})

test('a detached policy stops new logins; an open session lives on', { skip }, async () => {
  const session = sessionOf('leaver', allowing('rds-db:connect'))
  const client = await aurora.connect({ user: 'app', password: aurora.token('app', session) })
  aurora.gateway.identities.addRole('leaver', [])
  await refused(aurora.token('app', session))
  assert.equal((await client.query('SELECT 1 AS one')).rows[0].one, 1)
  await client.end()
})

test('a session that has expired opens no connection, though its token is fresh', {
  skip,
}, async () => {
  const session = sessionOf('short', allowing('rds-db:connect'))
  aurora.clock.advance(3_700_000)
  const record = await refused(aurora.token('app', session))
  const broken = record.links.find(({ verdict }) => verdict === 'refused')
  assert.equal(broken?.link, 'session')
  assert.match(broken?.summary ?? '', /the session `pod-2` has expired/)
})

test('members of rds_iam have no password; others have no token; membership can end', {
  skip,
}, async () => {
  await refused('before')
  const byToken = await aurora.psql('plain', aurora.token('plain'), 'SELECT 1')
  assert.match(byToken.stderr, /FATAL: {2}password authentication failed for user "plain"/)
  const unknown = await aurora.psql('nobody', aurora.token('nobody'), 'SELECT 1')
  assert.match(unknown.stderr, /FATAL: {2}password authentication failed for user "nobody"/)
  assert.equal((await aurora.psql('plain', 'plain secret', 'SELECT 1')).stdout, '1\n')
  await aurora.asMaster('REVOKE rds_iam FROM app')
  assert.equal((await aurora.psql('app', 'before', 'SELECT 2')).stdout, '2\n')
  await aurora.asMaster('CREATE ROLE team', 'GRANT rds_iam TO team', 'GRANT team TO app')
  await refused('before')
  assert.equal((await aurora.psql('app', aurora.token('app'), 'SELECT 3')).stdout, '3\n')
  await aurora.asMaster('REVOKE team FROM app', 'GRANT rds_iam TO app')
})

test('IAM login can be turned off and on', { skip }, async () => {
  const modify = (flag: string) =>
    aurora.gateway.aws(['rds', 'modify-db-cluster', '--db-cluster-identifier', 'shop', flag])
  assert.equal((await modify('--no-enable-iam-database-authentication')).status, 0)
  const record = await refused(aurora.token('app'))
  assert.equal(record.links[0]?.link, 'resource')
  assert.match(record.links[0]?.fix ?? '', /--enable-iam-database-authentication/)
  assert.equal((await modify('--enable-iam-database-authentication')).status, 0)
  assert.equal((await aurora.psql('app', aurora.token('app'), 'SELECT 1')).stdout, '1\n')
})

test('PostgreSQL’s own refusals come through in its words', { skip }, async () => {
  const plain = await aurora.psql('postgres', masterPassword, 'SELECT 1', 'sslmode=disable')
  assert.match(
    plain.stderr,
    /FATAL: {2}no pg_hba\.conf entry for host "127\.0\.0\.1", user "postgres", database "app", no encryption/,
  )
  const nowhere = await aurora.psql('app', aurora.token('app'), 'SELECT 1', 'dbname=nowhere')
  assert.match(nowhere.stderr, /FATAL: {2}database "nowhere" does not exist/)
  const reserved = await aurora.psql('rdsadmin', 'x', 'SELECT 1')
  assert.match(
    reserved.stderr,
    /FATAL: {2}pg_hba\.conf rejects connection for host "127\.0\.0\.1", user "rdsadmin"/,
  )
  const inside = await aurora.psql('postgres', masterPassword, 'SELECT 1', 'dbname=rdsadmin')
  assert.match(inside.stderr, /permission denied for database "rdsadmin"/)
})

test('a running query is cancelled from another connection', { skip }, async () => {
  const { Endpoint, Port } = aurora.cluster
  const url = `host=${Endpoint} port=${Port} user=postgres dbname=app sslmode=verify-full sslrootcert=${aurora.caFile}`
  const script = `psql -XAt -d '${url}' -c 'SELECT pg_sleep(30)' & pid=$!; for i in $(seq 200); do psql -XAt -d '${url}' -c "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'" | grep -q 1 && break; done; kill -INT $pid; wait $pid`
  const { code, stderr } = await runWith('bash', ['-mc', script], { PGPASSWORD: masterPassword })
  assert.notEqual(code, 0)
  assert.match(stderr, /ERROR: {2}canceling statement due to user request/)
})

test('much data comes through whole, to readers that are slow too', { skip }, async () => {
  const client = await aurora.connect({ user: 'postgres', password: masterPassword })
  const big = "SELECT string_agg(md5(i::text), '') AS text FROM generate_series(1, 500000) i"
  const { rows } = await client.query<{ text: string }>(big)
  const [row] = rows
  const expected = createHash('sha256')
  for (let i = 1; i <= 500_000; i++) expected.update(createHash('md5').update(`${i}`).digest('hex'))
  assert.equal(
    createHash('sha256')
      .update(row?.text ?? '')
      .digest('hex'),
    expected.digest('hex'),
  )
  const { rows: back } = await client.query('SELECT length($1) AS n', [row?.text])
  assert.equal(back[0].n, 16_000_000)
  await client.end()
})

test('protocol 3.2 is negotiated as the server behind would', { skip }, async () => {
  const socket = await startTls()
  const parameters = 'user\0postgres\0database\0app\0_pq_.unheard_of\x001\0\0'
  const body = Buffer.concat([int32(196_610), Buffer.from(parameters)])
  socket.write(Buffer.concat([int32(4 + body.length), body]))
  const [answer] = (await once(socket, 'data')) as [Buffer]
  assert.equal(answer.toString('latin1', 0, 1), 'v')
  const spoken = answer.readUInt32BE(5)
  assert.ok(spoken === 196_608 || spoken === 196_610, String(spoken))
  assert.equal(answer.readUInt32BE(9), 1)
  assert.match(answer.toString('latin1'), /_pq_\.unheard_of\0/)
  socket.destroy()
})

test('bytes that come with the SSLRequest end the connection; so does TLS for another protocol', {
  skip,
}, async () => {
  const { Port: port } = aurora.cluster
  const socket = connectTcp({ port, host: '127.0.0.1' })
  socket.write(Buffer.concat([int32(8), int32(80_877_103), Buffer.from('smuggled')]))
  socket.on('error', () => {})
  socket.resume()
  await new Promise((resolve) => socket.once('close', resolve))
  const { Endpoint: servername } = aurora.cluster
  for (const ALPNProtocols of [['h2'], []]) {
    const ca = aurora.caPem
    const http = connectTls({ port, host: '127.0.0.1', ca, servername, ALPNProtocols })
    http.on('error', () => {})
    http.resume()
    await new Promise((resolve) => http.once('close', resolve))
  }
})

test('old TLS is not spoken', { skip }, async () => {
  const { Port: port, Endpoint: servername } = aurora.cluster
  const plain = connectTcp({ port, host: '127.0.0.1' })
  plain.write(Buffer.concat([int32(8), int32(80_877_103)]))
  await once(plain, 'data')
  const old = connectTls({
    socket: plain,
    ca: aurora.caPem,
    servername,
    maxVersion: 'TLSv1.1',
    minVersion: 'TLSv1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  })
  const [error] = (await once(old, 'error')) as [Error & { code?: string }]
  assert.match(error.code ?? '', /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS/)
})

test('a client that trusts another authority does not connect', { skip }, async () => {
  const { Endpoint: host, Port: port } = aurora.cluster
  const client = new Client({ host, port, user: 'app', password: 'x', ssl: true })
  client.on('error', () => {})
  await assert.rejects(client.connect(), /self-signed|unable to|certificate/)
})

test('the door stays open whatever bytes come, before TLS and inside', { skip }, async () => {
  const { Port: port } = aurora.cluster
  const spoken = (socket: Socket, bytes: Uint8Array) =>
    new Promise<void>((resolve) => {
      socket.on('error', () => {})
      socket.once('close', () => resolve())
      socket.resume()
      socket.end(bytes)
    })
  const packet = fc.uint8Array({ maxLength: 200 }).map((rest) => {
    const body = Buffer.concat([int32(196_608), rest])
    return Buffer.concat([int32(4 + body.length), body])
  })
  const password = fc.uint8Array({ maxLength: 200 }).map((rest) => {
    const startup = Buffer.concat([int32(196_608), Buffer.from('user\0app\0\0')])
    const head = Buffer.concat([int32(4 + startup.length), startup, Buffer.from('p')])
    return Buffer.concat([head, rest])
  })
  const sent = fc.oneof(fc.uint8Array({ maxLength: 200 }), packet, password)
  await fc.assert(
    fc.asyncProperty(sent, fc.boolean(), async (bytes, inside) => {
      const socket = inside ? await startTls() : connectTcp({ port, host: '127.0.0.1' })
      await spoken(socket, bytes)
    }),
    { numRuns: 150 },
  )
  const huge = await startTls()
  const startup = Buffer.concat([int32(196_608), Buffer.from('user\0app\0\0')])
  huge.write(Buffer.concat([int32(4 + startup.length), startup]))
  await once(huge, 'data')
  await spoken(huge, Buffer.concat([Buffer.from('p'), int32(100_000), Buffer.alloc(100_000, 0x61)]))
  assert.equal((await aurora.psql('app', aurora.token('app'), 'SELECT 1')).stdout, '1\n')
})

async function startTls() {
  const { Port: port, Endpoint: servername } = aurora.cluster
  const plain = connectTcp({ port, host: '127.0.0.1' })
  plain.write(Buffer.concat([int32(8), int32(80_877_103)]))
  const [answer] = (await once(plain, 'data')) as [Buffer]
  assert.equal(answer.toString(), 'S')
  const socket = connectTls({ socket: plain, ca: aurora.caPem, servername })
  socket.on('error', () => {})
  await once(socket, 'secureConnect')
  return socket
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
