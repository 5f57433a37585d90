/** The conversation from a connection's first byte to an open session: encryption, who it is, the server behind. */
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type SecureContext, TLSSocket } from 'node:tls'
import {
  type Backend,
  type LoginWay,
  pipeBuffers,
  type TokenLogin,
  type TokenVerdict,
} from './backend.ts'
import { authenticateWith, loginBytesMax, relayAuthentication, type Side } from './backend-login.ts'
import { ByteReader, Disconnected } from './byte-reader.ts'
import {
  negotiate,
  readStartup,
  type Startup,
  startupLength,
  writeStartup,
} from './startup-packet.ts'
import { authentication, encode, fatal, int32, type LoginError, onlyText } from './wire.ts'

export interface LoginDeps {
  readonly context: SecureContext
  readonly backend: Backend
  judge(login: TokenLogin): TokenVerdict
  /** True of a server name (SNI) that stands for the reader endpoint. */
  isReader(serverName: string): boolean
  /** A role that only we use: nobody may log in as it. */
  readonly reservedUser: string
}

/** What a connection turned out to be. */
export type Opened =
  | {
      readonly kind: 'session'
      readonly client: Duplex
      readonly server: Duplex
      /** Process id and secret for CancelRequest, as one. */
      readonly key: Buffer | undefined
    }
  | { readonly kind: 'cancel'; readonly key: Buffer }
  /** It is over, and answered where there was something to say. */
  | { readonly kind: 'closed' }

const tlsHandshake = 0x16
const alpn = 'postgresql'

/** Leads a client through its login. Rejects only where we or the server behind failed; the caller closes `socket`. */
export async function login(socket: Socket, deps: LoginDeps): Promise<Opened> {
  try {
    return await converse(socket, deps)
  } catch (error) {
    if (!(error instanceof Disconnected)) throw error
    socket.destroy()
    return { kind: 'closed' }
  }
}

async function converse(socket: Socket, deps: LoginDeps): Promise<Opened> {
  const sourceIp = socket.remoteAddress ?? ''
  let reader = new ByteReader(socket)
  let client: Duplex = socket
  let secure: TLSSocket | undefined
  const upgrade = async (): Promise<TLSSocket> => {
    reader.release()
    const upgraded = await encrypt(socket, deps.context)
    reader = new ByteReader(upgraded)
    secure = upgraded
    client = upgraded
    return upgraded
  }
  const isTls = (await reader.peek())[0] === tlsHandshake
  // Whoever starts with TLS must say that it means PostgreSQL (against cross-protocol attacks).
  if (isTls && (await upgrade()).alpnProtocol !== alpn) return close(client)
  for (let gssAsked = false; ; ) {
    const packet = await readPacket(reader)
    switch (packet.kind) {
      case 'garbage':
        return close(client)
      case 'cancel':
        return packet
      case 'refused':
        return refuse(client, packet.error)
      case 'gss':
        if (secure || gssAsked || reader.unread > 0) return close(client)
        gssAsked = true
        client.write('N')
        continue
      case 'ssl':
        // Bytes that came along could not have been encrypted: somebody between us put them there (CVE-2021-23222).
        if (secure || reader.unread > 0) return close(client)
        socket.write('S')
        await upgrade()
        continue
      case 'login':
        if (!secure) return refuse(client, unencrypted(sourceIp, packet.startup))
        return authenticate({ socket: secure, reader }, packet.startup, sourceIp, deps)
    }
  }
}

async function readPacket(reader: ByteReader) {
  const length = startupLength(await reader.bytes(4))
  if (length === undefined) return { kind: 'garbage' } as const
  return readStartup(await reader.bytes(length - 4))
}

async function authenticate(
  { socket: client, reader }: Side<TLSSocket>,
  startup: Startup,
  sourceIp: string,
  deps: LoginDeps,
): Promise<Opened> {
  const { backend } = deps
  const { user, database } = startup
  if (user === deps.reservedUser) {
    const message = `pg_hba.conf rejects connection for host "${sourceIp}", user "${user}", database "${database}", SSL encryption`
    return refuse(client, { code: '28000', message })
  }
  const { minor, answer } = negotiate(startup, backend.newestMinor)
  if (answer) client.write(answer)
  const way = await backend.prepare(user)
  let password: string | undefined
  if (way.usesTokens || !backend.relaysPasswords) {
    client.write(encode('R', int32(authentication.cleartextPassword)))
    const { type, body } = await reader.message(loginBytesMax)
    password = type === 'p' ? onlyText(body) : undefined
    if (password === undefined) return close(client)
  }
  if (way.usesTokens) {
    const verdict = deps.judge({
      token: password ?? '',
      user,
      sourceIp,
      application: applicationOf(startup),
    })
    if (!verdict.allowed) {
      return refuse(client, {
        code: '28000',
        message: `PAM authentication failed for user "${user}"`,
        detail: `request ${verdict.requestId}`,
      })
    }
    password = way.secret
  }
  const reading = deps.isReader(client.servername || '')
  const packet = writeStartup(startup, minor, reading ? [['options', readerOptions(startup)]] : [])
  return openServer({ socket: client, reader }, packet, password, way, backend)
}

/** Opens the session on the server behind, and tells the client what that says. */
async function openServer(
  client: Side,
  startup: Buffer,
  password: string | undefined,
  way: LoginWay,
  backend: Backend,
): Promise<Opened> {
  const socket = await backend.connect()
  const server = { socket, reader: new ByteReader(socket) }
  const stop = (): void => void socket.destroy()
  client.socket.once('close', stop)
  // A break is seen by whoever reads next.
  socket.on('error', () => {})
  let opened = false
  try {
    socket.write(startup)
    const ours = way.usesTokens ? 'ours' : 'theirs'
    const admitted =
      password === undefined
        ? await relayAuthentication(client, server)
        : await authenticateWith(password, client, server, ours)
    if (!admitted) return { kind: 'closed' }
    client.socket.write(encode('R', int32(authentication.ok)))
    const key = await untilReady(client.socket, server.reader)
    if (key === 'refused') return { kind: 'closed' }
    opened = true
    client.reader.release()
    server.reader.release()
    return { kind: 'session', client: client.socket, server: socket, key }
  } finally {
    client.socket.off('close', stop)
    if (!opened) socket.destroy()
  }
}

/** Passes on parameters, keys and notices up to the first `Z`; answers the key, where there was one. */
async function untilReady(
  client: Duplex,
  reader: ByteReader,
): Promise<Buffer | undefined | 'refused'> {
  let key: Buffer | undefined
  for (;;) {
    const { type, body } = await reader.message(loginBytesMax)
    const whole = encode(type, body)
    if (type === 'E') {
      client.end(whole)
      return 'refused'
    }
    client.write(whole)
    if (type === 'K') key = body
    if (type === 'Z') return key
  }
}

function encrypt(socket: Socket, secureContext: SecureContext): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const secure = new TLSSocket(socket, {
      isServer: true,
      secureContext,
      ALPNProtocols: [alpn],
      ...pipeBuffers,
    })
    const failed = (): void => reject(new Disconnected())
    secure.once('close', failed)
    secure.on('error', failed)
    secure.once('secure', () => {
      secure.off('close', failed)
      resolve(secure)
    })
  })
}

/** A reader refuses writes; the client's own `options` stay in force beside it. */
function readerOptions({ parameters }: Startup): string {
  const own = parameters.findLast(([name]) => name === 'options')?.[1]
  const readOnly = '-c default_transaction_read_only=on'
  return own === undefined ? readOnly : `${own} ${readOnly}`
}

function applicationOf({ parameters }: Startup): string {
  return parameters.findLast(([name]) => name === 'application_name')?.[1] ?? ''
}

function unencrypted(sourceIp: string, { user, database }: Startup): LoginError {
  return {
    code: '28000',
    message: `no pg_hba.conf entry for host "${sourceIp}", user "${user}", database "${database}", no encryption`,
  }
}

function refuse(client: Duplex, error: LoginError): Opened {
  client.end(fatal(error))
  return { kind: 'closed' }
}

function close(client: Duplex): Opened {
  client.destroy()
  return { kind: 'closed' }
}
