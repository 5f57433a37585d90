/** A server that speaks HTTP and HTTPS on one port (the first byte decides), with limits, and drains when closed. */
import {
  createServer as createHttpServer,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer as createTcpServer, type Socket } from 'node:net'

export interface OnePortServer extends AsyncDisposable {
  readonly port: number
  /** Serves new connections with another certificate; those that are open go on. Without one before, it does nothing. */
  setCertificate(tls: { readonly cert: string; readonly key: string }): void
}

const tlsHandshake = 0x16
/** Headers in all; session tokens and presigned queries are long, metadata is 2 KiB. */
const maxHeaderBytes = 32 * 1024
const headersTimeoutMs = 20_000
const idleTimeoutMs = 120_000
const drainMs = 5_000
const maxConnections = 20_000

/** `port` 0 takes any free one. Without `tls` only HTTP is spoken. Rejects when the port cannot be had. */
export async function startOnePortServer(options: {
  host: string
  port: number
  tls?: { readonly cert: string; readonly key: string }
  onRequest: RequestListener
  onContinue: RequestListener
}): Promise<OnePortServer> {
  const limits = {
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: headersTimeoutMs,
    requestTimeout: 0,
    // The idle time-out ends kept connections too; one more timer for each answer would be set and cleared in vain.
    keepAliveTimeout: 0,
    noDelay: true,
  }
  let closing = false
  function endWhenClosing(this: ServerResponse): void {
    if (closing) this.req.socket.end()
  }
  const draining = (listener: RequestListener): RequestListener => {
    return (message, response) => {
      response.on('close', endWhenClosing)
      listener(message, response)
    }
  }
  const onRequest = draining(options.onRequest)
  const plain = createHttpServer(limits, onRequest)
  const secure = options.tls && createHttpsServer({ ...limits, ...options.tls }, onRequest)
  const servers: Server[] = secure ? [plain, secure] : [plain]
  for (const server of servers) {
    server.timeout = idleTimeoutMs
    // Node would silently drop what exceeds a count; the pipeline refuses instead.
    server.maxHeadersCount = 0
    server.on('checkContinue', draining(options.onContinue))
    // They never listen themselves, but only after this do they watch their connections' time-outs.
    server.emit('listening')
  }
  const sockets = new Set<Socket>()
  const door = createTcpServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.setTimeout(headersTimeoutMs, () => socket.destroy())
    socket.once('readable', () => {
      const first: Buffer | null = socket.read(1)
      if (first === null) return
      socket.unshift(first)
      socket.setTimeout(0)
      socket.removeAllListeners('timeout')
      const server = first[0] === tlsHandshake && secure ? secure : plain
      server.emit('connection', socket)
    })
  })
  door.maxConnections = maxConnections
  await new Promise<void>((resolve, reject) => {
    door.once('error', reject)
    door.listen(options.port, options.host, () => {
      door.off('error', reject)
      resolve()
    })
  })
  const address = door.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    port: address.port,
    setCertificate: ({ cert, key }) => secure?.setSecureContext({ cert, key }),
    [Symbol.asyncDispose]: async () => {
      closing = true
      const closed = new Promise<void>((resolve) => door.close(() => resolve()))
      for (const server of servers) {
        server.close()
        server.closeIdleConnections()
      }
      const deadline = setTimeout(() => {
        for (const socket of sockets) socket.destroy()
      }, drainMs)
      closeIdle(sockets)
      await closed
      clearTimeout(deadline)
    },
  }
}

/** Sockets that never sent a byte belong to no HTTP server yet: nothing is in flight on them. */
function closeIdle(sockets: ReadonlySet<Socket>): void {
  for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
}
