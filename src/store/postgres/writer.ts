/** Writes in groups: one transaction at a time holds the lock, so revisions are committed in their order, without gaps. */
import type { Client } from 'pg'
import type { Log } from '../../audit/log.ts'
import type { Clock } from '../../kernel/clock.ts'
import { Batch, type Pending } from './batch.ts'
import { backOffMs, connect, discard, isDataProblem, isPassing, pause } from './connection.ts'
import type { Mirror, Version } from './mirror.ts'
import { beginWrite, compact, type Meta, readVersions, UnfitDatabase, write } from './tables.ts'
import { unavailable } from './unavailable.ts'

export interface WriterOptions {
  readonly url: string
  readonly mirror: Mirror
  readonly clock: Clock
  readonly log: Log
  /** Takes versions in; the writer hears through `noticed` of its own. */
  readonly take: (versions: readonly Version[]) => void
  /** How long a write waits for a database that is out of reach (ms). */
  readonly waitMs: number
  /** The database is not the one that was followed: nothing can be written any more. */
  readonly onUnfit: (error: UnfitDatabase) => void
}

const batchMax = 500
const queueMax = 20_000

export class Writer {
  readonly #options: WriterOptions
  readonly #ending = new AbortController()
  #client: Client | undefined
  #queue: Pending[] = []
  #batch: Batch | undefined
  #running: Promise<void> | undefined
  #compactBefore: number | undefined

  constructor(options: WriterOptions) {
    this.#options = options
  }

  /** Queues a transaction. */
  submit(pending: Pending): void {
    if (this.#queue.length >= queueMax) {
      pending.reject(unavailable('too many writes are waiting'))
      return
    }
    this.#queue.push(pending)
    this.#start()
  }

  /** Versions were read from the database: were our own among them, their batch is committed. */
  noticed(versions: readonly Version[]): void {
    const batch = this.#batch
    if (batch && versions.some((version) => version.batch === batch.id)) batch.committed = true
  }

  /** Deletes versions that were written before `time` (ms), as soon as no write is waiting. */
  compact(time: number): void {
    this.#compactBefore = time
    this.#start()
  }

  /** Writes what is queued, then closes. Waits no longer than the writes' own deadlines. */
  async close(): Promise<void> {
    await this.#running
    this.#ending.abort()
    discard(this.#client)
    this.#client = undefined
  }

  #start(): void {
    if (this.#ending.signal.aborted) return
    this.#running ??= this.#run()
  }

  async #run(): Promise<void> {
    // Writes of one turn of the event loop go together.
    await new Promise((resolve) => setImmediate(resolve))
    for (;;) {
      while (this.#queue.length > 0) {
        await this.#carryThrough(new Batch(this.#queue.splice(0, batchMax)))
      }
      if (this.#compactBefore === undefined) {
        // In the same breath as the look at the queue, so that no write finds us running and is forgotten.
        this.#running = undefined
        return
      }
      const time = this.#compactBefore
      this.#compactBefore = undefined
      await this.#compact(time)
    }
  }

  /** Tries until the batch is committed or refused, or its callers waited long enough. */
  async #carryThrough(batch: Batch): Promise<void> {
    this.#batch = batch
    for (let failures = 0; ; failures++) {
      try {
        await this.#attempt(batch)
        return
      } catch (error) {
        this.#drop()
        if (batch.committed) return batch.judged?.settle()
        if (!isPassing(error)) return await this.#giveUp(batch, error)
        this.#options.log.warn({ error: String(error), failures }, 'a write to the database failed')
        this.#expire(batch)
        if (batch.pending.length === 0) return
      }
      await pause(this.#options.clock, backOffMs(failures), this.#ending.signal)
    }
  }

  async #attempt(batch: Batch): Promise<void> {
    const { mirror, clock, take } = this.#options
    const client = await this.#connected()
    await this.#lock(client)
    // An earlier attempt may have been committed though its answer was lost; catching up has shown it.
    if (batch.committed) {
      await client.query('ROLLBACK')
      batch.judged?.settle()
      return
    }
    const judged = batch.judge((key) => mirror.document(key), mirror.revision, clock.now())
    if (judged.versions.length > 0) {
      await write(client, judged.documents, judged.versions, judged.revision)
      await client.query('COMMIT')
      take(judged.versions)
    } else {
      await client.query('ROLLBACK')
    }
    judged.settle()
  }

  /** Takes the lock and brings the mirror up to date under it. */
  async #lock(client: Client): Promise<void> {
    const { mirror, take } = this.#options
    const meta = await beginWrite(client)
    if (meta.revision < mirror.revision || meta.compacted > mirror.revision) {
      throw new UnfitDatabase(lostTrack(meta, mirror.revision))
    }
    take(await readVersions(client, mirror.revision, meta.revision))
  }

  async #compact(time: number): Promise<void> {
    try {
      const client = await this.#connected()
      await this.#lock(client)
      await compact(client, time)
      await client.query('COMMIT')
    } catch (error) {
      this.#drop()
      this.#options.log.warn({ error: String(error) }, 'old versions could not be deleted')
    }
  }

  /** One bad transaction must not take the others with it. */
  async #giveUp(batch: Batch, error: unknown): Promise<void> {
    if (error instanceof UnfitDatabase) this.#options.onUnfit(error)
    if (batch.pending.length > 1 && isDataProblem(error)) {
      for (const pending of batch.pending) await this.#carryThrough(new Batch([pending]))
      return
    }
    for (const pending of batch.pending) pending.reject(error)
  }

  #expire(batch: Batch): void {
    const now = this.#options.clock.now()
    const over = (pending: Pending) => pending.deadline <= now || this.#ending.signal.aborted
    for (const pending of batch.pending.filter(over)) {
      pending.reject(unavailable('the database is out of reach'))
    }
    batch.pending = batch.pending.filter((pending) => !over(pending))
    const waiting = this.#queue
    this.#queue = waiting.filter((pending) => !over(pending))
    for (const pending of waiting.filter(over)) {
      pending.reject(unavailable('the database is out of reach'))
    }
  }

  async #connected(): Promise<Client> {
    if (this.#client) return this.#client
    this.#client = await connect(this.#options.url, (client) => {
      if (this.#client === client) this.#client = undefined
    })
    return this.#client
  }

  #drop(): void {
    discard(this.#client)
    this.#client = undefined
  }
}

/** Why a database whose history does not continue ours cannot be followed. */
export function lostTrack(meta: Meta, revision: number): string {
  return meta.revision < revision
    ? `it was set back from revision ${revision} to ${meta.revision}`
    : `its changes since revision ${revision} were compacted while it was out of reach`
}
