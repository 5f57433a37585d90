/** Requests that become WebSockets: they pass the same door as all others, and are answered by HTTP until they are accepted. */
import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'

/** A request that may become a WebSocket. */
export interface Upgrade {
  /** Answers 101; the client's first protocol among `protocols` is the one that is spoken. The response is no more. */
  accept(protocols: readonly string[]): Promise<WebSocket>
}

const keepAliveMs = 60_000
/** A client's message; kubectl sends its input in pieces of 32 KiB. */
const messageBytesMax = 4 * 1024 * 1024

/** True of a request that asks for a WebSocket, whose handshake `ws` then judges. */
export function asksForWebSocket(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket'
}

/** The protocols that a client offers, in its order. */
export function offeredProtocols(request: IncomingMessage): string[] {
  const header = request.headers['sec-websocket-protocol'] ?? ''
  return header
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean)
}

/** A response to answer a request with that came with its connection, which ends with the answer; and its upgrade. */
export function upgradeOf(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): { response: ServerResponse; upgrade: Upgrade } {
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket as Socket)
  // The server's time-outs know the connection no more: whoever does not close it must not keep it.
  response.once('finish', () => (socket as Socket).destroySoon())
  socket.on('error', () => socket.destroy())
  const accept = (protocols: readonly string[]) => {
    response.detachSocket(socket as Socket)
    // A client that vanished without a word is noticed, and what it left running ends.
    ;(socket as Socket).setKeepAlive(true, keepAliveMs)
    const server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: messageBytesMax,
      perMessageDeflate: false,
      handleProtocols: (offered) => [...offered].find((one) => protocols.includes(one)) ?? false,
    })
    return new Promise<WebSocket>((resolve, reject) => {
      // A bad handshake is answered with 400 by the server itself; no more is heard of it than the closed socket.
      const refused = () => reject(Object.assign(new Error('no handshake'), { code: 'ECONNRESET' }))
      socket.once('close', refused)
      server.handleUpgrade(request, socket, head, (connection) => {
        socket.off('close', refused)
        resolve(connection)
      })
    })
  }
  return { response, upgrade: { accept } }
}
