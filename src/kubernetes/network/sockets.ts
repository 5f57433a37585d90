/** Sockets of another network namespace, for use in this process: a child makes them there and hands them over. */
import { type ChildProcess, type SendHandle, spawn } from 'node:child_process'
import type { Socket as DatagramSocket } from 'node:dgram'
import { once } from 'node:events'
import type { Server, Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { NetworkFailure, type NetworkNamespace, type NetworkPrograms } from './namespace.ts'
import type { SocketAnswer, SocketRequest } from './socket-process.ts'

// From the sources in a clone, compiled in a published package.
const program = import.meta.url.endsWith('.ts') ? './socket-process.ts' : './socket-process.js'

interface Asked {
  resolve(handle: unknown): void
  reject(error: Error): void
}

/** Its sockets live on after it is disposed. */
export class Sockets implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #asked = new Map<number, Asked>()
  readonly #ended: Promise<unknown>
  #isOver = false
  #count = 0

  constructor(programs: NetworkPrograms, namespace: NetworkNamespace) {
    const script = fileURLToPath(new URL(program, import.meta.url))
    const node = [process.execPath, '--disable-warning=ExperimentalWarning', script]
    this.#child = spawn(programs.nsenter, [`--net=${namespace.path}`, '--', ...node], {
      detached: true,
      env: {},
      stdio: ['pipe', 'ignore', 'ignore', 'ipc'],
    })
    this.#child.stdin?.on('error', () => {})
    this.#child.on('message', ({ id, error }: SocketAnswer, handle) => {
      const asked = this.#asked.get(id)
      this.#asked.delete(id)
      if (!asked) closeUnasked(handle)
      else if (error === undefined) asked.resolve(handle)
      else asked.reject(Object.assign(new NetworkFailure(error.message), { code: error.code }))
    })
    const end = () => {
      this.#isOver = true
      for (const { reject } of this.#asked.values()) reject(gone())
      this.#asked.clear()
    }
    this.#child.on('error', end)
    this.#ended = once(this.#child, 'exit').then(end, end)
  }

  /** A server that listens there; hand it to another server's `listen`. Rejects with NetworkFailure. */
  listen(host: string, port: number): Promise<Server> {
    return this.#ask('listen', host, port) as Promise<Server>
  }

  /** A connected socket. Rejects with NetworkFailure, whose `code` is the operating system's. */
  connect(host: string, port: number): Promise<Socket> {
    return this.#ask('connect', host, port) as Promise<Socket>
  }

  datagrams(host: string, port: number): Promise<DatagramSocket> {
    return this.#ask('datagrams', host, port) as Promise<DatagramSocket>
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin?.end()
    await this.#ended
  }

  #ask(kind: SocketRequest['kind'], host: string, port: number): Promise<unknown> {
    if (this.#isOver) return Promise.reject(gone())
    const id = this.#count++
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject })
      const request: SocketRequest = { id, kind, host, port }
      this.#child.send(request, (error) => {
        if (error) reject(error)
      })
    })
  }
}

/** Whoever asked has given up: it would keep this process alive. */
function closeUnasked(handle: SendHandle | undefined): void {
  if (handle && 'destroy' in handle) handle.destroy()
  else if (handle && 'close' in handle) handle.close()
}

function gone(): NetworkFailure {
  return new NetworkFailure('the process in the network namespace has ended')
}
