/**
 * The login proxy against the PostgreSQL behind it, TLS on both, in one run: what a login costs, and what SELECTs bring
 * at 32 connections, one by one, piped and as one large answer. Proxy and server are processes of their own; the ways
 * alternate, figures are medians. `--small` for the tests.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { appendFileSync, chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { Client } from 'pg'
import { silentLog } from '../src/audit/log.ts'
import { openEmbedded } from '../src/aurora/embedded.ts'
import { startLoginProxy } from '../src/aurora/login-proxy.ts'
import { findPostgres, preparePostgres } from '../src/aurora/postgres-programs.ts'
import { reservedUser } from '../src/aurora/roles.ts'
import { scramVerifier } from '../src/aurora/scram.ts'
import {
  administrator,
  MemoryAudit,
  MemoryIdentities,
  testAccount,
  testRegion,
} from '../src/aws/gateway/testing.ts'
import { judgeLogin } from '../src/aws/rds/judge-login.ts'
import { createSessions } from '../src/aws/sessions.ts'
import { evaluate } from '../src/kernel/policy/evaluate.ts'
import { presignQuery } from '../src/kernel/sigv4/sign.ts'
import { SigningKeys } from '../src/kernel/sigv4/signing-key.ts'
import { createCertificateAuthority } from '../src/x509/authority.ts'

const isSmall = process.argv.includes('--small')
const connectionsCount = isSmall ? 2 : 32
const loginsCount = isSmall ? 4 : 100
const rounds = isSmall ? 1 : 7
const roundMs = isSmall ? 50 : 1_500
const password = 'secret99'
const now = () => performance.timeOrigin + performance.now()

interface Doors {
  readonly direct: number
  readonly proxy: number
  readonly ca: string
}

/** Server and proxy; tells their ports and ends when the parent does. */
async function serve(directory: string): Promise<void> {
  const runAs = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined
  const folder = findPostgres(process.env['PATH'] ?? '')
  if (folder === undefined) throw new Error('no PostgreSQL here')
  const authority = await createCertificateAuthority({ commonName: 'bench', clock: { now } })
  const tls = await authority.issueServer({ names: ['localhost'], addresses: ['127.0.0.1'] })
  const data = join(directory, 'server')
  const options = {
    programs: preparePostgres(folder, runAs, directory),
    runAs,
    directory: data,
    socketDirectory: join(data, 's'),
    key: Buffer.alloc(32, 1),
    master: { user: 'postgres', passwordVerifier: await scramVerifier(password) },
    onEnd: () => process.exit(1),
  }
  await (await openEmbedded(options))[Symbol.asyncDispose]()
  for (const [name, text] of [['cert', tls.cert] as const, ['key', tls.key] as const]) {
    const file = join(data, `${name}.pem`)
    writeFileSync(file, text, { mode: 0o600 })
    if (runAs) chownSync(file, runAs.uid, runAs.gid)
  }
  appendFileSync(join(data, 'data', 'pg_hba.conf'), 'hostssl all all 127.0.0.1/32 scram-sha-256\n')
  const direct = await freePort()
  const settings = [
    'listen_addresses=127.0.0.1',
    'ssl=on',
    `ssl_cert_file=${join(data, 'cert.pem')}`,
    `ssl_key_file=${join(data, 'key.pem')}`,
  ]
  const server = await openEmbedded({ ...options, port: direct, settings })
  const judged = {
    authenticator: {
      identities: new MemoryIdentities(),
      sessions: createSessions({ sealingKeys: [{ id: 1, key: new Uint8Array(32) }] }),
      keys: new SigningKeys(10),
      now,
      signatureClocks: [now],
    },
    evaluate,
    audit: new MemoryAudit(undefined, false),
  }
  const database = {
    account: testAccount,
    region: testRegion,
    resourceId: 'cluster-BENCH',
    iamEnabled: true,
    arn: 'arn',
  }
  const proxy = await startLoginProxy({
    host: '127.0.0.1',
    port: 0,
    tls,
    log: silentLog,
    backend: server.backend,
    reservedUser,
    isReader: () => false,
    judge: (login) => judgeLogin(login, database, [`localhost:${proxy.port}`], judged),
  })
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send?.(user + system)
  })
  process.on('disconnect', async () => {
    await server[Symbol.asyncDispose]()
    process.exit(0)
  })
  process.send?.({ direct, proxy: proxy.port, ca: authority.certPem } satisfies Doors)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

interface Way {
  readonly name: string
  readonly port: number
  readonly user: string
  readonly password: () => string
}

async function open({ port, user, password: make }: Way, ca: string): Promise<Client> {
  const ssl = { ca, servername: 'localhost' }
  const host = '127.0.0.1'
  const client = new Client({ host, port, user, password: make(), database: 'postgres', ssl })
  // Ended by us, below the client's feet.
  client.on('error', () => {})
  await client.connect()
  return client
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

/** Milliseconds of a login, by way; the ways take turns. */
async function logins(ways: readonly Way[], ca: string): Promise<number[]> {
  const times = ways.map((): number[] => [])
  for (let i = -2; i < loginsCount; i++) {
    for (const [index, way] of ways.entries()) {
      const before = performance.now()
      const client = await open(way, ca)
      if (i >= 0) times[index]?.push(performance.now() - before)
      await client.end()
    }
  }
  return times.map(median)
}

interface Load {
  readonly name: string
  readonly sql: string
  /** Queries sent at once on each connection. */
  readonly depth: number
  readonly unit: 'queries' | 'MB'
}

const loads: readonly Load[] = [
  { name: 'one by one', sql: 'SELECT 1', depth: 1, unit: 'queries' },
  { name: 'piped', sql: 'SELECT 1', depth: 64, unit: 'queries' },
  {
    name: 'large answers',
    sql: "SELECT repeat('x', 1000) FROM generate_series(1, 2000)",
    depth: 1,
    unit: 'MB',
  },
]

/** What all connections of a way bring in a second. */
async function throughput(sockets: readonly TLSSocket[], load: Load) {
  const body = Buffer.from(`${load.sql}\0`)
  const query = Buffer.alloc(5 + body.length)
  query.write('Q')
  query.writeUInt32BE(4 + body.length, 1)
  body.copy(query, 5)
  const batch = Buffer.concat(Array.from({ length: load.depth }, () => query))
  let answered = 0
  let bytes = 0
  const started = performance.now()
  const until = started + roundMs
  const lane = (socket: TLSSocket): Promise<void> =>
    new Promise((resolve) => {
      let open = load.depth
      const reader = new MessageCounter()
      const onData = (chunk: Buffer): void => {
        bytes += chunk.length
        const ready = reader.readyIn(chunk)
        answered += ready
        open -= ready
        if (open > 0) return
        if (performance.now() >= until) {
          socket.off('data', onData)
          resolve()
          return
        }
        open = load.depth
        socket.write(batch)
      }
      socket.on('data', onData)
      socket.write(batch)
    })
  await Promise.all(sockets.map(lane))
  const seconds = (performance.now() - started) / 1000
  const done = load.unit === 'queries' ? answered : bytes / 1e6
  return { perSecond: done / seconds, done }
}

async function cpuMicros(child: ChildProcess): Promise<number> {
  const answer = once(child, 'message')
  child.send('cpu')
  const [micros] = (await answer) as [number]
  return micros
}

/** Counts ReadyForQuery messages in a stream of them, whatever its pieces are. */
class MessageCounter {
  #skip = 0
  #head = Buffer.alloc(0)

  readyIn(chunk: Buffer): number {
    let ready = 0
    let at = 0
    while (at < chunk.length) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, chunk.length - at)
        this.#skip -= step
        at += step
        continue
      }
      const wanted = 5 - this.#head.length
      const piece = chunk.subarray(at, at + wanted)
      at += piece.length
      const head = this.#head.length === 0 ? piece : Buffer.concat([this.#head, piece])
      if (head.length < 5) {
        this.#head = Buffer.from(head)
        continue
      }
      this.#head = Buffer.alloc(0)
      if (head[0] === 0x5a) ready++
      this.#skip = head.readUInt32BE(1) - 4
    }
    return ready
  }
}

/** The encrypted socket of a client that has logged in, for our own use. */
function takeSocket(client: Client): TLSSocket {
  const { stream } = (client as unknown as { connection: { stream: TLSSocket } }).connection
  stream.removeAllListeners('data')
  return stream
}

async function measure({ direct, proxy, ca }: Doors, child: ChildProcess): Promise<void> {
  const secret = () => password
  const token = () => {
    const host = `localhost:${proxy}`
    const query = presignQuery({
      method: 'GET',
      rawPath: '/',
      rawQuery: 'Action=connect&DBUser=app',
      headers: { host },
      region: testRegion,
      service: 'rds-db',
      credentials: administrator,
      at: now(),
      expiresSeconds: 900,
    })
    return `${host}/?${query}`
  }
  const ways: readonly [Way, Way, Way] = [
    { name: 'direct, password', port: direct, user: 'postgres', password: secret },
    { name: 'proxy, password', port: proxy, user: 'postgres', password: secret },
    { name: 'proxy, token', port: proxy, user: 'app', password: token },
  ]
  const master = await open(ways[0], ca)
  await master.query('CREATE USER app; GRANT rds_iam TO app')
  await master.end()
  const [base = 0, ...others] = await logins(ways, ca)
  print(`login, ${ways[0].name}: ${base.toFixed(2)} ms (median of ${loginsCount})`)
  for (const [index, ms] of others.entries()) {
    const more = ms - base
    print(
      `login, ${ways[index + 1]?.name}: ${ms.toFixed(2)} ms, ${more >= 0 ? '+' : ''}${more.toFixed(2)} ms`,
    )
  }
  const both: TLSSocket[][] = []
  const clients: Client[] = []
  for (const way of [ways[0], ways[2]]) {
    const opened = await Promise.all(Array.from({ length: connectionsCount }, () => open(way, ca)))
    clients.push(...opened)
    both.push(opened.map(takeSocket))
  }
  for (const load of loads) {
    const found: number[][] = [[], []]
    const costs: number[] = []
    for (let round = -1; round < rounds; round++) {
      for (const index of round % 2 === 0 ? [0, 1] : [1, 0]) {
        const before = await cpuMicros(child)
        const { perSecond, done } = await throughput(both[index] ?? [], load)
        if (round < 0) continue
        found[index]?.push(perSecond)
        if (index === 1) costs.push(((await cpuMicros(child)) - before) / done)
      }
    }
    const [plain = 0, proxied = 0] = found.map(median)
    print(
      `${load.name}, ${connectionsCount} connections: direct ${Math.round(plain)} ${load.unit}/s, proxy ${Math.round(proxied)} ${load.unit}/s, ratio ${(proxied / plain).toFixed(2)}; the proxy's own CPU: ${median(costs).toFixed(load.unit === 'MB' ? 0 : 1)} µs each`,
    )
  }
  for (const sockets of both) for (const socket of sockets) socket.destroy()
  print(
    `hash ${createHash('sha256').update(`${ways.length} ${loads.length}`).digest('hex').slice(0, 16)}`,
  )
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'podpass-bench-'))
  chmodSync(directory, 0o711)
  const options = { execArgv: process.execArgv }
  const child: ChildProcess = fork(import.meta.filename, ['--serve', directory], options)
  try {
    const [doors] = (await once(child, 'message')) as [Doors]
    await measure(doors, child)
  } finally {
    const ended = once(child, 'exit')
    if (child.connected) child.disconnect()
    await ended
    rmSync(directory, { recursive: true, force: true })
  }
}

const directory = process.argv[process.argv.indexOf('--serve') + 1]
await (process.argv.includes('--serve') && directory ? serve(directory) : main())
