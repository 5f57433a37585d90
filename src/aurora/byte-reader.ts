/** Reads a socket in exact pieces, so that a conversation can be written in the order in which it is spoken. */
import type { Duplex } from 'node:stream'
import type { Message } from './wire.ts'

/** The other side closed, or sent what no protocol has: there is nobody to answer. */
export class Disconnected extends Error {}

/** Nothing is taken from the stream beyond what is asked for: the rest can be piped afterwards. */
export class ByteReader {
  readonly #stream: Duplex

  constructor(stream: Duplex) {
    this.#stream = stream
  }

  /** Exactly `length` bytes. Throws Disconnected where the stream ends before. */
  async bytes(length: number): Promise<Buffer> {
    if (length === 0) return Buffer.alloc(0)
    const stream = this.#stream
    for (;;) {
      const chunk: Buffer | null = stream.read(length)
      if (chunk?.length === length) return chunk
      if (chunk !== null || stream.readableEnded || stream.destroyed) throw new Disconnected()
      await readable(stream)
    }
  }

  /** The next message with a type byte. Throws Disconnected where it says that it is longer than `bytesMax`. */
  async message(bytesMax: number): Promise<Message> {
    const head = await this.bytes(5)
    const length = head.readUInt32BE(1)
    if (length < 4 || length - 4 > bytesMax) throw new Disconnected()
    return { type: head.toString('latin1', 0, 1), body: await this.bytes(length - 4) }
  }
}

function readable(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const events = ['readable', 'end', 'close', 'error'] as const
    const done = (): void => {
      for (const event of events) stream.off(event, done)
      resolve()
    }
    for (const event of events) stream.on(event, done)
  })
}
