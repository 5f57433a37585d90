/** Aurora on this machine: for each DB cluster a PostgreSQL and the login proxy in front of it. */
import { createHmac, randomBytes } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Log } from '../audit/log.ts'
import type {
  DatabaseAddresses,
  DatabaseControl,
  DatabaseSpec,
} from '../aws/rds/database-control.ts'
import type { CertificateAuthority } from '../x509/certificate-port.ts'
import type { TokenLogin, TokenVerdict } from './backend.ts'
import { type DatabaseServer, openEmbedded } from './embedded.ts'
import { openExternal } from './external.ts'
import { type LoginLimits, type LoginProxy, startLoginProxy } from './login-proxy.ts'
import {
  findPostgres,
  NoPostgres,
  type PostgresPrograms,
  postgresVersion,
  preparePostgres,
  type RunAs,
} from './postgres-programs.ts'
import { reservedUser } from './roles.ts'
import { scramVerifier } from './scram.ts'

export interface AuroraOptions {
  /** Where the keys of this lab's databases are kept; made when needed. */
  readonly directory: string
  /** Where PostgreSQL's data is: entered by its user. */
  readonly dataDirectory: string
  /** A private folder with a short path, for sockets. */
  readonly socketDirectory: string
  /** PATH, on which PostgreSQL may be found. */
  readonly path: string
  /** Folder of PostgreSQL's programs; default: the machine's, else npm's. */
  readonly programs?: string
  /** Set where we are root, as whom PostgreSQL does not run. */
  readonly runAs: RunAs | undefined
  /** Loopback address on which logins are answered. */
  readonly host: string
  readonly authority: CertificateAuthority
  /** Decides a login by token; `hosts` are the names (with port) for which the token may have been made. */
  judge(login: TokenLogin, database: DatabaseSpec, hosts: readonly string[]): TokenVerdict
  /** A PostgreSQL that runs already: all clusters are roles and databases of it. */
  readonly databaseUrl?: string
  readonly limits?: Partial<LoginLimits>
  readonly log: Log
  /** True where this name leads to this machine; for tests. */
  resolves?(name: string): Promise<boolean>
}

interface Running {
  database: DatabaseSpec
  readonly server: DatabaseServer
  readonly proxy: LoginProxy
  readonly addresses: DatabaseAddresses
}

const usualPort = 5432

/** Runs DB clusters; nothing runs before the first is started. Disposing stops all of them and keeps their data. */
export function openAurora(options: AuroraOptions): DatabaseControl & AsyncDisposable {
  return new Aurora(options)
}

class Aurora implements DatabaseControl, AsyncDisposable {
  readonly #options: AuroraOptions
  readonly #running = new Map<string, Promise<Running>>()
  #programs: PostgresPrograms | undefined

  constructor(options: AuroraOptions) {
    this.#options = options
  }

  async engineVersion(): Promise<string> {
    const { databaseUrl } = this.#options
    if (databaseUrl === undefined) return postgresVersion(this.#foundPrograms())
    await using server = await openExternal({ url: databaseUrl, key: this.#key('') })
    return server.version
  }

  passwordVerifier(password: string): Promise<string> {
    return scramVerifier(password)
  }

  async freePort(wanted?: number): Promise<number | undefined> {
    const { host } = this.#options
    const found = await tryPort(host, wanted ?? usualPort)
    return found ?? (wanted === undefined ? tryPort(host, 0) : undefined)
  }

  async start(database: DatabaseSpec): Promise<DatabaseAddresses> {
    let starting = this.#running.get(database.arn)
    if (!starting) {
      starting = this.#start(database)
      this.#running.set(database.arn, starting)
      starting.catch(() => this.#running.delete(database.arn))
    }
    return (await starting).addresses
  }

  async change(database: DatabaseSpec): Promise<void> {
    const running = await this.#running.get(database.arn)
    if (!running) return
    const { masterPasswordVerifier, masterUsername } = database
    if (running.database.masterPasswordVerifier !== masterPasswordVerifier) {
      await running.server.setPassword(masterUsername, masterPasswordVerifier)
    }
    running.database = database
  }

  async stop(arn: string): Promise<void> {
    const starting = this.#running.get(arn)
    this.#running.delete(arn)
    const running = await starting?.catch(() => undefined)
    if (running) await stop(running)
  }

  async remove(arn: string): Promise<void> {
    await this.stop(arn)
    rmSync(this.#dataOf(arn), { recursive: true, force: true })
    try {
      rmdirSync(this.#options.dataDirectory)
    } catch {
      // There are others, or there never was one.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.#running.values()]
    this.#running.clear()
    await Promise.all(
      all.map(async (starting) => {
        const running = await starting.catch(() => undefined)
        if (running) await stop(running)
      }),
    )
  }

  async #start(database: DatabaseSpec): Promise<Running> {
    const { host, log, limits } = this.#options
    await using stack = new AsyncDisposableStack()
    const names = await this.#names(database)
    const opening = this.#openServer(database)
    const tls = await this.#options.authority.issueServer({
      names: [...new Set([names.writer, names.reader, 'localhost'])],
      addresses: ['127.0.0.1', '::1'],
    })
    const server = stack.use(await opening)
    let running: Running | undefined
    const door = {
      host,
      tls,
      log,
      ...(limits && { limits }),
      backend: server.backend,
      reservedUser,
      isReader: (name: string) => name === names.reader && names.reader !== names.writer,
      judge: (login: TokenLogin): TokenVerdict => {
        const { port } = proxy
        const own = [names.writer, names.reader, 'localhost', '127.0.0.1', '[::1]']
        const hosts = own.map((name) => `${name}:${port}`)
        return this.#options.judge(login, running?.database ?? database, hosts)
      },
    }
    const proxy: LoginProxy = stack.use(await openDoor(door, database.port))
    const addresses = { endpoint: names.writer, readerEndpoint: names.reader, port: proxy.port }
    running = { database, server, proxy, addresses }
    stack.move()
    return running
  }

  async #openServer(database: DatabaseSpec): Promise<DatabaseServer> {
    const { databaseUrl, log, runAs, socketDirectory } = this.#options
    const master = {
      user: database.masterUsername,
      passwordVerifier: database.masterPasswordVerifier,
      ...(database.databaseName !== undefined && { database: database.databaseName }),
    }
    const key = this.#key(database.resourceId)
    if (databaseUrl !== undefined) return openExternal({ url: databaseUrl, key, master })
    const directory = this.#dataOf(database.arn)
    this.#makeDataDirectory()
    return openEmbedded({
      programs: this.#foundPrograms(),
      runAs,
      directory,
      // As root the folder for sockets would be one that PostgreSQL's user may not enter.
      socketDirectory: runAs
        ? join(directory, 's')
        : join(socketDirectory, `pg-${markOf(database.arn)}`),
      key,
      master,
      onEnd: () => log.error({ database: database.arn }, 'PostgreSQL ended by itself'),
    })
  }

  /** AWS's form of names where this machine resolves it (systemd does, for all under `localhost`), else `localhost`. */
  async #names({ identifier, endpointMark, region }: DatabaseSpec) {
    const name = (kind: string) => `${identifier}.${kind}-${endpointMark}.${region}.rds.localhost`
    const names = { writer: name('cluster'), reader: name('cluster-ro') }
    const resolves = this.#options.resolves ?? resolvesHere
    return (await resolves(names.writer)) ? names : { writer: 'localhost', reader: 'localhost' }
  }

  #foundPrograms(): PostgresPrograms {
    if (!this.#programs) {
      const { path, programs, runAs, dataDirectory } = this.#options
      const folder = programs ?? findPostgres(path)
      if (folder === undefined) throw new NoPostgres()
      this.#programs = preparePostgres(folder, runAs, dataDirectory)
    }
    return this.#programs
  }

  /** As root it is passed through by PostgreSQL's user, to folders of his own. */
  #makeDataDirectory(): void {
    const { dataDirectory, runAs } = this.#options
    mkdirSync(dataDirectory, { recursive: true, mode: runAs ? 0o711 : 0o700 })
    chmodSync(dataDirectory, runAs ? 0o711 : 0o700)
  }

  #dataOf(arn: string): string {
    return join(this.#options.dataDirectory, markOf(arn))
  }

  /** What the passwords of one cluster's roles are derived from. */
  #key(resourceId: string): Buffer {
    const file = join(this.#options.directory, 'key')
    if (!existsSync(file)) {
      mkdirSync(this.#options.directory, { recursive: true, mode: 0o700 })
      writeFileSync(file, randomBytes(32).toString('base64'), { mode: 0o600, flag: 'wx' })
    }
    const secret = Buffer.from(readFileSync(file, 'utf8'), 'base64')
    return createHmac('sha256', secret).update(`cluster ${resourceId}`).digest()
  }
}

async function openDoor(
  door: Omit<Parameters<typeof startLoginProxy>[0], 'port'>,
  port: number,
): Promise<LoginProxy> {
  try {
    return await startLoginProxy({ ...door, port })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    return startLoginProxy({ ...door, port: 0 })
  }
}

/** Sessions end with PostgreSQL's own words, which the proxy still passes on. */
async function stop({ server, proxy }: Running): Promise<void> {
  await server[Symbol.asyncDispose]()
  await proxy[Symbol.asyncDispose]()
}

/** Names repeat in other accounts and regions; folders carry a mark of the whole ARN. */
function markOf(arn: string): string {
  return createHmac('sha256', 'database').update(arn).digest('hex').slice(0, 12)
}

async function resolvesHere(name: string): Promise<boolean> {
  try {
    const { address } = await lookup(name)
    return address === '127.0.0.1' || address === '::1'
  } catch {
    return false
  }
}

function tryPort(host: string, port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, host, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' ? address?.port : undefined))
    })
  })
}
