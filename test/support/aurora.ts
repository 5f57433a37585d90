/** RDS with real databases, before a gateway with identities made by hand: what tests and benches of Aurora stand on. */
import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, type ClientConfig } from 'pg'
import { silentLog } from '../../src/audit/log.ts'
import { openAurora } from '../../src/aurora/aurora.ts'
import type { LoginLimits } from '../../src/aurora/login-proxy.ts'
import { findPostgres, type RunAs } from '../../src/aurora/postgres-programs.ts'
import {
  administrator,
  MemoryAudit,
  MemoryIdentities,
  startTestGateway,
  type TestGateway,
  testAccount,
  testRegion,
} from '../../src/aws/gateway/testing.ts'
import { judgeLogin } from '../../src/aws/rds/judge-login.ts'
import { openRds } from '../../src/aws/rds/service.ts'
import { openSecretsManager } from '../../src/aws/secrets-manager/service.ts'
import { createSessions } from '../../src/aws/sessions.ts'
import { ManualClock } from '../../src/clock/manual-clock.ts'
import { evaluate } from '../../src/kernel/policy/evaluate.ts'
import { presignQuery, type SigningCredentials } from '../../src/kernel/sigv4/sign.ts'
import { SigningKeys } from '../../src/kernel/sigv4/signing-key.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { createCertificateAuthority } from '../../src/x509/authority.ts'

/** Folder of another PostgreSQL than the one found, to test with. */
const programs = process.env['PODPASS_TEST_POSTGRES']

export const masterPassword = 'secret99'

/** Why these tests cannot run here, for `skip`; false where they can, and in CI, where all must. */
export function noAurora(): string | false {
  if (process.env['CI'] === 'true' || findPostgres(process.env['PATH'] ?? '')) return false
  return 'no PostgreSQL here: run `node tools/test-tools.ts`'
}

/** PostgreSQL refuses to run as root: then it runs as `nobody`. */
export const runAs: RunAs | undefined =
  process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined

export interface TestAurora extends AsyncDisposable {
  readonly gateway: TestGateway
  /** Records of the gateway and of logins. */
  readonly audit: MemoryAudit
  readonly clock: ManualClock
  readonly directory: string
  readonly caFile: string
  readonly caPem: string
  /** Of the cluster `shop`, with the database `app` and the master user `postgres`. */
  readonly cluster: {
    Endpoint: string
    ReaderEndpoint: string
    Port: number
    DbClusterResourceId: string
  }
  /** A client that has connected, over TLS that is verified in full. */
  connect(config: ClientConfig): Promise<Client>
  /** Runs statements as the master user. */
  asMaster(...statements: string[]): Promise<void>
  /** A token as the signers of all SDKs make it. */
  token(user: string, credentials?: SigningCredentials, more?: TokenOptions): string
  /** Runs psql with a password; never rejects. */
  psql(user: string, password: string, sql: string, more?: string): Promise<Ran>
}

export interface TokenOptions {
  readonly host?: string
  readonly at?: number
  readonly region?: string
  readonly service?: string
  readonly expiresSeconds?: number
  readonly rawQuery?: string
}

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Starts all of it; some seconds, of which initdb takes most. */
export async function startTestAurora(
  options: {
    limits?: Partial<LoginLimits>
    resolves?: (name: string) => Promise<boolean>
    databaseUrl?: string
  } = {},
): Promise<TestAurora> {
  await using stack = new AsyncDisposableStack()
  const directory = mkdtempSync(join(tmpdir(), 'podpass-aurora-'))
  stack.defer(() => rmSync(directory, { recursive: true, force: true }))
  chmodSync(directory, 0o711)
  const now = () => performance.timeOrigin + performance.now()
  const clock = new ManualClock(Math.floor(now()))
  const store = stack.use(openSqliteStore({ path: ':memory:', now: () => clock.now() }))
  const authority = await createCertificateAuthority({ commonName: 'test', clock: { now } })
  const caFile = join(directory, 'ca.pem')
  writeFileSync(caFile, authority.certPem)
  const identities = new MemoryIdentities()
  const sessions = createSessions({ sealingKeys: [{ id: 1, key: new Uint8Array(32).fill(7) }] })
  const audit = new MemoryAudit()
  const keys = new SigningKeys(100)
  const signatureClocks = [() => clock.now(), now]
  const authenticator = { identities, sessions, keys, now: () => clock.now(), signatureClocks }
  const aurora = openAurora({
    directory: join(directory, 'keys'),
    dataDirectory: join(directory, 'data'),
    socketDirectory: directory,
    path: process.env['PATH'] ?? '',
    runAs,
    host: '127.0.0.1',
    authority,
    judge: (login, database, hosts) =>
      judgeLogin(login, database, hosts, { authenticator, evaluate, audit }),
    log: silentLog,
    ...(programs && { programs }),
    ...options,
  })
  const rds = openRds({
    ...{ store, clock, databases: aurora, log: silentLog },
    secrets: openSecretsManager({ store }).managed,
  })
  const gateway = stack.use(
    await startTestGateway({
      services: [rds.service],
      clock,
      identities,
      sessions,
      audit,
    }),
  )
  stack.use(rds)
  stack.use(aurora)
  const made = await gateway.aws(
    ...[
      ['rds', 'create-db-cluster', '--db-cluster-identifier', 'shop', '--output', 'json'].concat(
        ['--engine', 'aurora-postgresql', '--enable-iam-database-authentication'],
        ['--master-username', 'postgres', '--master-user-password', masterPassword],
        ['--database-name', 'app'],
      ),
    ],
  )
  if (made.status !== 0) throw new Error(made.stderr)
  const cluster = (JSON.parse(made.stdout) as { DBCluster: TestAurora['cluster'] }).DBCluster
  const { Endpoint: host, Port: port } = cluster
  const connect: TestAurora['connect'] = async (config) => {
    const ssl = { ca: authority.certPem, servername: host }
    const client = new Client({ host, port, database: 'app', ssl, ...config })
    client.on('error', () => {})
    await client.connect()
    return client
  }
  const rest = stack.move()
  return {
    gateway,
    audit,
    clock,
    directory,
    caFile,
    caPem: authority.certPem,
    cluster,
    connect,
    async asMaster(...statements) {
      const client = await connect({ user: 'postgres', password: masterPassword })
      for (const statement of statements) await client.query(statement)
      await client.end()
    },
    token(user, credentials = administrator, more = {}) {
      const target = more.host ?? `${host}:${port}`
      const query = presignQuery({
        method: 'GET',
        rawPath: '/',
        rawQuery: more.rawQuery ?? `Action=connect&DBUser=${encodeURIComponent(user)}`,
        headers: { host: target },
        region: more.region ?? testRegion,
        service: more.service ?? 'rds-db',
        credentials,
        at: more.at ?? clock.now(),
        expiresSeconds: more.expiresSeconds ?? 900,
      })
      return `${target}/?${query}`
    },
    psql(user, password, sql, more = '') {
      const url = `host=${host} port=${port} user=${user} dbname=app sslmode=verify-full sslrootcert=${caFile} ${more}`
      return runWith('psql', ['-XAt', '-d', url, '-c', sql], { PGPASSWORD: password })
    },
    [Symbol.asyncDispose]: () => rest[Symbol.asyncDispose](),
  }
}

/** Runs a program with variables besides the test's own; never rejects. */
export function runWith(
  program: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<Ran> {
  return new Promise((resolve) => {
    const env = { ...process.env, ...variables }
    execFile(program, [...args], { env, timeout: 60_000 }, (error, stdout, stderr) => {
      const code = error ? (typeof error.code === 'number' ? error.code : 1) : 0
      resolve({ code, stdout, stderr: stderr || (error?.message ?? '') })
    })
  })
}

/** The account's ARN of a database user of the test cluster. */
export function databaseUserArn(aurora: TestAurora, user: string): string {
  const { DbClusterResourceId } = aurora.cluster
  return `arn:aws:rds-db:${testRegion}:${testAccount}:dbuser:${DbClusterResourceId}/${user}`
}
