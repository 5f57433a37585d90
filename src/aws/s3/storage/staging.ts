/** Takes in a body of unknown length: hashed as it comes, in memory while it is small, else into a synced file. */
import { createHash, hash, randomBytes } from 'node:crypto'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { startDigest } from '../checksums/digest.ts'
import type { Staged, StagePlan } from './storage.ts'

/** Up to here a body is a row: one shared commit is a dozen times faster than a file of its own (4 KiB). */
const inlineLimit = 64 * 1024
const writeSize = 1024 * 1024

/** Bytes at hand, or the random name of a synced file that has not been given its place yet. */
export interface StagedBlob extends Staged {
  readonly bytes?: Buffer
  file?: string
}

/** Reads the stream to its end; what it throws is thrown on, and nothing is left in `folder`. */
export async function stage(
  source: AsyncIterable<Uint8Array>,
  plan: StagePlan,
  folder: string,
): Promise<StagedBlob> {
  const digests = plan.algorithms.map((name) => [name, startDigest(name)] as const)
  const sink = new Sink(folder)
  try {
    for await (const chunk of source) {
      for (const [, digest] of digests) digest.update(chunk)
      if (sink.size + chunk.length > plan.limit) throw plan.tooLarge()
      await sink.take(chunk)
    }
    const content = await sink.finish()
    const staged: StagedBlob = {
      ...content,
      size: sink.size,
      sums: new Map(digests.map(([name, digest]) => [name, digest.digest()])),
      async discard() {
        if (staged.file) await unlink(join(folder, staged.file)).catch(ignoreMissing)
      },
    }
    return staged
  } catch (error) {
    await sink.abandon()
    throw error
  }
}

class Sink {
  readonly #folder: string
  readonly #md5 = createHash('md5')
  #chunks: Uint8Array[] = []
  #collected = 0
  #file: { name: string; handle: FileHandle } | undefined
  size = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  async take(chunk: Uint8Array): Promise<void> {
    this.#chunks.push(chunk)
    this.#collected += chunk.length
    this.size += chunk.length
    if (this.size <= inlineLimit) return
    if (this.#file) {
      this.#md5.update(chunk)
    } else {
      for (const early of this.#chunks) this.#md5.update(early)
      const name = randomBytes(16).toString('hex')
      this.#file = { name, handle: await open(join(this.#folder, name), 'wx', 0o600) }
    }
    if (this.#collected >= writeSize) await this.#write(this.#file.handle)
  }

  async finish(): Promise<{ md5: Buffer; bytes?: Buffer; file?: string }> {
    if (!this.#file) {
      const bytes = joined(this.#chunks)
      return { md5: hash('md5', bytes, 'buffer'), bytes }
    }
    const { name, handle } = this.#file
    await this.#write(handle)
    await handle.datasync()
    await handle.close()
    this.#file = undefined
    return { md5: this.#md5.digest(), file: name }
  }

  async abandon(): Promise<void> {
    if (!this.#file) return
    const { name, handle } = this.#file
    this.#file = undefined
    await handle.close().catch(() => {})
    await unlink(join(this.#folder, name)).catch(ignoreMissing)
  }

  /** `writev` may write less than it was given. */
  async #write(handle: FileHandle): Promise<void> {
    const chunks = this.#chunks
    const total = this.#collected
    this.#chunks = []
    this.#collected = 0
    if (total === 0) return
    const { bytesWritten } = await handle.writev(chunks)
    if (bytesWritten < total) await handle.writeFile(joined(chunks).subarray(bytesWritten))
  }
}

function joined(chunks: readonly Uint8Array[]): Buffer {
  const [only] = chunks
  if (only && chunks.length === 1) return Buffer.from(only.buffer, only.byteOffset, only.length)
  return Buffer.concat(chunks)
}

export function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
