/** Versions of objects: found, made, removed. The writes run inside a transaction that others have opened. */
import type { BlobRef, Blobs } from './blobs.ts'
import type { BucketRow } from './bucket-rows.ts'
import type { Database, Row } from './database.ts'
import { contentColumns, rowBlobs, storedVersion } from './object-row.ts'
import type {
  NewObject,
  ObjectLock,
  PartFacts,
  Removal,
  StoredObject,
  StoredVersion,
  WriteOptions,
} from './storage.ts'
import { makeVersionId, nullVersion, seqOf } from './version-id.ts'

const insert =
  'INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'

export class ObjectRows {
  readonly #database: Database
  readonly #blobs: Blobs

  constructor(database: Database, blobs: Blobs) {
    this.#database = database
    this.#blobs = blobs
  }

  /** The newest version, or the one named. */
  find(bucket: number, key: Uint8Array, versionId?: string): StoredVersion | undefined {
    const row =
      versionId === undefined ? this.#latest(bucket, key) : this.#named(bucket, key, versionId)
    return row && storedVersion(row)
  }

  /** Makes the newest version of a key, in the way that the bucket's versioning asks for. */
  put(
    bucket: BucketRow,
    key: Uint8Array,
    object: NewObject & { readonly size: number },
    blobs: readonly BlobRef[],
    parts: readonly PartFacts[] | undefined,
    { at, check }: WriteOptions,
  ): StoredObject {
    const current = this.#latest(bucket.id, key)
    check?.(current && storedVersion(current))
    const { seq, versionId } = this.#makeRoom(bucket, key, current, at)
    this.#database.run(
      insert,
      bucket.id,
      key,
      seq,
      versionId,
      0,
      object.size,
      object.etag,
      at,
      object.storageClass,
      ...contentColumns(object, blobs, parts),
    )
    return {
      ...object,
      marker: false,
      key: Buffer.from(key).toString('utf8'),
      versionId,
      isLatest: true,
      modifiedAt: at,
      ...(parts && { parts }),
      content: { blobs },
    }
  }

  remove(
    bucket: BucketRow,
    key: Uint8Array,
    versionId: string | undefined,
    { at, check }: WriteOptions,
  ): Removal {
    const row =
      versionId === undefined
        ? this.#latest(bucket.id, key)
        : this.#named(bucket.id, key, versionId)
    check?.(row && storedVersion(row))
    if (versionId !== undefined) return this.#removeVersion(bucket, key, versionId, row)
    if (bucket.versioning === 'unset') {
      if (row) this.#drop(bucket.id, key, row)
      return { marker: false }
    }
    const made = this.#makeRoom(bucket, key, row, at)
    const empty = [null, null, null, null, null, null, null]
    this.#database.run(insert, bucket.id, key, made.seq, made.versionId, 1, 0, '', at, '', ...empty)
    return { marker: true, versionId: made.versionId }
  }

  amend(
    bucket: number,
    key: Uint8Array,
    versionId: string,
    { tags, lock }: { tags?: Readonly<Record<string, string>>; lock?: ObjectLock },
  ): boolean {
    const row = this.#named(bucket, key, versionId)
    if (!row || row['marker'] === 1) return false
    const where = 'WHERE bucket = ? AND key = ? AND seq = ?'
    const place = [bucket, key, Number(row['seq'])] as const
    if (tags) {
      const text = Object.keys(tags).length > 0 ? JSON.stringify(tags) : null
      this.#database.run(`UPDATE objects SET tags = ? ${where}`, text, ...place)
    }
    if (lock) {
      this.#database.run(`UPDATE objects SET lock = ? ${where}`, JSON.stringify(lock), ...place)
    }
    return true
  }

  #removeVersion(bucket: BucketRow, key: Uint8Array, versionId: string, row?: Row): Removal {
    const named = bucket.versioning === 'unset' ? {} : { versionId }
    if (!row) return { marker: false, ...named }
    this.#drop(bucket.id, key, row)
    if (row['latest'] === 1) {
      const next = this.#latest(bucket.id, key)
      if (next) this.#setLatest(bucket.id, key, Number(next['seq']), 1)
    }
    return { marker: row['marker'] === 1, ...named }
  }

  /** Clears the place for a new newest version: the old one steps back, or goes where there is but one `null`. */
  #makeRoom(
    bucket: BucketRow,
    key: Uint8Array,
    current: Row | undefined,
    at: number,
  ): { seq: number; versionId: string } {
    if (bucket.versioning === 'unset') {
      if (current) this.#blobs.release(rowBlobs(current))
      return { seq: 0, versionId: nullVersion }
    }
    // Microseconds of the clock, unless the clock was set back below the newest version.
    const seq = Math.max(at * 1000, current ? Number(current['seq']) + 1 : 1)
    if (current) this.#setLatest(bucket.id, key, Number(current['seq']), 0)
    if (bucket.versioning === 'Enabled') return { seq, versionId: makeVersionId(seq) }
    const old = this.#named(bucket.id, key, nullVersion)
    if (old) this.#drop(bucket.id, key, old)
    return { seq, versionId: nullVersion }
  }

  #drop(bucket: number, key: Uint8Array, row: Row): void {
    const sql = 'DELETE FROM objects WHERE bucket = ? AND key = ? AND seq = ?'
    this.#database.run(sql, bucket, key, Number(row['seq']))
    this.#blobs.release(rowBlobs(row))
  }

  #setLatest(bucket: number, key: Uint8Array, seq: number, latest: number): void {
    const sql = 'UPDATE objects SET latest = ? WHERE bucket = ? AND key = ? AND seq = ?'
    this.#database.run(sql, latest, bucket, key, seq)
  }

  #latest(bucket: number, key: Uint8Array): Row | undefined {
    const sql = 'SELECT * FROM objects WHERE bucket = ? AND key = ? ORDER BY seq DESC LIMIT 1'
    return this.#database.get(sql, bucket, key)
  }

  #named(bucket: number, key: Uint8Array, versionId: string): Row | undefined {
    if (versionId === nullVersion) {
      const sql =
        "SELECT * FROM objects WHERE bucket = ? AND key = ? AND version_id = 'null' LIMIT 1"
      return this.#database.get(sql, bucket, key)
    }
    const seq = seqOf(versionId)
    if (seq === undefined) return undefined
    const sql = 'SELECT * FROM objects WHERE bucket = ? AND key = ? AND seq = ?'
    const row = this.#database.get(sql, bucket, key, seq)
    return row?.['version_id'] === versionId ? row : undefined
  }
}
