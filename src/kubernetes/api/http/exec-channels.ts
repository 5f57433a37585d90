/** The streams of a command over one WebSocket: Kubernetes' remote command protocol, `v4.channel.k8s.io` and `v5`. */
import { PassThrough, type Readable } from 'node:stream'
import type { WebSocket } from 'ws'
import type { TerminalSize } from '../../runtime/runtime.ts'

/** What the server speaks. In version 5 the client can say that its input has ended. */
export const execProtocols: readonly string[] = ['v5.channel.k8s.io', 'v4.channel.k8s.io']

/** The first byte of each message (staging/src/k8s.io/apimachinery/pkg/util/remotecommand). */
const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 }

const sizeMax = 65_535

export interface WantedStreams {
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
}

export interface ExecChannels {
  readonly input: Readable
  /** Resolves when it is sent; also when the client has gone. */
  send(stream: 'stdout' | 'stderr', chunk: Uint8Array): Promise<void>
  /** Sizes of the client's terminal, those that came already first. */
  onSize(listener: (size: TerminalSize) => void): void
  /** Tells the client how it ended, and closes. `status` is a Status. */
  end(status: object): Promise<void>
}

/** Speaks for one command; the streams that are not `wanted` carry nothing. */
export function execChannels(connection: WebSocket, wanted: WantedStreams): ExecChannels {
  const input = new PassThrough()
  const sizes: TerminalSize[] = []
  let listener = (size: TerminalSize): void => void sizes.push(size)
  const write = (channel: number, data: Uint8Array): Promise<void> =>
    new Promise((resolve) => {
      connection.send(Buffer.concat([Buffer.of(channel), data]), { binary: true }, () => resolve())
    })
  input.on('drain', () => connection.resume())
  input.on('error', () => {})
  connection.on('error', () => connection.terminate())
  connection.on('close', () => input.end())
  connection.on('message', (message: Buffer, isBinary: boolean) => {
    if (!isBinary || message.length === 0) return
    const data = message.subarray(1)
    switch (message[0]) {
      case channels.stdin:
        if (wanted.stdin && !input.writableEnded && !input.write(data)) connection.pause()
        return
      case channels.resize: {
        const size = readSize(data)
        if (size) listener(size)
        return
      }
      case channels.close:
        if (data[0] === channels.stdin) input.end()
        return
    }
  })
  // Tells the client that its streams are there.
  const first = wanted.stdout ? channels.stdout : wanted.stderr ? channels.stderr : channels.error
  void write(first, new Uint8Array())
  return {
    input,
    send: (stream, chunk) => (wanted[stream] ? write(channels[stream], chunk) : Promise.resolve()),
    onSize(next) {
      listener = next
      for (const size of sizes.splice(0)) next(size)
    },
    async end(status) {
      await write(channels.error, Buffer.from(JSON.stringify(status)))
      connection.close(1000)
    },
  }
}

/** `{"Width":80,"Height":24}`; undefined for what is none. */
function readSize(data: Buffer): TerminalSize | undefined {
  try {
    const { Width: columns, Height: rows } = JSON.parse(data.toString('utf8')) ?? {}
    return isSize(columns) && isSize(rows) ? { columns, rows } : undefined
  } catch {
    return undefined
  }
}

function isSize(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= sizeMax
}
