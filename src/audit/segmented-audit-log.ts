/**
 * The audit log as JSON lines in segments: bounded, the newest kept. Every record is written and few are read, so writing
 * is an append and nothing else; reading looks through the segments, the newest first.
 */
import type { AuditLog, AuditQuery, AuditRecord } from './audit-log.ts'
import { matches, textsOf } from './audit-match.ts'
import { openFolder, openMemory, type Segment, type SegmentStore } from './audit-segments.ts'
import { type PackedRecord, packRecord, unpackRecord } from './packed-record.ts'

export interface OpenAuditLogOptions {
  /** Holds the segments, made where there is none; absent: they are kept in memory. One log a folder. */
  readonly folder?: string
  /** How many records are kept; the oldest go first. */
  readonly limit: number
  /** Told when records could not be written; they are lost, requests are not. */
  readonly onError?: (error: unknown) => void
}

/** The log runs over its limit by a segment at most. */
const segmentShare = 0.1
const findMax = 1_000
const bufferBytes = 64 * 1024
/** Of UTF-8 for one unit of UTF-16. */
const bytesPerUnit = 3
const newline = 0x0a

/** Opens, and makes where there is none. Disposing writes what is still pending. Throws where the folder cannot be used. */
export function openAuditLog(options: OpenAuditLogOptions): AuditLog & Disposable {
  return new SegmentedAuditLog(options)
}

class SegmentedAuditLog implements AuditLog, Disposable {
  readonly #limit: number
  readonly #onError: (error: unknown) => void
  readonly #store: SegmentStore
  readonly #pending = Buffer.allocUnsafe(bufferBytes)
  #pendingBytes = 0
  #pendingRecords = 0
  #flushing: NodeJS.Immediate | undefined
  /** Oldest first; the last is being written. */
  readonly #segments: Segment[]
  #closed = false

  constructor({ folder, limit, onError = () => {} }: OpenAuditLogOptions) {
    this.#limit = limit
    this.#onError = onError
    this.#store = folder === undefined ? openMemory() : openFolder(folder)
    this.#segments = this.#store.existing()
  }

  record(record: AuditRecord): void {
    if (this.#closed) return
    try {
      // Made text at once, while its parts are still in the processor's cache.
      this.#append(JSON.stringify(packRecord(record)))
    } catch (error) {
      this.#onError(error)
    }
    this.#flushing ??= setImmediate(() => this.#flush())
  }

  find(query: AuditQuery): AuditRecord[] {
    this.#flush()
    // A request has one record, and the newest are looked through first.
    const limit = query.requestId === undefined ? Math.min(query.limit ?? findMax, findMax) : 1
    const { beforeSequence = Number.MAX_SAFE_INTEGER } = query
    const texts = textsOf(query)
    const found: AuditRecord[] = []
    for (const segment of this.#segments.toReversed()) {
      if (segment.first >= beforeSequence) continue
      const lines = segment.read().toString('utf8').split('\n')
      for (let n = Math.min(segment.count, beforeSequence - segment.first) - 1; n >= 0; n--) {
        const line = lines[n] ?? ''
        if (!texts.every((text) => line.includes(text))) continue
        const record = this.#parse(line)
        if (record && matches(record, query)) found.push({ ...record, sequence: segment.first + n })
        if (found.length >= limit) return found
      }
    }
    return found
  }

  [Symbol.dispose](): void {
    if (this.#closed) return
    this.#flush()
    this.#closed = true
    for (const segment of this.#segments) segment.close()
  }

  #append(line: string): void {
    const room = line.length * bytesPerUnit + 1
    if (room > bufferBytes - this.#pendingBytes) this.#flush()
    if (room > bufferBytes) {
      this.#write(Buffer.from(`${line}\n`), 1)
      return
    }
    this.#pendingBytes += this.#pending.write(line, this.#pendingBytes, 'utf8')
    this.#pending[this.#pendingBytes++] = newline
    this.#pendingRecords++
  }

  #flush(): void {
    if (this.#flushing) clearImmediate(this.#flushing)
    this.#flushing = undefined
    if (this.#pendingRecords === 0) return
    const bytes = this.#pending.subarray(0, this.#pendingBytes)
    const records = this.#pendingRecords
    this.#pendingBytes = 0
    this.#pendingRecords = 0
    try {
      this.#write(bytes, records)
    } catch (error) {
      this.#onError(error)
    }
  }

  #write(bytes: Uint8Array, records: number): void {
    let segment = this.#segments.at(-1)
    if (!segment || segment.count >= Math.max(1, this.#limit * segmentShare)) {
      segment = this.#store.create(segment ? segment.first + segment.count : 1)
      this.#segments.push(segment)
      this.#dropOldest()
    }
    segment.append(bytes, records)
  }

  /** Only whole segments go, and never so many that fewer than the limit stay. */
  #dropOldest(): void {
    let kept = this.#segments.reduce((sum, { count }) => sum + count, 0)
    for (let oldest = this.#segments[0]; oldest; oldest = this.#segments[0]) {
      kept -= oldest.count
      if (kept < this.#limit) return
      this.#segments.shift()
      oldest.drop()
    }
  }

  /** A line that somebody damaged is passed over. */
  #parse(line: string): AuditRecord | undefined {
    try {
      return unpackRecord(JSON.parse(line) as PackedRecord)
    } catch (error) {
      this.#onError(error)
      return undefined
    }
  }
}
