/** The door of a DB cluster: TLS, login by token or password, then bytes both ways. */
import { createServer, type Socket } from 'node:net'
import { createSecureContext } from 'node:tls'
import type { Log } from '../audit/log.ts'
import type { KeyPair } from '../x509/certificate-port.ts'
import { type LoginDeps, login, type Opened } from './login.ts'
import { cancelRequest } from './startup-packet.ts'
import { fatal } from './wire.ts'

export interface LoginProxyOptions extends Omit<LoginDeps, 'context'> {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly tls: KeyPair
  readonly log: Log
  readonly limits?: Partial<LoginLimits>
}

export interface LoginLimits {
  /** From the first byte to an open session; PostgreSQL's `authentication_timeout`. */
  readonly loginMs: number
  /** Connections that have not logged in yet. */
  readonly pending: number
  /** All connections. */
  readonly connections: number
}

export interface LoginProxy extends AsyncDisposable {
  readonly port: number
}

const usualLimits: LoginLimits = { loginMs: 60_000, pending: 200, connections: 2_000 }
const keepAliveMs = 60_000
/** What a client has, once it was told the end, to take what was sent and to close. */
const lingerMs = 30_000

/** Opens the door. Rejects where the port is taken. Disposing ends all sessions. */
export async function startLoginProxy(options: LoginProxyOptions): Promise<LoginProxy> {
  const { cert, key } = options.tls
  const context = createSecureContext({ cert, key, minVersion: 'TLSv1.2' })
  const door = new Door({ ...options, context }, { ...usualLimits, ...options.limits })
  const server = createServer(
    { noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs },
    (socket) => void door.serve(socket),
  )
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    port: address.port,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      door.close()
      await closed
    },
  }
}

class Door {
  readonly #deps: LoginDeps & { readonly log: Log }
  readonly #limits: LoginLimits
  readonly #sockets = new Set<Socket>()
  #pending = 0
  /** Who may be cancelled: the keys of open sessions. */
  readonly #keys = new Set<string>()

  constructor(deps: LoginDeps & { readonly log: Log }, limits: LoginLimits) {
    this.#deps = deps
    this.#limits = limits
  }

  /** Serves one connection to its end; never rejects. */
  async serve(socket: Socket): Promise<void> {
    socket.on('error', () => socket.destroy())
    if (this.#pending >= this.#limits.pending || this.#sockets.size >= this.#limits.connections) {
      socket.end(fatal({ code: '53300', message: 'sorry, too many clients already' }))
      return
    }
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    this.#pending++
    const deadline = setTimeout(() => socket.destroy(), this.#limits.loginMs)
    try {
      const opened = await login(socket, this.#deps)
      if (opened.kind === 'session') this.#join(socket, opened)
      else if (opened.kind === 'cancel') await this.#cancel(socket, opened.key)
      else closeSoon(socket)
    } catch (error) {
      this.#deps.log.warn({ error: String(error) }, 'a database login failed')
      socket.destroy()
    } finally {
      clearTimeout(deadline)
      this.#pending--
    }
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #join(socket: Socket, { client, server, key }: Extract<Opened, { kind: 'session' }>): void {
    const name = key?.toString('hex')
    if (name !== undefined) this.#keys.add(name)
    client.once('close', () => {
      if (name !== undefined) this.#keys.delete(name)
      server.destroy()
    })
    server.once('close', () => {
      client.end()
      closeSoon(socket)
    })
    client.on('error', () => client.destroy())
    client.pipe(server)
    server.pipe(client)
  }

  /** Passes a cancellation on to the server, where it is for a session that came through here; answers nothing. */
  async #cancel(socket: Socket, key: Buffer): Promise<void> {
    try {
      if (!this.#keys.has(key.toString('hex'))) return
      const server = await this.#deps.backend.connect()
      await new Promise<void>((resolve) => {
        server.once('close', () => resolve())
        server.on('error', () => server.destroy())
        server.resume()
        server.write(cancelRequest(key))
      })
    } finally {
      socket.destroy()
    }
  }
}

function closeSoon(socket: Socket): void {
  if (!socket.destroyed) socket.setTimeout(lingerMs, () => socket.destroy())
}
