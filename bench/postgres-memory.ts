/**
 * What a document of the PostgreSQL store costs each process in memory: in its mirror, in IAM's own state where it is a
 * role, and in each version that is kept for an hour. Run: `node --expose-gc bench/postgres-memory.ts [--small]`.
 */
import { execFileSync } from 'node:child_process'
import { Client } from 'pg'
import { silentLog } from '../src/audit/log.ts'
import { openIam } from '../src/aws/iam/iam.ts'
import { LabClock } from '../src/clock/lab-clock.ts'
import { openPostgresStore } from '../src/store/postgres/postgres-store.ts'
import { compact } from '../src/store/postgres/tables.ts'
import type { Store } from '../src/store/store.ts'
import { startPostgres } from '../test/support/postgres.ts'
import { fill, heap } from './roles.ts'

const small = process.argv.includes('--small')
const sizes = small ? [1_000] : [10_000, 100_000]
/** `--open=URL`: what a child process measures. */
const only = process.argv.find((argument) => argument.startsWith('--open='))?.slice(7)
const writes = 2_000

function open(url: string, clock: LabClock) {
  return openPostgresStore({ url, clock, log: silentLog })
}

/** Fills a schema, and lets an hour pass for it: no version is kept any more. */
async function prepare(url: string, count: number): Promise<void> {
  using clock = new LabClock(0, () => {})
  const store = await open(url, clock)
  await fill(store, count)
  await store[Symbol.asyncDispose]()
  const client = new Client({ connectionString: url })
  await client.connect()
  await compact(client, clock.now() + 1)
  await client.end()
}

async function measure(url: string): Promise<void> {
  using clock = new LabClock(0, () => {})
  const empty = await heap()
  const started = performance.now()
  await using store = await open(url, clock)
  const opened = performance.now() - started
  const { count, text } = documentsOf(store)
  const mirrored = await heap()
  await using iam = openIam({ store, clock, quotas: { rolesPerAccount: 1_000_000 } })
  const served = await heap()
  await writeAgain(store)
  const written = await heap()
  const cells = [count, text, (mirrored - empty) / count, (served - mirrored) / count]
  cells.push((written - served) / writes, opened)
  row(cells.map((cell) => Math.round(cell).toLocaleString('en')))
  if (iam.identities.accessKey('none')) throw new Error('there is no such key')
}

/** How many documents there are, and the bytes of JSON of one. */
function documentsOf(store: Store): { count: number; text: number } {
  const { items } = store.list<object>('/iam/')
  const bytes = items.reduce((sum, { value }) => sum + JSON.stringify(value).length, 0)
  return { count: items.length, text: bytes / items.length }
}

/** Makes versions of a hundred documents. */
async function writeAgain(store: Store): Promise<void> {
  const { items } = store.list<object>('/iam/', { limit: 100 })
  for (let n = 0; n < writes; n += 1) {
    const { key, value } = items[n % items.length] ?? { key: '', value: {} }
    await store.update(key, value)
  }
}

function row(cells: readonly string[]): void {
  process.stdout.write(`${cells.map((cell) => cell.padStart(14)).join('')}\n`)
}

async function measureAll(): Promise<void> {
  const titles = ['documents', 'bytes of JSON', 'mirror bytes', 'IAM bytes', 'bytes/version']
  row([...titles, 'open ms'])
  await using server = await startPostgres()
  for (const size of sizes) {
    const url = await server.createSchema()
    await prepare(url, size)
    const args = [...process.execArgv, ...process.argv.slice(1), `--open=${url}`]
    process.stdout.write(execFileSync(process.execPath, args, { encoding: 'utf8' }))
  }
}

await (only ? measure(only) : measureAll())
