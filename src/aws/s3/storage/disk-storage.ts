/** Buckets and objects in a directory: `objects.db` with rows and small bodies, `data/` with large ones. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { Clock } from '../../../kernel/clock.ts'
import { Blobs } from './blobs.ts'
import { BucketRows } from './bucket-rows.ts'
import { Content } from './content.ts'
import { Database } from './database.ts'
import { type Cursor, readPage } from './listing.ts'
import { blobsOf, listedColumns, listedVersion } from './object-row.ts'
import { ObjectRows } from './object-rows.ts'
import type {
  ByteRange,
  Listed,
  ListedVersion,
  ListQuery,
  NewObject,
  ObjectLock,
  ObjectStorage,
  Removal,
  Staged,
  StagePlan,
  StoredObject,
  StoredVersion,
  WriteOptions,
} from './storage.ts'
import { UploadRows } from './upload-rows.ts'
import { seqOf } from './version-id.ts'

/** Opens the storage in `directory`, which is made where it is missing; what a crash left half done is cleared away. */
export async function openDiskStorage(options: {
  readonly directory: string
  readonly clock: Clock
}): Promise<ObjectStorage> {
  await mkdir(options.directory, { recursive: true, mode: 0o700 })
  const database = new Database(join(options.directory, 'objects.db'))
  const storage = new DiskStorage(database, new Blobs(database, options.directory))
  try {
    await storage.start(options.clock.now())
  } catch (error) {
    database.close()
    throw error
  }
  return storage
}

class DiskStorage implements ObjectStorage {
  readonly buckets: BucketRows
  readonly uploads: UploadRows
  readonly #database: Database
  readonly #blobs: Blobs
  readonly #objects: ObjectRows
  readonly #content: Content

  constructor(database: Database, blobs: Blobs) {
    this.#database = database
    this.#blobs = blobs
    this.#content = new Content(database, blobs)
    this.#objects = new ObjectRows(database, blobs)
    this.buckets = new BucketRows(database, (bucket) => this.uploads.drop(bucket))
    this.uploads = new UploadRows({
      database,
      blobs,
      buckets: this.buckets,
      objects: this.#objects,
      content: this.#content,
    })
  }

  async start(now: number): Promise<void> {
    await this.#blobs.open()
    await this.uploads.forgetOld(now)
  }

  async find(bucket: string, key: string, versionId?: string): Promise<StoredVersion | undefined> {
    const id = this.buckets.id(bucket)
    return id === undefined ? undefined : this.#objects.find(id, Buffer.from(key), versionId)
  }

  open(object: StoredObject, range?: ByteRange): Uint8Array | Readable | undefined {
    const { start, end } = range ?? { start: 0, end: object.size - 1 }
    return this.#blobs.read(blobsOf(object), start, end + 1)
  }

  stage(source: AsyncIterable<Uint8Array>, plan: StagePlan): Promise<Staged> {
    return this.#blobs.stage(source, plan)
  }

  put(
    bucket: string,
    key: string,
    content: Staged | StoredObject,
    object: NewObject,
    options: WriteOptions,
  ): Promise<StoredObject | undefined> {
    const { size } = content
    return this.#content.use(content, (refs) => {
      const row = this.buckets.row(bucket)
      if (!row) return undefined
      // Copied bytes are counted before the old version lets go of its own, which may be the same.
      const blobs = refs()
      const bytes = Buffer.from(key)
      return this.#objects.put(row, bytes, { ...object, size }, blobs, undefined, options)
    })
  }

  async remove(
    bucket: string,
    key: string,
    versionId: string | undefined,
    options: WriteOptions,
  ): Promise<Removal | undefined> {
    const removal = await this.#database.write(() => {
      const row = this.buckets.row(bucket)
      return row && this.#objects.remove(row, Buffer.from(key), versionId, options)
    })
    void this.#blobs.sweep()
    return removal
  }

  amend(
    bucket: string,
    key: string,
    versionId: string,
    change: { tags?: Readonly<Record<string, string>>; lock?: ObjectLock },
  ): Promise<boolean> {
    return this.#database.write(() => {
      const row = this.buckets.row(bucket)
      return row ? this.#objects.amend(row.id, Buffer.from(key), versionId, change) : false
    })
  }

  async list(bucket: string, query: ListQuery): Promise<Listed<ListedVersion>> {
    return this.#list(bucket, query, 'AND latest = 1 AND marker = 0', () => undefined)
  }

  async listVersions(bucket: string, query: ListQuery): Promise<Listed<ListedVersion>> {
    return this.#list(bucket, query, '', (version) => version.versionId)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#blobs.close()
    this.#database.close()
  }

  #list(
    bucket: string,
    query: ListQuery,
    filter: string,
    idOf: (version: ListedVersion) => string | undefined,
  ): Listed<ListedVersion> {
    const id = this.buckets.id(bucket)
    if (id === undefined) return { items: [], prefixes: [] }
    const read = (cursor: Cursor, end: Buffer, limit: number): ListedVersion[] => {
      if (cursor.id !== undefined) return this.#restOfKey(id, cursor, end, limit)
      const sql = `SELECT ${listedColumns} FROM objects WHERE bucket = ? AND key ${cursor.from === 'at' ? '>=' : '>'} ?
        AND key < ? ${filter} ORDER BY key, seq DESC LIMIT ?`
      return this.#database.arrays(sql, id, cursor.key, end, limit).map(listedVersion)
    }
    return readPage(query, read, ({ key }) => key, idOf)
  }

  /** Older versions of the cursor's key first, then the keys after it. */
  #restOfKey(bucket: number, cursor: Cursor, end: Buffer, limit: number): ListedVersion[] {
    const columns = `SELECT ${listedColumns} FROM objects WHERE bucket = ?`
    const older = `${columns} AND key = ? AND seq < ? ORDER BY seq DESC LIMIT ?`
    const seq = this.#seq(bucket, cursor)
    const rows = this.#database.arrays(older, bucket, cursor.key, seq, limit)
    if (rows.length < limit) {
      const after = `${columns} AND key > ? AND key < ? ORDER BY key, seq DESC LIMIT ?`
      rows.push(...this.#database.arrays(after, bucket, cursor.key, end, limit - rows.length))
    }
    return rows.map(listedVersion)
  }

  #seq(bucket: number, { key, id = '' }: Cursor): number {
    const known = seqOf(id)
    if (known !== undefined) return known
    const sql = 'SELECT seq FROM objects WHERE bucket = ? AND key = ? AND version_id = ?'
    return Number(this.#database.get(sql, bucket, key, id)?.['seq'] ?? 0)
  }
}
