/** A PostgreSQL that runs already, reached by its URL: roles and databases of it stand for Aurora's. */
import { readFileSync } from 'node:fs'
import { connect, isIP, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectSecurely } from 'node:tls'
import { Administrator, identifier, literal, serverVersion } from './administrator.ts'
import { ByteReader } from './byte-reader.ts'
import type { DatabaseServer } from './embedded.ts'
import { type MasterUser, makeRoles, RoleLogins } from './roles.ts'
import { int32 } from './wire.ts'

export interface ExternalOptions {
  /** `postgresql://user:password@host:port/database?sslmode=verify-full&sslrootcert=…`. */
  readonly url: string
  readonly key: Buffer
  /** Made where it is missing. */
  readonly master?: MasterUser
}

interface Address {
  readonly host: string
  readonly port: number
  /** How certificates are judged; undefined: no TLS. */
  readonly tls: { readonly ca?: string; readonly verify: 'nothing' | 'chain' | 'name' } | undefined
}

const usualPort = 5432
const sslRequestCode = 80_877_103

/**
 * Opens a database server of others. Its user must be able to create roles and to set their passwords: members of
 * `rds_iam` get one that only the proxy knows. Disposing leaves the server as it is.
 */
export async function openExternal({ url, key, master }: ExternalOptions): Promise<DatabaseServer> {
  const parsed = new URL(url)
  const address = addressOf(parsed)
  await using stack = new AsyncDisposableStack()
  const administrator = stack.use(
    new Administrator({
      host: address.host,
      port: address.port,
      user: decodeURIComponent(parsed.username),
      password: decodeURIComponent(parsed.password),
      database: decodeURIComponent(parsed.pathname.slice(1)) || 'postgres',
      ssl: address.tls ? tlsOptions(address, address.tls) : false,
    }),
  )
  const version = await serverVersion(administrator)
  const major = Number.parseInt(version, 10)
  if (master) await makeRoles(administrator, master, major)
  const logins = new RoleLogins({ administrator, key, major, readsPasswords: false })
  const rest = stack.move()
  return {
    version,
    backend: {
      newestMinor: major >= 18 ? 2 : 0,
      relaysPasswords: address.tls === undefined,
      connect: () => open(address),
      prepare: (user) => logins.prepare(user),
    },
    async setPassword(user, verifier) {
      await administrator.query(`ALTER ROLE ${identifier(user)} PASSWORD ${literal(verifier)}`)
    },
    [Symbol.asyncDispose]: () => rest[Symbol.asyncDispose](),
  }
}

/** libpq's `sslmode`, of which `require` and `prefer` verify nothing; without one TLS is used off this machine only. */
function addressOf(url: URL): Address {
  if (url.protocol !== 'postgresql:' && url.protocol !== 'postgres:') {
    throw new Error('a database URL begins with postgresql://')
  }
  const host = url.hostname.replace(/^\[|\]$/g, '') || 'localhost'
  const port = url.port === '' ? usualPort : Number(url.port)
  const isHere = host === 'localhost' || host === '::1' || host.startsWith('127.')
  const mode = url.searchParams.get('sslmode') ?? (isHere ? 'disable' : 'verify-full')
  const root = url.searchParams.get('sslrootcert')
  const verify = { 'verify-full': 'name', 'verify-ca': 'chain', require: 'nothing' } as const
  if (mode === 'disable') return { host, port, tls: undefined }
  if (!(mode in verify)) {
    throw new Error(`sslmode ${mode} is not known here: disable, require, verify-ca or verify-full`)
  }
  const ca = root === null ? {} : { ca: readFileSync(root, 'utf8') }
  return { host, port, tls: { ...ca, verify: verify[mode as keyof typeof verify] } }
}

function tlsOptions({ host }: Address, { ca, verify }: NonNullable<Address['tls']>) {
  return {
    ...(ca !== undefined && { ca }),
    ...(isIP(host) === 0 && { servername: host }),
    rejectUnauthorized: verify !== 'nothing',
    ...(verify === 'chain' && { checkServerIdentity: () => undefined }),
  }
}

async function open(address: Address): Promise<Duplex> {
  const { host, port, tls } = address
  const socket = connect({ host, port, noDelay: true, keepAlive: true })
  await happened(socket, 'connect')
  if (!tls) return socket
  socket.write(Buffer.concat([int32(8), int32(sslRequestCode)]))
  const reader = new ByteReader(socket)
  const answer = await reader.bytes(1)
  const { unread } = reader
  reader.release()
  if (answer.toString('latin1') !== 'S' || unread > 0) {
    socket.destroy()
    throw new Error('the database server does not speak TLS')
  }
  const secure = connectSecurely({ socket, ...tlsOptions(address, tls) })
  await happened(secure, 'secureConnect')
  return secure
}

function happened(socket: Socket, event: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once(event, () => {
      socket.off('error', reject)
      resolve()
    })
  })
}
