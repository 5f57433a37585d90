/**
 * The audit log in SQLite: bounded, newest kept, written in blocks. A block is one row of a few records of one turn of the
 * event loop, without columns of their members: every record is written, few are read.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import type { AuditLog, AuditQuery, AuditRecord } from './audit-log.ts'
import { matches, textsOf } from './audit-match.ts'

export interface OpenAuditLogOptions {
  /** A file, or `:memory:`. */
  readonly path: string
  /** How many records are kept; the oldest go first. */
  readonly limit: number
  /** Told when records could not be written; they are lost, requests are not. */
  readonly onError?: (error: unknown) => void
}

/** Larger ones cost more a record: their texts and pages no longer fit the processor's nearest cache. */
const blockMax = 8
/** Deleting a few at a time costs more than letting the log run over by this share. */
const slackShare = 0.1
const findMax = 1_000

/** Opens, and makes where there is none. Disposing writes what is still pending. */
export function openAuditLog(options: OpenAuditLogOptions): AuditLog & Disposable {
  return new SqliteAuditLog(options)
}

class SqliteAuditLog implements AuditLog, Disposable {
  readonly #db: DatabaseSync
  readonly #limit: number
  readonly #onError: (error: unknown) => void
  readonly #insert: StatementSync
  #pending: AuditRecord[] = []
  #flushing: NodeJS.Immediate | undefined
  /** Position of the newest record. */
  #last: number
  #count: number
  #closed = false

  constructor({ path, limit, onError = () => {} }: OpenAuditLogOptions) {
    this.#limit = limit
    this.#onError = onError
    this.#db = new DatabaseSync(path)
    // A crash may lose the last records, never the file: an audit record is not worth a sync of the disk.
    // `records`: a JSON list, at positions `first`, `first` + 1, …; `since` and `until`: their times, ms.
    this.#db.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      CREATE TABLE IF NOT EXISTS block (
        first INTEGER PRIMARY KEY, count INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL, records TEXT NOT NULL
      );
    `)
    this.#takeOver()
    this.#insert = this.#db.prepare('INSERT INTO block VALUES (?, ?, ?, ?, ?)')
    const counted = this.#db
      .prepare('SELECT sum(count) AS n, max(first + count - 1) AS last FROM block')
      .get()
    this.#count = Number(counted?.['n'] ?? 0)
    this.#last = Number(counted?.['last'] ?? 0)
  }

  record(record: AuditRecord): void {
    if (this.#closed) return
    this.#pending.push(record)
    if (this.#pending.length >= blockMax) this.#flush()
    else this.#flushing ??= setImmediate(() => this.#flush())
  }

  find(query: AuditQuery): AuditRecord[] {
    this.#flush()
    // A request has one record, and the newest are looked through first.
    const limit = query.requestId === undefined ? Math.min(query.limit ?? findMax, findMax) : 1
    const { beforeSequence = Number.MAX_SAFE_INTEGER } = query
    const { where, values } = conditions(query, beforeSequence)
    const blocks = this.#db.prepare(
      `SELECT first, records FROM block WHERE ${where} ORDER BY first DESC`,
    )
    const found: AuditRecord[] = []
    for (const block of blocks.iterate(...values)) {
      const records = JSON.parse(String(block['records'])) as AuditRecord[]
      const first = Number(block['first'])
      for (const [n, record] of [...records.entries()].reverse()) {
        const sequence = first + n
        if (sequence >= beforeSequence || !matches(record, query)) continue
        found.push({ ...record, sequence })
        if (found.length >= limit) return found
      }
    }
    return found
  }

  [Symbol.dispose](): void {
    if (this.#closed) return
    this.#flush()
    this.#closed = true
    this.#db.close()
  }

  #flush(): void {
    if (this.#flushing) clearImmediate(this.#flushing)
    this.#flushing = undefined
    const records = this.#pending
    if (records.length === 0 || this.#closed) return
    this.#pending = []
    try {
      this.#write(records)
    } catch (error) {
      if (records.length === 1) this.#onError(error)
      else for (const record of records) this.#writeAlone(record)
    }
  }

  /** One that cannot be written takes none of its block with it. */
  #writeAlone(record: AuditRecord): void {
    try {
      this.#write([record])
    } catch (error) {
      this.#onError(error)
    }
  }

  #write(records: readonly AuditRecord[]): void {
    let since = Number.POSITIVE_INFINITY
    let until = Number.NEGATIVE_INFINITY
    for (const { at } of records) {
      since = Math.min(since, at)
      until = Math.max(until, at)
    }
    // All at once: a text for each costs half as much again.
    this.#insert.run(this.#last + 1, records.length, since, until, JSON.stringify(records))
    this.#last += records.length
    this.#count += records.length
    if (this.#count > this.#limit * (1 + slackShare)) this.#trim()
  }

  /** Only whole blocks go, and never so many that fewer than the limit stay. */
  #trim(): void {
    this.#db.prepare('DELETE FROM block WHERE first + count - 1 <= ?').run(this.#last - this.#limit)
    const oldest = this.#db.prepare('SELECT min(first) AS first FROM block').get()
    this.#count = this.#last - Number(oldest?.['first']) + 1
  }

  /** Logs of earlier versions had a row for each record. */
  #takeOver(): void {
    const old = this.#db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'event'").get()
    if (!old) return
    this.#db.exec(`
      BEGIN;
      INSERT OR IGNORE INTO block SELECT sequence, 1, at, at, '[' || record || ']' FROM event;
      DROP TABLE event;
      COMMIT;
    `)
  }
}

/** What a block must have so that a record of it may be meant. */
function conditions(query: AuditQuery, before: number): { where: string; values: SQLInputValue[] } {
  const parts = ['first < ?']
  const values: SQLInputValue[] = [before]
  const add = (sql: string, value: SQLInputValue | undefined): void => {
    if (value === undefined) return
    parts.push(sql)
    values.push(value)
  }
  add('until >= ?', query.since)
  add('since <= ?', query.until)
  for (const text of textsOf(query)) add('instr(records, ?) > 0', text)
  return { where: parts.join(' AND '), values }
}
