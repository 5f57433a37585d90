/** The bytes of objects: small ones in the database, larger ones in files that never change once they have a name. */
import { closeSync, openSync, readSync } from 'node:fs'
import { mkdir, open, readdir, rename, rm, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { Database } from './database.ts'
import { readSegments, type Segment } from './segments.ts'
import { ignoreMissing, type StagedBlob, stage } from './staging.ts'
import type { Staged, StagePlan } from './storage.ts'

/** Up to here a file is read in one go. */
const singleReadLimit = 1024 * 1024

/** A blob as an object refers to it. */
export interface BlobRef {
  readonly id: number
  readonly size: number
}

/** Bytes in their place. `record` writes the row, within a write; `undo` takes them away when that did not happen. */
export interface AdoptedBlob {
  record(): BlobRef
  undo(): Promise<void>
}

export class Blobs {
  readonly #database: Database
  readonly #directory: string
  /** Files that a running read needs, by blob id. */
  readonly #pins = new Map<string, number>()
  readonly #folders = new Set<string>()
  #sweeping: Promise<void> | undefined
  /** Spares writes that left none a look at the table. */
  #hasGarbage = true
  #closing = false

  constructor(database: Database, directory: string) {
    this.#database = database
    this.#directory = directory
  }

  /** Makes the directories, and after a crash takes away what no row names. */
  async open(): Promise<void> {
    await rm(join(this.#directory, 'tmp'), { recursive: true, force: true })
    await mkdir(join(this.#directory, 'tmp'), { recursive: true })
    await mkdir(join(this.#directory, 'data'), { recursive: true })
    const clean = this.#database.get("SELECT value FROM meta WHERE name = 'clean'")?.['value']
    if (clean !== 1) await this.#removeUnnamed()
    await this.#markClean(0)
    await this.sweep()
  }

  async close(): Promise<void> {
    if (this.#closing) return
    this.#closing = true
    await this.#sweeping
    await this.#markClean(1)
  }

  /** Takes in a stream: hashed as it comes, durable when this resolves. */
  stage(source: AsyncIterable<Uint8Array>, plan: StagePlan): Promise<Staged> {
    return stage(source, plan, join(this.#directory, 'tmp'))
  }

  /** Gives a staged file its lasting name; the row comes after, so a row never names a file that is not there. */
  async adopt(staged: Staged): Promise<AdoptedBlob> {
    const { bytes, file, size } = staged as StagedBlob
    const record = () => this.#insert(size, file ?? null, bytes ?? null)
    if (!file) return { record, undo: async () => {} }
    const folder = join(this.#directory, 'data', file.slice(0, 2))
    const target = join(folder, file)
    if (!this.#folders.has(folder)) {
      await mkdir(folder, { recursive: true })
      await syncDirectory(join(this.#directory, 'data'))
      this.#folders.add(folder)
    }
    await rename(join(this.#directory, 'tmp', file), target)
    delete (staged as StagedBlob).file
    await syncDirectory(folder)
    return { record, undo: () => unlink(target).catch(ignoreMissing) }
  }

  /** Counts one more object that uses the blob; false where it is gone. Within a write. */
  share({ id }: BlobRef): boolean {
    if (!this.#database.get('SELECT id FROM blobs WHERE id = ?', id)) return false
    this.#database.run('UPDATE blobs SET refs = refs + 1 WHERE id = ?', id)
    return true
  }

  /** Counts one object less; bytes that nobody uses go. Within a write. */
  release(refs: readonly BlobRef[]): void {
    for (const { id } of refs) {
      const row = this.#database.get('SELECT refs, file FROM blobs WHERE id = ?', id)
      if (!row) continue
      if (Number(row['refs']) > 1) {
        this.#database.run('UPDATE blobs SET refs = refs - 1 WHERE id = ?', id)
        continue
      }
      this.#database.run('DELETE FROM blobs WHERE id = ?', id)
      if (row['file'] !== null) {
        this.#database.run('INSERT INTO garbage VALUES (?)', String(row['file']))
        this.#hasGarbage = true
      }
    }
  }

  /** Reads bytes `start` to `end` (exclusive) of blobs one after another; undefined where one is gone. */
  read(refs: readonly BlobRef[], start: number, end: number): Uint8Array | Readable | undefined {
    const segments: Segment[] = []
    let at = 0
    for (const { id, size } of refs) {
      const from = Math.max(start - at, 0)
      const to = Math.min(end - at, size)
      at += size
      if (from >= to) continue
      const row = this.#database.get('SELECT file, body FROM blobs WHERE id = ?', id)
      if (!row) return undefined
      const bytes = row['body'] as Uint8Array | null
      if (bytes) segments.push({ bytes: bytes.subarray(from, to) })
      else segments.push({ file: String(row['file']), from, to })
    }
    const [first] = segments
    if (!first) return new Uint8Array(0)
    if (segments.length === 1) {
      if ('bytes' in first) return first.bytes
      if (first.to - first.from <= singleReadLimit) {
        return readWhole(this.#path(first.file), first.from, first.to)
      }
    }
    const files = segments.flatMap((segment) => ('file' in segment ? [segment.file] : []))
    for (const file of files) this.#pins.set(file, (this.#pins.get(file) ?? 0) + 1)
    return readSegments(
      segments,
      (file) => this.#path(file),
      () => this.#unpin(files),
    )
  }

  /** Unlinks files that no row names any more and nobody reads; what cannot be unlinked now waits for later. */
  sweep(): Promise<void> {
    if (!this.#hasGarbage || this.#closing) return Promise.resolve()
    this.#sweeping ??= this.#sweepOnce()
      .catch(() => {})
      .finally(() => {
        this.#sweeping = undefined
      })
    return this.#sweeping
  }

  async #sweepOnce(): Promise<void> {
    for (;;) {
      const rows = this.#database.all('SELECT file FROM garbage LIMIT 1000')
      const files = rows.map((row) => String(row['file'])).filter((file) => !this.#pins.has(file))
      this.#hasGarbage = rows.length > 0
      if (files.length === 0) return
      for (const file of files) await unlink(this.#path(file)).catch(ignoreMissing)
      await this.#database.write(() => {
        for (const file of files) this.#database.run('DELETE FROM garbage WHERE file = ?', file)
      })
      if (rows.length < 1000) return
    }
  }

  async #removeUnnamed(): Promise<void> {
    const named = new Set(
      this.#database
        .all('SELECT file FROM blobs WHERE file IS NOT NULL UNION ALL SELECT file FROM garbage')
        .map((row) => String(row['file'])),
    )
    const data = join(this.#directory, 'data')
    for (const folder of await readdir(data)) {
      for (const file of await readdir(join(data, folder))) {
        if (!named.has(file)) await unlink(join(data, folder, file))
      }
    }
  }

  #markClean(value: number): Promise<unknown> {
    return this.#database.write(() =>
      this.#database.run("UPDATE meta SET value = ? WHERE name = 'clean'", value),
    )
  }

  #insert(size: number, file: string | null, bytes: Buffer | null): BlobRef {
    const sql = 'INSERT INTO blobs (refs, size, file, body) VALUES (1, ?, ?, ?)'
    return { id: this.#database.run(sql, size, file, bytes), size }
  }

  #unpin(files: readonly string[]): void {
    for (const file of files) {
      const left = (this.#pins.get(file) ?? 1) - 1
      if (left > 0) this.#pins.set(file, left)
      else this.#pins.delete(file)
    }
  }

  #path(file: string): string {
    return join(this.#directory, 'data', file.slice(0, 2), file)
  }
}

function readWhole(path: string, from: number, to: number): Buffer {
  const bytes = Buffer.allocUnsafe(to - from)
  const file = openSync(path, 'r')
  try {
    let done = 0
    while (done < bytes.length) {
      const count = readSync(file, bytes, done, bytes.length - done, from + done)
      if (count === 0) throw new Error(`${path} is shorter than its row says`)
      done += count
    }
    return bytes
  } finally {
    closeSync(file)
  }
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
