/** Multipart uploads: rows that name the blobs of parts. Completing copies nothing. */
import { randomBytes } from 'node:crypto'
import type { BlobRef, Blobs } from './blobs.ts'
import type { BucketRows } from './bucket-rows.ts'
import type { Content } from './content.ts'
import type { Database, Row } from './database.ts'
import { readPage } from './listing.ts'
import { keyText, readBlobs, writeBlobs } from './object-row.ts'
import type { ObjectRows } from './object-rows.ts'
import type {
  Listed,
  ListQuery,
  NewObject,
  Staged,
  StoredObject,
  Upload,
  UploadedPart,
  Uploads,
  WriteOptions,
} from './storage.ts'

/** How long a repeated completion is answered as the first was (ms). */
const rememberCompleted = 24 * 3_600_000

interface Rooms {
  readonly database: Database
  readonly buckets: BucketRows
  readonly objects: ObjectRows
  readonly blobs: Blobs
  readonly content: Content
}

export class UploadRows implements Uploads {
  readonly #rooms: Rooms
  #made = 0

  constructor(rooms: Rooms) {
    this.#rooms = rooms
  }

  async create(upload: Omit<Upload, 'uploadId'>): Promise<Upload> {
    const { database, buckets } = this.#rooms
    // Ids of one key sort by the time they were made, as lists show them.
    this.#made = (this.#made + 1) % 0x1000000
    const time = Math.max(upload.startedAt, 0).toString(16).padStart(12, '0')
    const count = this.#made.toString(16).padStart(6, '0')
    const uploadId = time + count + randomBytes(20).toString('hex')
    const { bucket, key, startedAt, ...facts } = upload
    await database.write(() => {
      const row = buckets.row(bucket)
      const sql = 'INSERT INTO uploads VALUES (?, ?, ?, ?, ?)'
      if (row)
        database.run(sql, row.id, Buffer.from(key), uploadId, startedAt, JSON.stringify(facts))
    })
    return { ...upload, uploadId }
  }

  async find(bucket: string, key: string, uploadId: string): Promise<Upload | undefined> {
    const row = this.#row(bucket, key, uploadId)
    return row && uploadOf(bucket, row)
  }

  putPart(upload: Upload, part: UploadedPart, content: Staged | StoredObject): Promise<boolean> {
    const { database, blobs } = this.#rooms
    return this.#rooms.content
      .use(content, (refs) => {
        if (!this.#row(upload.bucket, upload.key, upload.uploadId)) return undefined
        blobs.release(this.#partBlobs(upload.uploadId, part.number))
        database.run(
          'INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?, ?, ?)',
          upload.uploadId,
          part.number,
          part.size,
          part.etag,
          part.checksum ?? null,
          part.modifiedAt,
          writeBlobs(refs()),
        )
        return true
      })
      .then((stored) => stored ?? false)
  }

  async parts(upload: Upload, after: number, limit: number): Promise<readonly UploadedPart[]> {
    const sql = 'SELECT * FROM parts WHERE upload_id = ? AND number > ? ORDER BY number LIMIT ?'
    return this.#rooms.database.all(sql, upload.uploadId, after, limit).map(partOf)
  }

  async complete(
    upload: Upload,
    parts: readonly UploadedPart[],
    object: NewObject,
    options: WriteOptions,
  ): Promise<StoredObject | undefined> {
    const { database, buckets, objects, blobs } = this.#rooms
    const stored = await database.write(() => {
      const bucket = buckets.row(upload.bucket)
      if (!bucket || !this.#row(upload.bucket, upload.key, upload.uploadId)) return undefined
      const rows = new Map(
        database
          .all('SELECT * FROM parts WHERE upload_id = ?', upload.uploadId)
          .map((row) => [Number(row['number']), row]),
      )
      const chosen: BlobRef[] = []
      for (const part of parts) {
        const row = rows.get(part.number)
        if (row?.['etag'] !== part.etag || row['modified'] !== part.modifiedAt) return undefined
        chosen.push(...readBlobs(String(row['blobs'])))
        rows.delete(part.number)
      }
      const key = Buffer.from(upload.key)
      const size = parts.reduce((sum, part) => sum + part.size, 0)
      const version = objects.put(bucket, key, { ...object, size }, chosen, parts, options)
      for (const row of rows.values()) blobs.release(readBlobs(String(row['blobs'])))
      this.#forget(bucket.id, key, upload.uploadId)
      database.run(
        'INSERT INTO completed VALUES (?, ?, ?, ?, ?, ?)',
        upload.uploadId,
        bucket.id,
        key,
        version.versionId,
        version.etag,
        options.at,
      )
      return version
    })
    void this.#rooms.blobs.sweep()
    return stored
  }

  async completed(
    bucket: string,
    key: string,
    uploadId: string,
  ): Promise<StoredObject | undefined> {
    const { database, buckets, objects } = this.#rooms
    const id = buckets.id(bucket)
    const row = database.get('SELECT * FROM completed WHERE upload_id = ?', uploadId)
    if (id === undefined || row?.['bucket'] !== id || keyText(row) !== key) return undefined
    const version = objects.find(id, Buffer.from(key), String(row['version_id']))
    return version && !version.marker && version.etag === row['etag'] ? version : undefined
  }

  async abort(bucket: string, key: string, uploadId: string): Promise<boolean> {
    const { database, buckets } = this.#rooms
    const found = await database.write(() => {
      const row = buckets.row(bucket)
      if (!row || !this.#row(bucket, key, uploadId)) return false
      this.#releaseParts(uploadId)
      this.#forget(row.id, Buffer.from(key), uploadId)
      return true
    })
    void this.#rooms.blobs.sweep()
    return found
  }

  async list(bucket: string, query: ListQuery): Promise<Listed<Upload>> {
    const { database, buckets } = this.#rooms
    const id = buckets.id(bucket)
    if (id === undefined) return { items: [], prefixes: [] }
    const page = readPage(
      query,
      (cursor, end, limit) => {
        const [where, values] =
          cursor.from === 'at'
            ? ['key >= ?', [cursor.key]]
            : cursor.id === undefined
              ? ['key > ?', [cursor.key]]
              : ['(key, upload_id) > (?, ?)', [cursor.key, cursor.id]]
        const sql = `SELECT * FROM uploads WHERE bucket = ? AND ${where} AND key < ? ORDER BY key, upload_id LIMIT ?`
        return database.all(sql, id, ...values, end, limit)
      },
      keyText,
      (row) => String(row['upload_id']),
    )
    return { ...page, items: page.items.map((row) => uploadOf(bucket, row)) }
  }

  /** Lets all uploads of a bucket go that is being deleted. Within a write. */
  drop(bucket: number): void {
    const { database } = this.#rooms
    for (const row of database.all('SELECT upload_id FROM uploads WHERE bucket = ?', bucket)) {
      const uploadId = String(row['upload_id'])
      this.#releaseParts(uploadId)
      database.run('DELETE FROM parts WHERE upload_id = ?', uploadId)
    }
    database.run('DELETE FROM uploads WHERE bucket = ?', bucket)
    database.run('DELETE FROM completed WHERE bucket = ?', bucket)
  }

  /** Forgets completions of long ago. */
  async forgetOld(now: number): Promise<void> {
    const { database } = this.#rooms
    await database.write(() =>
      database.run('DELETE FROM completed WHERE at < ?', now - rememberCompleted),
    )
  }

  #row(bucket: string, key: string, uploadId: string): Row | undefined {
    const id = this.#rooms.buckets.id(bucket)
    if (id === undefined) return undefined
    const sql = 'SELECT * FROM uploads WHERE bucket = ? AND key = ? AND upload_id = ?'
    return this.#rooms.database.get(sql, id, Buffer.from(key), uploadId)
  }

  #partBlobs(uploadId: string, number: number): readonly BlobRef[] {
    const sql = 'SELECT blobs FROM parts WHERE upload_id = ? AND number = ?'
    const row = this.#rooms.database.get(sql, uploadId, number)
    return row ? readBlobs(String(row['blobs'])) : []
  }

  #releaseParts(uploadId: string): void {
    const { database, blobs } = this.#rooms
    for (const row of database.all('SELECT blobs FROM parts WHERE upload_id = ?', uploadId)) {
      blobs.release(readBlobs(String(row['blobs'])))
    }
  }

  #forget(bucket: number, key: Uint8Array, uploadId: string): void {
    const { database } = this.#rooms
    database.run('DELETE FROM parts WHERE upload_id = ?', uploadId)
    const sql = 'DELETE FROM uploads WHERE bucket = ? AND key = ? AND upload_id = ?'
    database.run(sql, bucket, key, uploadId)
  }
}

function uploadOf(bucket: string, row: Row): Upload {
  return {
    ...JSON.parse(String(row['facts'])),
    bucket,
    key: keyText(row),
    uploadId: String(row['upload_id']),
    startedAt: Number(row['started']),
  }
}

function partOf(row: Row): UploadedPart {
  return {
    number: Number(row['number']),
    size: Number(row['size']),
    etag: String(row['etag']),
    modifiedAt: Number(row['modified']),
    ...(typeof row['checksum'] === 'string' && { checksum: row['checksum'] }),
  }
}
