/** Where the audit log's segments lie: files of a folder, or memory. A segment is JSON lines, at positions without a gap. */
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'

export interface Segment {
  /** Position of its first record; from 1 on. */
  readonly first: number
  readonly count: number
  /** Whole lines. */
  append(bytes: Uint8Array, records: number): void
  read(): Buffer
  close(): void
  /** Closes it and frees its room. */
  drop(): void
}

export interface SegmentStore {
  /** Oldest first. */
  existing(): Segment[]
  create(first: number): Segment
}

const newline = 0x0a
const ending = '.jsonl'

/** Segments as files that their owner alone can read, named after the position of their first record. */
export function openFolder(folder: string): SegmentStore {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const pathOf = (first: number) => join(folder, `${String(first).padStart(12, '0')}${ending}`)
  return {
    existing: () =>
      readdirSync(folder)
        .map((name) => /^(\d{12,15})\.jsonl$/.exec(name)?.[1])
        .filter((first) => first !== undefined)
        .map(Number)
        .sort((a, b) => a - b)
        .map((first) => new FileSegment(pathOf(first), first)),
    create: (first) => new FileSegment(pathOf(first), first),
  }
}

class FileSegment implements Segment {
  readonly first: number
  readonly #path: string
  readonly #file: number
  #size: number
  count = 0

  constructor(path: string, first: number) {
    this.first = first
    this.#path = path
    this.#file = openSync(path, 'a+', 0o600)
    const bytes = readFileSync(this.#file)
    let end = 0
    for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, end)) {
      end = at + 1
      this.count++
    }
    // A crash may have cut the last line.
    if (end < bytes.length) ftruncateSync(this.#file, end)
    this.#size = end
  }

  append(bytes: Uint8Array, records: number): void {
    try {
      const written = writeSync(this.#file, bytes)
      if (written < bytes.length) throw new Error('the disk is full')
    } catch (error) {
      // Half a record would shift the positions of those after it.
      ftruncateSync(this.#file, this.#size)
      throw error
    }
    this.#size += bytes.length
    this.count += records
  }

  read(): Buffer {
    return readFileSync(this.#path)
  }

  close(): void {
    closeSync(this.#file)
  }

  drop(): void {
    this.close()
    unlinkSync(this.#path)
  }
}

/** Segments that end with the process. */
export function openMemory(): SegmentStore {
  return { existing: () => [], create: (first) => new MemorySegment(first) }
}

class MemorySegment implements Segment {
  readonly first: number
  readonly #pieces: Uint8Array[] = []
  count = 0

  constructor(first: number) {
    this.first = first
  }

  append(bytes: Uint8Array, records: number): void {
    this.#pieces.push(Uint8Array.prototype.slice.call(bytes))
    this.count += records
  }

  read(): Buffer {
    return Buffer.concat(this.#pieces)
  }

  close(): void {}

  drop(): void {}
}
