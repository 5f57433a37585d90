/** A real PostgreSQL for a test file: a server of its own on a free port and in a temporary folder, which can be stopped and started. */
import { execFile, type StdioOptions, spawn } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { findPostgres, preparePostgres } from '../../src/aurora/postgres-programs.ts'

export interface TestPostgres extends AsyncDisposable {
  /** URL of the server's one database. */
  readonly url: string
  /** Makes an empty schema, much quicker than a database of its own, and answers a URL whose tables lie in it. */
  createSchema(): Promise<string>
  /** `fast` ends all sessions in order, `immediate` is a crash. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>
  /** Starts it again, on the same port with the same data. */
  start(): Promise<void>
}

/** Why tests with a database cannot run here, for `skip`; false where they can, and in CI, where all must. */
export function noPostgres(): string | false {
  if (process.env['CI'] === 'true' || findPostgres(searchPath)) return false
  return 'no PostgreSQL here: run `node tools/test-tools.ts`'
}

/** PostgreSQL refuses to run as root: then it runs as `nobody`. */
const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined

const searchPath = process.env['PATH'] ?? ''

/** Makes a server and starts it; some two seconds. */
export async function startPostgres(): Promise<TestPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'podpass-pg-'))
  chmodSync(folder, 0o755)
  const data = join(folder, 'data')
  const found = findPostgres(searchPath)
  if (!found) throw new Error('no PostgreSQL here: run `node tools/test-tools.ts`')
  const { initdb, environment } = preparePostgres(found, user, folder)
  const programs = dirname(initdb)
  if (user) chownSync(folder, user.uid, user.gid)
  const run = promisify(execFile)
  const options = { ...user, cwd: folder, env: environment }
  const init = ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C']
  await run(initdb, [...init, '--no-sync'], options)
  const port = await freePort()
  const control = (args: readonly string[]) =>
    new Promise<void>((resolve, reject) => {
      const log = join(folder, 'log')
      // The server would hold a pipe open: pg_ctl writes its log into a file.
      const stdio: StdioOptions = 'ignore'
      const child = spawn(join(programs, 'pg_ctl'), ['-D', data, '-l', log, '-w', ...args], {
        ...options,
        stdio,
      })
      child.once('error', reject)
      child.once('exit', (code) => {
        if (code === 0) resolve()
        else reject(new Error(`pg_ctl ${args[0]}: ${existsSync(log) ? readFileSync(log) : code}`))
      })
    })
  const flags = `-p ${port} -h 127.0.0.1 -k ${folder} -c shared_buffers=32MB -c max_connections=50`
  let running = false
  let schemas = 0
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  const server: TestPostgres = {
    url,
    async start() {
      await control(['-o', flags, 'start'])
      running = true
    },
    async stop(mode = 'fast') {
      running = false
      await control(['-m', mode, 'stop'])
    },
    async createSchema() {
      const name = `test_${schemas++}`
      const client = new Client({ connectionString: url })
      await client.connect()
      await client.query(`CREATE SCHEMA ${name}`)
      await client.end()
      return `${url}?options=-csearch_path%3D${name}`
    },
    async [Symbol.asyncDispose]() {
      if (running) await server.stop('immediate')
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await server.start()
  return server
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
