/** Reads a socket in exact pieces, so that a conversation can be written in the order in which it is spoken. */
import type { Duplex } from 'node:stream'
import type { Message } from './wire.ts'

/** The other side closed, or sent what no protocol has: there is nobody to answer. */
export class Disconnected extends Error {}

/** What may lie here unread before the other side has to wait: the longest message and more. */
const unreadMax = 128 * 1024

/** Owns what a stream brings until it is released; one at a time for a stream. */
export class ByteReader {
  readonly #stream: Duplex
  #unread: Buffer[] = []
  #length = 0
  #wake: (() => void) | undefined
  #isOver = false

  constructor(stream: Duplex) {
    this.#stream = stream
    this.#isOver = stream.readableEnded || stream.destroyed
    stream.on('data', this.#take)
    for (const event of ['end', 'close', 'error']) stream.on(event, this.#end)
  }

  /** Bytes that came and were not asked for yet. */
  get unread(): number {
    return this.#length
  }

  /** Exactly `length` bytes. Throws Disconnected where the stream ends before. */
  async bytes(length: number): Promise<Buffer> {
    await this.#until(length)
    const all = this.#unread.length === 1 ? this.#unread[0] : Buffer.concat(this.#unread)
    const rest = all?.subarray(length) ?? Buffer.alloc(0)
    this.#unread = rest.length > 0 ? [rest] : []
    this.#length = rest.length
    return all?.subarray(0, length) ?? rest
  }

  /** What is there, one byte at least; it stays unread. */
  async peek(): Promise<Buffer> {
    await this.#until(1)
    return Buffer.concat(this.#unread)
  }

  /** The next message with a type byte. Throws Disconnected where it says that it is longer than `bytesMax`. */
  async message(bytesMax: number): Promise<Message> {
    const head = await this.bytes(5)
    const length = head.readUInt32BE(1)
    if (length < 4 || length - 4 > bytesMax) throw new Disconnected()
    return { type: head.toString('latin1', 0, 1), body: await this.bytes(length - 4) }
  }

  /** Gives the stream back, paused, with what was not read in front. */
  release(): void {
    const stream = this.#stream
    stream.pause()
    stream.off('data', this.#take)
    for (const event of ['end', 'close', 'error']) stream.off(event, this.#end)
    if (this.#length > 0 && !stream.readableEnded) stream.unshift(Buffer.concat(this.#unread))
    this.#unread = []
    this.#length = 0
  }

  async #until(length: number): Promise<void> {
    while (this.#length < length) {
      if (this.#isOver) throw new Disconnected()
      this.#stream.resume()
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  readonly #take = (chunk: Buffer): void => {
    this.#unread.push(chunk)
    this.#length += chunk.length
    if (this.#length >= unreadMax) this.#stream.pause()
    this.#wake?.()
  }

  readonly #end = (): void => {
    this.#isOver = true
    this.#wake?.()
  }
}
