/** The PostgreSQL that we start ourselves, furnished as Aurora is. */
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { Administrator, identifier, literal, serverVersion } from './administrator.ts'
import { type Backend, pipeBuffers } from './backend.ts'
import type { PostgresPrograms, RunAs } from './postgres-programs.ts'
import { socketIn, startPostgresServer } from './postgres-server.ts'
import { furnish, type MasterUser, RoleLogins, reservedUser, secretOf } from './roles.ts'

/** A database server behind a proxy, ours or others'. */
export interface DatabaseServer extends AsyncDisposable {
  readonly backend: Backend
  /** `18.4`. */
  readonly version: string
  /** Gives a user a new password, by its verifier. */
  setPassword(user: string, verifier: string): Promise<void>
}

export interface EmbeddedOptions {
  readonly programs: PostgresPrograms
  readonly runAs: RunAs | undefined
  readonly directory: string
  readonly socketDirectory: string
  /** What the passwords of superuser and token users are derived from. */
  readonly key: Buffer
  readonly master: MasterUser
  /** Part of the socket's name. */
  readonly port?: number
  /** Further settings of the server, `name=value`. */
  readonly settings?: readonly string[]
  /** Called when the server ends without having been asked to. */
  onEnd(): void
}

/** Makes the server's data and roles where there are none, and starts it. */
export async function openEmbedded(options: EmbeddedOptions): Promise<DatabaseServer> {
  const { socketDirectory, key } = options
  const password = secretOf(key, reservedUser)
  await using stack = new AsyncDisposableStack()
  const server = stack.use(
    await startPostgresServer({ ...options, superuser: reservedUser, password }),
  )
  const config = { host: socketDirectory, port: options.port, user: reservedUser, password }
  const administrator = stack.use(new Administrator({ ...config, database: reservedUser }))
  const version = await prepare(options, administrator, config)
  const major = Number.parseInt(version, 10)
  const logins = new RoleLogins({ administrator, key, major, readsPasswords: true })
  const rest = stack.move()
  let stopping = false
  void server.ended.then(() => !stopping && options.onEnd())
  return {
    version,
    backend: {
      newestMinor: major >= 18 ? 2 : 0,
      relaysPasswords: true,
      connect: () => open(socketIn(socketDirectory, options.port)),
      prepare: (user) => logins.prepare(user),
    },
    async setPassword(user, verifier) {
      await administrator.query(`ALTER ROLE ${identifier(user)} PASSWORD ${literal(verifier)}`)
    },
    [Symbol.asyncDispose]: () => {
      stopping = true
      return rest[Symbol.asyncDispose]()
    },
  }
}

/** The socket is there a moment before logins are answered: the first one is tried until it succeeds. */
async function prepare(
  { master }: EmbeddedOptions,
  administrator: Administrator,
  config: { host: string; port: number | undefined; user: string; password: string },
): Promise<string> {
  const show = () => patiently(() => serverVersion(administrator))
  const version = await show().catch(async (error: { code?: string }) => {
    if (error.code !== noSuchDatabase) throw error
    await using bootstrap = new Administrator({ ...config, database: 'postgres' })
    await bootstrap.query(`CREATE DATABASE ${reservedUser}`)
    return show()
  })
  await furnish(administrator, master, Number.parseInt(version, 10))
  return version
}

const noSuchDatabase = '3D000'

/** 57P03: the server is starting up, or replaying its log after a crash. */
async function patiently<T>(task: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await task()
    } catch (error) {
      const { code = '' } = error as { code?: string }
      if (!['57P03', 'ECONNREFUSED', 'ENOENT'].includes(code) || attempt >= attemptsMax) throw error
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }
}

const attemptsMax = 1_000
const pauseMs = 20

function open(path: string): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path, ...pipeBuffers }, () => {
      socket.off('error', reject)
      resolve(socket)
    })
    socket.once('error', reject)
  })
}
