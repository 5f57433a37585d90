/** The stand-ins that pods of the story run where a machine has no aws, psql or curl, against what the real ones talk to. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { noAurora, runWith, startTestAurora, type TestAurora } from './support/aurora.ts'

const skip = noAurora()
const main = fileURLToPath(new URL('../src/cli/stand-in/main.ts', import.meta.url))
let aurora: TestAurora

before(async () => {
  if (skip) return
  aurora = await startTestAurora()
  await aurora.asMaster(
    "CREATE TABLE fruit (name text, colour text); INSERT INTO fruit VALUES ('apple', 'red')",
    'CREATE USER app; GRANT rds_iam TO app; GRANT SELECT ON fruit TO app',
  )
})
after(() => aurora?.[Symbol.asyncDispose]())

function standIn(words: readonly string[], environment: Record<string, string> = {}) {
  return runWith(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...words], {
    ...environment,
  })
}

test('aws makes a login token, and psql logs in with it and prints rows as psql does', {
  skip,
}, async () => {
  const { Endpoint, Port } = aurora.cluster
  const command = ['aws', 'rds', 'generate-db-auth-token', '--hostname', Endpoint]
  const token = await standIn(
    [...command, '--port', String(Port), '--username', 'app'],
    aurora.gateway.environment(),
  )
  assert.equal(token.code, 0, token.stderr)
  const where = `host=${Endpoint} port=${Port} user=app dbname=app sslmode=verify-full sslrootcert=${aurora.caFile}`
  const psql = (password: string) =>
    standIn(['psql', '-XAt', where, '-c', 'SELECT * FROM fruit'], {
      PGPASSWORD: password,
      PGAPPNAME: 'stand-in',
    })
  const good = await psql(token.stdout.trim())
  assert.equal(good.stdout, 'apple|red\n', good.stderr)
  assert.equal(aurora.audit.last?.userAgent, 'stand-in')
  const refused = await psql('none')
  assert.equal(refused.code, 2)
  assert.match(
    refused.stderr,
    /^psql: error: connection to server at ".*", port \d+ failed: FATAL: {2}PAM authentication failed for user "app"\nDETAIL: {2}request [0-9a-f-]{36}\n$/,
  )
})

test('curl asks as it is told: from an address, with headers, with a form', async () => {
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const piece of request) body += piece
    const { method, headers } = request
    const from = request.socket.remoteAddress
    response.end(
      JSON.stringify({ method, from, agent: headers['user-agent'], x: headers['x'], body }),
    )
  })
  server.listen(0, '0.0.0.0')
  await once(server, 'listening')
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const form = ['-d', 'a=b', '--data-urlencode', `c@${main}`]
    const sent = await standIn([
      'curl',
      '-sS',
      '--max-time',
      '20',
      '-A',
      'me',
      '-H',
      'x: y',
      url,
      ...form,
    ])
    const seen = JSON.parse(sent.stdout) as Record<string, string>
    assert.deepEqual([seen['method'], seen['agent'], seen['x']], ['POST', 'me', 'y'])
    assert.match(seen['body'] ?? '', /^a=b&c=%2F\*\*%20Entry/)
    const spoofed = await standIn(['curl', '--interface', '127.0.0.1', url])
    assert.match(spoofed.stdout, /"method":"GET","from":"(::ffff:)?127\.0\.0\.1"/)
    const unknown = await standIn(['curl', '--proxy', url])
    assert.equal(unknown.code, 2)
  } finally {
    server.close()
  }
})
