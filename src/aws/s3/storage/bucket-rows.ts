/** Buckets as rows, with a copy in memory that every request reads. */
import type { Database, Row } from './database.ts'
import type { Bucket, BucketChange, Buckets, Versioning } from './storage.ts'

/** A bucket's row as a write sees it: what is true inside the transaction. */
export interface BucketRow {
  readonly id: number
  readonly versioning: Versioning
}

export class BucketRows implements Buckets {
  readonly #database: Database
  readonly #dropUploads: (bucket: number) => void
  readonly #buckets = new Map<string, Bucket>()
  readonly #ids = new Map<string, number>()

  /** `dropUploads` lets a bucket's uploads in progress go: they do not keep it from being deleted. */
  constructor(database: Database, dropUploads: (bucket: number) => void) {
    this.#database = database
    this.#dropUploads = dropUploads
    for (const row of database.all('SELECT * FROM buckets')) this.#remember(row)
  }

  get(name: string): Bucket | undefined {
    return this.#buckets.get(name)
  }

  all(): readonly Bucket[] {
    return [...this.#buckets.values()]
  }

  list(account: string): readonly Bucket[] {
    return this.all()
      .filter((bucket) => bucket.account === account)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** The number under which objects lie; undefined where there is no such bucket. */
  id(name: string): number | undefined {
    return this.#ids.get(name)
  }

  /** The bucket inside the running write. */
  row(name: string): BucketRow | undefined {
    const row = this.#database.get('SELECT id, versioning FROM buckets WHERE name = ?', name)
    return row && { id: Number(row['id']), versioning: row['versioning'] as Versioning }
  }

  async create(bucket: Bucket): Promise<'created' | 'exists'> {
    const row = await this.#database.write(() => {
      if (this.row(bucket.name)) return undefined
      this.#database.run(
        'INSERT INTO buckets (name, account, region, created, versioning, settings) VALUES (?, ?, ?, ?, ?, ?)',
        bucket.name,
        bucket.account,
        bucket.region,
        bucket.createdAt,
        bucket.versioning,
        JSON.stringify(bucket.settings),
      )
      return this.#database.get('SELECT * FROM buckets WHERE name = ?', bucket.name)
    })
    if (!row) return 'exists'
    this.#remember(row)
    return 'created'
  }

  async delete(name: string): Promise<'deleted' | 'not-empty' | 'missing'> {
    const outcome = await this.#database.write(() => {
      const row = this.row(name)
      if (!row) return 'missing' as const
      if (this.#database.get('SELECT 1 FROM objects WHERE bucket = ? LIMIT 1', row.id)) {
        return 'not-empty' as const
      }
      this.#dropUploads(row.id)
      this.#database.run('DELETE FROM buckets WHERE id = ?', row.id)
      return 'deleted' as const
    })
    if (outcome === 'deleted') {
      this.#buckets.delete(name)
      this.#ids.delete(name)
    }
    return outcome
  }

  async change(name: string, change: BucketChange): Promise<boolean> {
    const row = await this.#database.write(() => {
      const before = this.#database.get('SELECT * FROM buckets WHERE name = ?', name)
      if (!before) return undefined
      const settings = { ...JSON.parse(String(before['settings'])), ...change.settings }
      this.#database.run(
        'UPDATE buckets SET versioning = ?, settings = ? WHERE name = ?',
        change.versioning ?? String(before['versioning']),
        JSON.stringify(settings),
        name,
      )
      return this.#database.get('SELECT * FROM buckets WHERE name = ?', name)
    })
    if (!row) return false
    this.#remember(row)
    return true
  }

  #remember(row: Row): void {
    const name = String(row['name'])
    this.#ids.set(name, Number(row['id']))
    this.#buckets.set(name, {
      name,
      account: String(row['account']),
      region: String(row['region']),
      createdAt: Number(row['created']),
      versioning: row['versioning'] as Versioning,
      settings: JSON.parse(String(row['settings'])),
    })
  }
}
