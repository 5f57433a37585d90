/** IRSA on Aurora in a lab: pod ② logs in with a token made of its own role, pod ① does not; and what survives what. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Client } from 'pg'
import { databaseDirectory, homeAt } from '../src/lab/home.ts'
import { noAurora } from './support/aurora.ts'
import { awsPod, ok, startTestLab, type TestLab } from './support/lab.ts'

const skip = noAurora()
const password = 'secret99'
let lab: TestLab
let cluster: { Endpoint: string; Port: number; DbClusterResourceId: string; DBClusterArn: string }

const named = ['--db-cluster-identifier', 'shop']

before(async () => {
  if (skip) return
  lab = await startTestLab({ home: mkdtempSync(join(tmpdir(), 'podpass-test-')) })
  const made = ok(
    await lab.aws(
      ...['rds', 'create-db-cluster', ...named, '--engine', 'aurora-postgresql'],
      ...['--enable-iam-database-authentication', '--database-name', 'app', '--output', 'json'],
      ...['--master-username', 'postgres', '--master-user-password', password],
    ),
  )
  cluster = (JSON.parse(made.stdout) as { DBCluster: typeof cluster }).DBCluster
})
after(async () => {
  if (!lab) return
  await lab.aws('rds', 'delete-db-cluster', ...named, '--skip-final-snapshot')
  await lab[Symbol.asyncDispose]()
})

async function connectAs(user: string, secret: string): Promise<Client> {
  const { Endpoint: host, Port: port } = cluster
  const ca = readFileSync(join(lab.home, 'ca.pem'), 'utf8')
  const client = new Client({ host, port, user, password: secret, database: 'app', ssl: { ca } })
  client.on('error', () => {})
  await client.connect()
  return client
}

/** PostgreSQL processes that work on this home's data. */
function servers(): string[] {
  const data = databaseDirectory(homeAt(lab.home, ''), process.getuid?.() ?? -1)
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(data)
    } catch {
      return false
    }
  })
}

test('a pod with the right reads its row; its neighbour is refused, and why says where', {
  skip,
}, async () => {
  const master = await connectAs('postgres', password)
  await master.query('CREATE USER app; GRANT rds_iam TO app')
  await master.query("CREATE TABLE secret (text text); INSERT INTO secret VALUES ('the row')")
  await master.query('GRANT SELECT ON secret TO app')
  await master.end()
  ok(await lab.podpass('create', 'cluster', '--name', 'irsa', '--nodes', '1'))
  ok(await lab.podpass('utils', 'associate-iam-oidc-provider', '--cluster', 'irsa', '--approve'))
  const resource = `arn:aws:rds-db:ap-northeast-1:111122223333:dbuser:${cluster.DbClusterResourceId}/app`
  const statement = { Effect: 'Allow', Action: 'rds-db:connect', Resource: resource }
  const document = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
  const policy = 'arn:aws:iam::111122223333:policy/db-login'
  ok(
    await lab.aws(
      'iam',
      'create-policy',
      '--policy-name',
      'db-login',
      '--policy-document',
      document,
    ),
  )
  ok(
    await lab.podpass(
      ...['create', 'iamserviceaccount', '--name', 'backend', '--cluster', 'irsa'],
      ...['--attach-policy-arn', policy, '--approve'],
    ),
  )
  const { Endpoint, Port } = cluster
  const command = `
    PGPASSWORD=$(aws rds generate-db-auth-token --hostname ${Endpoint} --port ${Port} --username app)
    export PGPASSWORD
    psql -XAt "host=${Endpoint} port=${Port} user=app dbname=app sslmode=verify-full sslrootcert=$AWS_CA_BUNDLE" -c 'SELECT text FROM secret'`
  const login = async (pod: string, more: Parameters<typeof awsPod>[1] = {}) => {
    const main = { name: 'main', image: 'debian:12', command: ['bash', '-c', command] }
    await lab.apply(awsPod(pod, { containers: [main], ...more }))
    return lab.logsOfEnded(pod)
  }
  const refused =
    /FATAL: {2}PAM authentication failed for user "app"\nDETAIL: {2}request [0-9a-f-]{36}/
  assert.equal(await login('pod-2', { serviceAccountName: 'backend' }), 'the row\n')
  assert.match(await login('pod-1'), refused)
  const why = await lab.podpass('why', 'pod/pod-1', '-o', 'json')
  const report = JSON.parse(why.stdout) as Record<string, unknown>
  assert.equal(report['action'], 'rds-db:connect')
  assert.equal(report['resource'], resource)
  assert.equal(report['brokenLink'], 'service-account')
  const role = 'podpass-irsa-default-backend'
  const change = (verb: string) =>
    lab.aws('iam', `${verb}-role-policy`, '--role-name', role, '--policy-arn', policy)
  ok(await change('detach'))
  assert.match(await login('pod-2-again', { serviceAccountName: 'backend' }), refused)
  const again = await lab.podpass('why', 'pod/pod-2-again', '-o', 'json')
  assert.equal((JSON.parse(again.stdout) as Record<string, unknown>)['brokenLink'], 'permissions')
})

test('down stops the database, up brings it back on its port with its data', { skip }, async () => {
  assert.notEqual(servers().length, 0)
  ok(await lab.podpass('down'))
  assert.deepEqual(servers(), [])
  ok(await lab.podpass('up', '-d'))
  const client = await connectAs('postgres', password)
  const { rows } = await client.query('SELECT text FROM secret')
  assert.deepEqual(rows, [{ text: 'the row' }])
  await client.end()
})

test('kill -9 under load loses no committed row and leaves no process', { skip }, async () => {
  const client = await connectAs('postgres', password)
  await client.query('CREATE TABLE load (n int)')
  let committed = 0
  const writing = (async () => {
    for (;;) {
      await client.query('INSERT INTO load VALUES ($1)', [committed + 1])
      committed++
    }
  })().catch(() => {})
  while (committed < 50) await pause(5)
  const status = JSON.parse(ok(await lab.podpass('status', '-o', 'json')).stdout) as { pid: number }
  process.kill(status.pid, 'SIGKILL')
  await writing
  for (let tries = 0; servers().length > 0 && tries < 500; tries++) await pause(20)
  assert.deepEqual(servers(), [])
  ok(await lab.podpass('up', '-d'))
  const again = await connectAs('postgres', password)
  const { rows } = await again.query<{ n: number }>('SELECT max(n)::int AS n FROM load')
  assert.ok((rows[0]?.n ?? 0) >= committed, `${rows[0]?.n} of ${committed}`)
  await again.end()
})

test('a stopped cluster lets nobody in, and starts with its data', { skip }, async () => {
  const before = await connectAs('postgres', password)
  ok(await lab.aws('rds', 'stop-db-cluster', ...named))
  assert.deepEqual(servers(), [])
  await assert.rejects(before.query('SELECT 1'))
  await assert.rejects(connectAs('postgres', password), /ECONNREFUSED/)
  ok(await lab.aws('rds', 'start-db-cluster', ...named))
  const again = await connectAs('postgres', password)
  const { rows } = await again.query('SELECT text FROM secret')
  assert.deepEqual(rows, [{ text: 'the row' }])
  await again.end()
})

test('deleting the cluster ends the server and removes its data', { skip }, async () => {
  ok(await lab.aws('rds', 'delete-db-cluster', ...named, '--skip-final-snapshot'))
  assert.deepEqual(servers(), [])
  const data = databaseDirectory(homeAt(lab.home, ''), process.getuid?.() ?? -1)
  const left = existsSync(data) ? readdirSync(data).filter((name) => name !== 'key') : []
  assert.deepEqual(left, [])
})
