/** One PostgreSQL server of ours: made once, started with us, on a socket that nobody else reaches; it ends when we do. */
import { execFile, spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { PostgresPrograms, RunAs } from './postgres-programs.ts'

export interface PostgresServerOptions {
  readonly programs: PostgresPrograms
  readonly runAs: RunAs | undefined
  /** Data and log. Entered by nobody but the server's user. */
  readonly directory: string
  /** Folder of the socket, of at most 90 bytes; as private. */
  readonly socketDirectory: string
  /** The superuser that initdb makes, and its password. */
  readonly superuser: string
  readonly password: string
  readonly port?: number
  /** Further settings, `name=value`. */
  readonly settings?: readonly string[]
}

export interface PostgresServer extends AsyncDisposable {
  /** Resolves when it has ended by itself. */
  readonly ended: Promise<void>
}

/** Part of the socket's name; there is no TCP port unless `settings` open one. */
const usualPort = 5432

export function socketIn(directory: string, port: number = usualPort): string {
  return join(directory, `.s.PGSQL.${port}`)
}

const patienceMs = 30_000
/** Everybody proves himself by SCRAM, the proxy too. */
const accessRules = 'local all all scram-sha-256\nlocal replication all scram-sha-256\n'

/**
 * The shell stands between us and PostgreSQL: its input is a pipe of ours, which breaks when we die, however we die, and
 * then it asks the server to stop (SIGINT: fast, without waiting for clients).
 */
const guard = `
exec 3<&0
"$@" </dev/null 3<&- & server=$!
{ read _ <&3; kill -INT $server; } 2>/dev/null & watch=$!
exec 3<&-
wait $server; code=$?
kill $watch 2>/dev/null
exit $code`

/** Makes the server's data where there is none, then starts it; resolves when its socket is there. */
export async function startPostgresServer(options: PostgresServerOptions): Promise<PostgresServer> {
  const { directory, socketDirectory, programs, runAs } = options
  const data = join(directory, 'data')
  for (const folder of [directory, socketDirectory]) makeOwnFolder(folder, runAs)
  if (!existsSync(data)) await makeData(options, data)
  await predecessorEnded(data)
  const port = options.port ?? usualPort
  const socket = socketIn(socketDirectory, port)
  rmSync(socket, { force: true })
  const log = openSync(join(directory, 'postgres.log'), 'a', 0o600)
  const settings = [
    'listen_addresses=',
    `unix_socket_directories=${socketDirectory}`,
    'unix_socket_permissions=0700',
    `port=${port}`,
    'max_connections=100',
    'ssl=off',
    'password_encryption=scram-sha-256',
    'log_min_messages=warning',
    ...(options.settings ?? []),
  ]
  const flags = settings.flatMap((setting) => ['-c', setting])
  const child = spawn('/bin/sh', ['-c', guard, 'sh', programs.postgres, '-D', data, ...flags], {
    ...runAs,
    cwd: directory,
    env: { ...programs.environment, PATH: `${programs.environment['PATH']}:/usr/bin:/bin` },
    stdio: ['pipe', log, log],
    // Ctrl-C at the terminal is for us; we stop the server when its clients are done.
    detached: true,
  })
  closeSync(log)
  let over = false
  const ended = new Promise<void>((resolve) => {
    const done = (): void => {
      over = true
      resolve()
    }
    child.once('exit', done)
    child.once('error', done)
  })
  child.stdin?.on('error', () => {})
  const stop = async (): Promise<void> => {
    child.stdin?.destroy()
    const late = new AbortController()
    const waited = pause(patienceMs, 'late', { signal: late.signal }).catch(() => 'ended')
    if ((await Promise.race([ended, waited])) === 'late' && child.pid) {
      process.kill(-child.pid, 'SIGKILL')
    }
    late.abort()
  }
  for (let waited = 0; !existsSync(socket); waited += 10) {
    if (over || waited > patienceMs) {
      await stop()
      throw new Error(`PostgreSQL did not start: ${lastLines(directory)}`)
    }
    await pause(10)
  }
  return { ended, [Symbol.asyncDispose]: stop }
}

async function makeData(options: PostgresServerOptions, data: string): Promise<void> {
  const { programs, runAs, directory, superuser, password } = options
  const fresh = `${data}.new`
  rmSync(fresh, { recursive: true, force: true })
  const passwordFile = join(directory, 'initial-password')
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 })
  if (runAs) chownSync(passwordFile, runAs.uid, runAs.gid)
  const flags = ['--auth=scram-sha-256', '--encoding=UTF8', '--no-locale', '--no-instructions']
  // Only what is not there yet could be lost, and by a crash of the machine: a second of waiting saved.
  flags.push('--no-sync')
  try {
    await promisify(execFile)(
      programs.initdb,
      ['-D', fresh, '-U', superuser, `--pwfile=${passwordFile}`, ...flags],
      { ...runAs, cwd: directory, env: programs.environment },
    )
  } catch (cause) {
    const { stderr = '' } = cause as { stderr?: string }
    throw new Error(`initdb failed: ${stderr.trim() || String(cause)}`, { cause })
  } finally {
    rmSync(passwordFile, { force: true })
  }
  writeFileSync(join(fresh, 'pg_hba.conf'), accessRules)
  renameSync(fresh, data)
}

/** After a crash of ours the server that we left may still be writing its last: two may not share their data. */
async function predecessorEnded(data: string): Promise<void> {
  const file = join(data, 'postmaster.pid')
  for (let waited = 0; waited < patienceMs && existsSync(file); waited += 20) {
    const pid = Number(readFileSync(file, 'utf8').split('\n')[0])
    if (!isAlive(pid)) return
    await pause(20)
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 1) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function makeOwnFolder(path: string, runAs: RunAs | undefined): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  chmodSync(path, 0o700)
  if (runAs) chownSync(path, runAs.uid, runAs.gid)
}

function lastLines(directory: string): string {
  const text = readFileSync(join(directory, 'postgres.log'), 'utf8')
  return text.trim().split('\n').slice(-3).join(' | ')
}
