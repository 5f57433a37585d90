/** Turns what a writer brings, staged bytes or another object's, into blobs that one more row refers to. */
import type { BlobRef, Blobs } from './blobs.ts'
import type { Database } from './database.ts'
import { blobsOf } from './object-row.ts'
import type { Staged, StoredObject } from './storage.ts'

/** Thrown where the object whose bytes were to be shared has gone meanwhile. */
export class SourceGoneError extends Error {}

export class Content {
  readonly #database: Database
  readonly #blobs: Blobs

  constructor(database: Database, blobs: Blobs) {
    this.#database = database
    this.#blobs = blobs
  }

  /**
   * Runs `work` as a write. It calls `refs()` once it is sure; the blobs are counted as used from then on. When it
   * throws or gives undefined, staged bytes are thrown away.
   */
  async use<T>(
    content: Staged | StoredObject,
    work: (refs: () => readonly BlobRef[]) => T | undefined,
  ): Promise<T | undefined> {
    if ('content' in content) {
      return this.#finish(await this.#database.write(() => work(() => this.#share(content))))
    }
    const adopted = await this.#blobs.adopt(content)
    try {
      const value = await this.#database.write(() => work(() => [adopted.record()]))
      if (value === undefined) await adopted.undo()
      return this.#finish(value)
    } catch (error) {
      await adopted.undo()
      throw error
    }
  }

  #share(object: StoredObject): readonly BlobRef[] {
    const refs = blobsOf(object)
    for (const ref of refs) {
      if (!this.#blobs.share(ref)) throw new SourceGoneError('the copied object has gone')
    }
    return refs
  }

  #finish<T>(value: T): T {
    void this.#blobs.sweep()
    return value
  }
}
