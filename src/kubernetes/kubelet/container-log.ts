/** The log of one run of a container on disk, in the container runtimes' format: `<time> <stream> <F|P> <text>`. */
import { closeSync, existsSync, openSync, renameSync, writeSync } from 'node:fs'
import type { Clock } from '../../kernel/clock.ts'

/** A longer line is written in parts, marked `P` for partial. */
const lineBytesMax = 16 * 1024
/** A full log is moved aside; one such is kept. As the kubelet's containerLogMaxSize. */
const fileBytesMax = 10 * 1024 * 1024
const newline = 10
const lineEnd = Buffer.from('\n')

/** Where a full log is moved to. */
export const rotatedName = (file: string) => `${file}.1`

/**
 * Writes what comes from a container; written pieces are in the file when `write` returns, so a fast writer is held
 * back by the disk and never fills memory.
 */
export class ContainerLog {
  readonly file: string
  readonly #clock: Clock
  readonly #pending = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }
  readonly #listeners = new Set<() => void>()
  #descriptor: number
  #bytes = 0
  #isOpen = true

  constructor(file: string, clock: Clock) {
    this.file = file
    this.#clock = clock
    this.#descriptor = openSync(file, 'a', 0o640)
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  write(stream: 'stdout' | 'stderr', chunk: Uint8Array): void {
    if (!this.#isOpen) return
    const text = Buffer.concat([this.#pending[stream], chunk])
    const [whole, partial] = this.#prefixes(stream)
    const parts: Buffer[] = []
    let at = 0
    for (;;) {
      const end = text.indexOf(newline, at)
      if (end >= 0 && end - at <= lineBytesMax) {
        parts.push(whole, text.subarray(at, end + 1))
        at = end + 1
      } else if (text.length - at > lineBytesMax) {
        parts.push(partial, text.subarray(at, at + lineBytesMax), lineEnd)
        at += lineBytesMax
      } else break
    }
    // A copy, so that the rest of the chunk is not kept with it.
    this.#pending[stream] = Buffer.from(text.subarray(at))
    if (parts.length > 0) this.#append(Buffer.concat(parts))
  }

  /** The container has ended: an unfinished line is written as it is, followers come to their end. */
  close(): void {
    if (!this.#isOpen) return
    for (const stream of ['stdout', 'stderr'] as const) {
      const rest = this.#pending[stream]
      if (rest.length > 0) this.#append(Buffer.concat([this.#prefixes(stream)[1], rest, lineEnd]))
    }
    this.#isOpen = false
    closeSync(this.#descriptor)
    this.#notify()
  }

  /** Resolves at the next write or at the end. */
  changed(): Promise<void> {
    if (!this.#isOpen) return Promise.resolve()
    return new Promise((resolve) => {
      const listener = () => {
        this.#listeners.delete(listener)
        resolve()
      }
      this.#listeners.add(listener)
    })
  }

  /** Before a whole line and before a part of one. */
  #prefixes(stream: string): [whole: Buffer, partial: Buffer] {
    const time = new Date(this.#clock.now()).toISOString().replace('Z', '000000Z')
    return [Buffer.from(`${time} ${stream} F `), Buffer.from(`${time} ${stream} P `)]
  }

  #append(bytes: Buffer): void {
    if (this.#bytes + bytes.length > fileBytesMax && this.#bytes > 0) this.#rotate()
    writeSync(this.#descriptor, bytes)
    this.#bytes += bytes.length
    this.#notify()
  }

  #rotate(): void {
    closeSync(this.#descriptor)
    if (existsSync(this.file)) renameSync(this.file, rotatedName(this.file))
    this.#descriptor = openSync(this.file, 'a', 0o640)
    this.#bytes = 0
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}
