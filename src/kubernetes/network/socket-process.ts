/** Runs inside a network namespace: makes sockets there and hands them to its parent process, which uses them itself. */
import type { SendHandle } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { connect, createServer } from 'node:net'

/** What the parent asks for. */
export interface SocketRequest {
  readonly id: number
  readonly kind: 'listen' | 'connect' | 'datagrams'
  readonly host: string
  readonly port: number
}

/** The answer; the socket travels with it. */
export interface SocketAnswer {
  readonly id: number
  readonly error?: { readonly code?: string | undefined; readonly message: string }
}

const answer = (message: SocketAnswer, handle?: SendHandle, done?: () => void) => {
  process.send?.(message, handle, { keepOpen: false }, done)
}

// However our parent ends, that ends us. Of the channel's end nothing is heard while a socket waits to be taken; of standard
// input's it is.
process.stdin.once('close', () => process.exit()).resume()
process.on('message', ({ id, kind, host, port }: SocketRequest) => {
  const fail = ({ code, message }: NodeJS.ErrnoException) =>
    answer({ id, error: { code, message } })
  if (kind === 'listen') {
    const server = createServer().once('error', fail)
    server.listen({ host, port }, () => answer({ id }, server, () => server.close()))
  } else if (kind === 'connect') {
    // Paused, so that not a byte of it is read here.
    const socket = connect({ host, port }).pause()
    socket.once('error', fail)
    socket.once('connect', () => answer({ id }, socket))
  } else {
    const socket = createSocket('udp4').once('error', fail)
    socket.bind(port, host, () => answer({ id }, socket, () => socket.close()))
  }
})
