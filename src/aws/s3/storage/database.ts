/** The tables of the disk storage, prepared statements, and writes committed in groups. */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'

// Blobs have a table of their own, so that rows of `objects` stay narrow and lists read few pages.
const tables = `
  CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS buckets (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, account TEXT NOT NULL, region TEXT NOT NULL,
    created INTEGER NOT NULL, versioning TEXT NOT NULL, settings TEXT NOT NULL
  );
  CREATE TABLE IF NOT EXISTS objects (
    bucket INTEGER NOT NULL, key BLOB NOT NULL, seq INTEGER NOT NULL, version_id TEXT NOT NULL,
    latest INTEGER NOT NULL, marker INTEGER NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
    modified INTEGER NOT NULL, storage_class TEXT NOT NULL, checksum TEXT, blob INTEGER, blobs TEXT, parts TEXT,
    facts TEXT, tags TEXT, lock TEXT, PRIMARY KEY (bucket, key, seq DESC)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS blobs (
    id INTEGER PRIMARY KEY, refs INTEGER NOT NULL, size INTEGER NOT NULL, file TEXT, body BLOB
  );
  CREATE TABLE IF NOT EXISTS garbage (file TEXT PRIMARY KEY) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS uploads (
    bucket INTEGER NOT NULL, key BLOB NOT NULL, upload_id TEXT NOT NULL, started INTEGER NOT NULL,
    facts TEXT NOT NULL, PRIMARY KEY (bucket, key, upload_id)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS parts (
    upload_id TEXT NOT NULL, number INTEGER NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
    checksum TEXT, modified INTEGER NOT NULL, blobs TEXT NOT NULL, PRIMARY KEY (upload_id, number)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS completed (
    upload_id TEXT PRIMARY KEY, bucket INTEGER NOT NULL, key BLOB NOT NULL, version_id TEXT NOT NULL,
    etag TEXT NOT NULL, at INTEGER NOT NULL
  ) WITHOUT ROWID;
  INSERT OR IGNORE INTO meta VALUES ('format', 1), ('clean', 1);
`

export type Value = string | number | Uint8Array | null
export type Row = Record<string, Value>

interface Waiting {
  readonly work: () => unknown
  readonly resolve: (value: never) => void
  readonly reject: (error: unknown) => void
}

/**
 * The database behind the disk storage. Reads are synchronous; writes given in one turn of the event loop share one
 * durable commit, and each is all or nothing by itself.
 */
export class Database {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  readonly #lists = new Map<string, StatementSync>()
  #waiting: Waiting[] = []
  #scheduled = false
  #closed = false

  /** Opens or makes the file. Throws when another process has it, or when it is none of ours. */
  constructor(path: string) {
    this.#database = new DatabaseSync(path)
    // One process owns the directory: the exclusive lock says so, and saves the shared-memory file.
    this.#database.exec(
      'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16000',
    )
    this.#database.exec(tables)
    if (this.get("SELECT value FROM meta WHERE name = 'format'")?.['value'] !== 1) {
      this.#database.close()
      throw new Error(`the objects in ${path} were written by another version of Podpass`)
    }
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepare(sql).get(...values) as Row | undefined
  }

  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepare(sql).all(...values) as Row[]
  }

  /** Rows as arrays, in the order of the columns: half the cost of objects, for lists. */
  arrays(sql: string, ...values: SQLInputValue[]): Value[][] {
    let statement = this.#lists.get(sql)
    if (!statement) {
      statement = this.#database.prepare(sql)
      statement.setReturnArrays(true)
      this.#lists.set(sql, statement)
    }
    return statement.all(...values) as unknown as Value[][]
  }

  /** Runs a change at once; call it only within `write`. Returns the id of an inserted row. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepare(sql).run(...values).lastInsertRowid)
  }

  /** Runs `work` in the next group; resolves with its value once that is on disk, rejects with what it threw. */
  write<T>(work: () => T): Promise<T> {
    if (this.#closed) return Promise.reject(new Error('the storage is closed'))
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ work, resolve, reject })
      if (this.#scheduled) return
      this.#scheduled = true
      setImmediate(() => this.#flush())
    })
  }

  /** Commits what waits, then closes the file. */
  close(): void {
    if (this.#closed) return
    this.#flush()
    this.#closed = true
    this.#database.close()
  }

  #flush(): void {
    this.#scheduled = false
    const group = this.#waiting
    if (group.length === 0) return
    this.#waiting = []
    const outcomes: (() => void)[] = []
    try {
      this.#prepare('BEGIN IMMEDIATE').run()
      for (const one of group) outcomes.push(this.#attempt(one))
      this.#prepare('COMMIT').run()
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      for (const { reject } of group) reject(error)
      return
    }
    for (const outcome of outcomes) outcome()
  }

  #attempt({ work, resolve, reject }: Waiting): () => void {
    this.#prepare('SAVEPOINT one').run()
    try {
      const value = work()
      this.#prepare('RELEASE one').run()
      return () => resolve(value as never)
    } catch (error) {
      this.#prepare('ROLLBACK TO one').run()
      this.#prepare('RELEASE one').run()
      return () => reject(error)
    }
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (!statement) {
      statement = this.#database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}
