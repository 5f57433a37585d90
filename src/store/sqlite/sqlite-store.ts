/** The embedded store: one SQLite file, writes of one turn of the event loop committed together. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { transactionProblem } from '../change-problem.ts'
import {
  type Change,
  type ChangeEvent,
  type ListOptions,
  type Page,
  type Store,
  type Stored,
  StoreError,
} from '../store.ts'
import { openDatabase, prefixRange } from './schema.ts'

export interface SqliteStoreOptions {
  /** A file, or `:memory:`. */
  readonly path: string
  /** Milliseconds since the epoch, for the age of old versions. */
  readonly now: () => number
  /** How long old versions stay readable (ms); default one hour. */
  readonly keepMs?: number
  /** Told of a listener that threw; the others still hear the change. */
  readonly onListenerError?: (error: unknown) => void
}

interface Pending {
  readonly changes: readonly Change[]
  readonly resolve: (revision: number) => void
  readonly reject: (error: unknown) => void
}

interface Watcher {
  readonly prefix: string
  readonly listener: (event: ChangeEvent<never>) => void
}

type Row = Record<string, string | number | null>

const compactEvery = 10_000

/** Opens the store; the file is made where it is missing. */
export function openSqliteStore(options: SqliteStoreOptions): Store {
  return new SqliteStore(options)
}

class SqliteStore implements Store {
  readonly #database: DatabaseSync
  readonly #options: SqliteStoreOptions
  readonly #statements = new Map<string, StatementSync>()
  readonly #watchers = new Set<Watcher>()
  #revision: number
  #compacted: number
  #sinceCompaction = 0
  #queue: Pending[] = []
  #flushing = false
  #closed = false

  constructor(options: SqliteStoreOptions) {
    this.#options = options
    this.#database = openDatabase(options.path)
    this.#revision = this.#meta('revision')
    this.#compacted = this.#meta('compacted')
  }

  revision(): number {
    return this.#revision
  }

  get<T>(key: string, at?: number): Stored<T> | undefined {
    if (at === undefined || at === this.#revision) {
      const row = this.#sql('SELECT * FROM current WHERE key = ?').get(key) as Row | undefined
      return row && stored<T>(row)
    }
    this.#checkReadable(at, key)
    const row = this.#sql(
      'SELECT * FROM versions WHERE key = ? AND revision <= ? ORDER BY revision DESC LIMIT 1',
    ).get(key, at) as Row | undefined
    return row && row['kind'] !== 'deleted' ? stored<T>(row) : undefined
  }

  list<T>(prefix: string, { after, limit, at }: ListOptions = {}): Page<T> {
    const { from, to } = prefixRange(prefix)
    const start = after !== undefined && after >= from ? after : from
    const beyond = after !== undefined && after >= from ? '>' : '>='
    const count = limit === undefined ? -1 : limit + 1
    let rows: Row[]
    if (at === undefined || at === this.#revision) {
      rows = this.#sql(
        `SELECT * FROM current WHERE key ${beyond} ? AND key < ? ORDER BY key LIMIT ?`,
      ).all(start, to, count) as Row[]
    } else {
      this.#checkReadable(at, prefix)
      rows = this.#sql(
        `SELECT * FROM (SELECT key, max(revision) AS revision, create_revision, value, kind FROM versions
         WHERE key ${beyond} ? AND key < ? AND revision <= ? GROUP BY key) WHERE kind <> 'deleted' ORDER BY key LIMIT ?`,
      ).all(start, to, at, count) as Row[]
    }
    const more = limit !== undefined && rows.length > limit
    if (more) rows.pop()
    return { items: rows.map((row) => stored<T>(row)), revision: at ?? this.#revision, more }
  }

  create(key: string, value: unknown): Promise<number> {
    return this.transact([{ kind: 'create', key, value }])
  }

  update(key: string, value: unknown, expected?: number): Promise<number> {
    return this.transact([
      { kind: 'update', key, value, ...(expected !== undefined && { expected }) },
    ])
  }

  delete(key: string, expected?: number): Promise<number> {
    return this.transact([{ kind: 'delete', key, ...(expected !== undefined && { expected }) }])
  }

  transact(changes: readonly Change[]): Promise<number> {
    if (this.#closed) return Promise.reject(new Error('the store is closed'))
    return new Promise((resolve, reject) => {
      this.#queue.push({ changes, resolve, reject })
      if (!this.#flushing) {
        this.#flushing = true
        setImmediate(() => this.#flush())
      }
    })
  }

  watch<T>(prefix: string, from: number, listener: (event: ChangeEvent<T>) => void): Disposable {
    if (from < this.#compacted) throw new StoreError('compacted', prefix)
    if (from > this.#revision) throw new StoreError('future', prefix)
    if (from < this.#revision) {
      const { from: start, to } = prefixRange(prefix)
      const rows = this.#sql(
        'SELECT * FROM versions WHERE revision > ? AND key >= ? AND key < ? ORDER BY revision, key',
      ).all(from, start, to) as Row[]
      for (const row of rows) listener(changeEvent<T>(row))
    }
    const watcher: Watcher = { prefix, listener: listener as Watcher['listener'] }
    this.#watchers.add(watcher)
    return { [Symbol.dispose]: () => this.#watchers.delete(watcher) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#flush()
    this.#closed = true
    this.#watchers.clear()
    this.#database.close()
  }

  #flush(): void {
    this.#flushing = false
    const batch = this.#queue
    if (batch.length === 0) return
    this.#queue = []
    const outcomes: (() => void)[] = []
    const events: ChangeEvent<unknown>[] = []
    const before = this.#revision
    try {
      this.#database.exec('BEGIN IMMEDIATE')
      const at = this.#options.now()
      for (const pending of batch) outcomes.push(this.#apply(pending, at, events))
      this.#sql("UPDATE meta SET value = ? WHERE name = 'revision'").run(this.#revision)
      this.#database.exec('COMMIT')
    } catch (error) {
      this.#revision = before
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      for (const pending of batch) pending.reject(error)
      return
    }
    for (const event of events) this.#announce(event)
    for (const outcome of outcomes) outcome()
    this.#compactNowAndThen(events.length)
  }

  /** Applies one transaction inside the open batch: all its checks first, then all its writes. */
  #apply(pending: Pending, at: number, events: ChangeEvent<unknown>[]): () => void {
    const current = this.#sql('SELECT * FROM current WHERE key = ?')
    const rows = new Map<string, Row | undefined>()
    for (const { key } of pending.changes) rows.set(key, current.get(key) as Row | undefined)
    const revisionOf = (key: string) => {
      const row = rows.get(key)
      return row && Number(row['revision'])
    }
    const problem = transactionProblem(pending.changes, revisionOf)
    if (problem) return () => pending.reject(problem)
    let texts: string[]
    try {
      texts = pending.changes.map((change) =>
        'value' in change ? JSON.stringify(change.value) : '',
      )
    } catch (error) {
      return () => pending.reject(error)
    }
    const revision = pending.changes.every((change) => change.kind === 'check')
      ? this.#revision
      : ++this.#revision
    for (const [index, change] of pending.changes.entries()) {
      if (change.kind === 'check') continue
      events.push(this.#write(change, rows.get(change.key), texts[index] ?? '', revision, at))
    }
    return () => pending.resolve(revision)
  }

  #write(
    change: Exclude<Change, { kind: 'check' }>,
    row: Row | undefined,
    text: string,
    revision: number,
    at: number,
  ): ChangeEvent<unknown> {
    const previous = row ? String(row['value']) : null
    const createRevision = row ? Number(row['create_revision']) : revision
    const value = change.kind === 'delete' ? (previous ?? 'null') : text
    const kind = ({ create: 'created', update: 'updated', delete: 'deleted' } as const)[change.kind]
    if (change.kind === 'delete') {
      this.#sql('DELETE FROM current WHERE key = ?').run(change.key)
    } else {
      this.#sql('INSERT OR REPLACE INTO current VALUES (?, ?, ?, ?)').run(
        change.key,
        revision,
        createRevision,
        value,
      )
    }
    const kept = change.kind === 'update' ? previous : null
    this.#sql('INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?)').run(
      revision,
      change.key,
      kind,
      createRevision,
      at,
      value,
      kept,
    )
    return changeEvent({
      revision,
      key: change.key,
      kind,
      create_revision: createRevision,
      value,
      previous: kept,
    })
  }

  #announce(event: ChangeEvent<unknown>): void {
    for (const watcher of [...this.#watchers]) {
      if (!event.key.startsWith(watcher.prefix) || !this.#watchers.has(watcher)) continue
      try {
        watcher.listener(event as ChangeEvent<never>)
      } catch (error) {
        this.#options.onListenerError?.(error)
      }
    }
  }

  #compactNowAndThen(writes: number): void {
    this.#sinceCompaction += writes
    if (this.#sinceCompaction < compactEvery) return
    this.#sinceCompaction = 0
    const old = this.#options.now() - (this.#options.keepMs ?? 3_600_000)
    const row = this.#sql('SELECT max(revision) AS revision FROM versions WHERE at < ?').get(old)
    const upTo = Number(row?.['revision'] ?? 0)
    if (upTo <= this.#compacted) return
    this.#database.exec('BEGIN IMMEDIATE')
    this.#sql(
      `DELETE FROM versions WHERE revision <= ? AND (kind = 'deleted' OR EXISTS
       (SELECT 1 FROM versions AS newer WHERE newer.key = versions.key AND newer.revision > versions.revision AND newer.revision <= ?))`,
    ).run(upTo, upTo)
    this.#sql("UPDATE meta SET value = ? WHERE name = 'compacted'").run(upTo)
    this.#database.exec('COMMIT')
    this.#compacted = upTo
  }

  #checkReadable(at: number, key: string): void {
    if (at < this.#compacted) throw new StoreError('compacted', key)
    if (at > this.#revision) throw new StoreError('future', key)
  }

  #meta(name: string): number {
    return Number(this.#sql('SELECT value FROM meta WHERE name = ?').get(name)?.['value'] ?? 0)
  }

  #sql(text: string): StatementSync {
    let statement = this.#statements.get(text)
    if (!statement) {
      statement = this.#database.prepare(text)
      this.#statements.set(text, statement)
    }
    return statement
  }
}

function stored<T>(row: Row): Stored<T> {
  return {
    key: String(row['key']),
    value: JSON.parse(String(row['value'])) as T,
    revision: Number(row['revision']),
    createRevision: Number(row['create_revision']),
  }
}

function changeEvent<T>(row: Row): ChangeEvent<T> {
  return {
    kind: row['kind'] as ChangeEvent['kind'],
    key: String(row['key']),
    revision: Number(row['revision']),
    createRevision: Number(row['create_revision']),
    value: JSON.parse(String(row['value'])) as T,
    ...(row['previous'] !== null && { previous: JSON.parse(String(row['previous'])) as T }),
  }
}
