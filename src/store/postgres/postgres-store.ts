/** The store of several processes: PostgreSQL holds the history, each process a mirror of it that it reads from. */
import type { Log } from '../../audit/log.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Change, ChangeEvent, ListOptions, Page, Store, Stored } from '../store.ts'
import { readChanges } from './batch.ts'
import { Follower } from './follower.ts'
import { Mirror, type Version } from './mirror.ts'
import { Writer } from './writer.ts'

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database?sslmode=…`. */
  readonly url: string
  readonly clock: Clock
  readonly log: Log
  /** How long old versions stay readable (ms); default one hour. */
  readonly keepMs?: number
  /** How long a write waits while the database is out of reach (ms); default ten seconds. */
  readonly waitMs?: number
  /** Told of a listener that threw; the others still hear the change. */
  readonly onListenerError?: (error: unknown) => void
  /**
   * The database is another than it was (set back, replaced) or was out of reach for so long that changes are lost to
   * this process: what it holds is no longer to be trusted, and a new start mends it. Told once.
   */
  readonly onUnfit?: (error: unknown) => void
}

export interface PostgresStore extends Store {
  /** True while the database answers and changes of other processes are seen. */
  readonly connected: boolean
  /** Resolves when reads see all that any process had written before the call; at once while the database is out of reach. */
  catchUp(): Promise<void>
}

const compactEveryMs = 60_000
/** Versions that are kept in memory, whatever their age. */
const historyMax = 20_000

/** Opens the store, making its tables where they are missing. Rejects with the driver's error or an UnfitDatabase. */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<PostgresStore> {
  const store = new MirroredStore(options)
  await store.start()
  return store
}

class MirroredStore implements PostgresStore {
  readonly #options: PostgresStoreOptions
  readonly #mirror: Mirror
  readonly #writer: Writer
  readonly #follower: Follower
  #compactedAt: number
  #closed = false
  #unfit: unknown

  constructor(options: PostgresStoreOptions) {
    const { url, clock, log, waitMs = 10_000, onListenerError = () => {} } = options
    this.#options = options
    this.#compactedAt = clock.now()
    this.#mirror = new Mirror(onListenerError)
    const mirror = this.#mirror
    const take = (versions: readonly Version[]) => {
      this.#writer.noticed(versions)
      mirror.apply(versions)
    }
    const onUnfit = (error: unknown) => this.#lose(error)
    this.#writer = new Writer({ url, mirror, clock, log, take, waitMs, onUnfit })
    const onBeat = () => this.#forgetOld()
    this.#follower = new Follower({ url, mirror, clock, log, take, onBeat, onUnfit })
  }

  start(): Promise<void> {
    return this.#follower.start()
  }

  get connected(): boolean {
    return this.#follower.connected && this.#unfit === undefined
  }

  catchUp(): Promise<void> {
    return this.#follower.catchUp()
  }

  revision(): number {
    return this.#mirror.revision
  }

  get<T>(key: string, at?: number): Stored<T> | undefined {
    return this.#mirror.get(key, at)
  }

  list<T>(prefix: string, options?: ListOptions): Page<T> {
    return this.#mirror.list(prefix, options)
  }

  create(key: string, value: unknown): Promise<number> {
    return this.transact([{ kind: 'create', key, value }])
  }

  update(key: string, value: unknown, expected?: number): Promise<number> {
    const change = { kind: 'update', key, value } as const
    return this.transact([expected === undefined ? change : { ...change, expected }])
  }

  delete(key: string, expected?: number): Promise<number> {
    return this.transact([{ kind: 'delete', key, ...(expected !== undefined && { expected }) }])
  }

  async transact(changes: readonly Change[]): Promise<number> {
    if (this.#closed) throw new Error('the store is closed')
    if (this.#unfit !== undefined) throw this.#unfit
    const texts = readChanges(changes)
    const { clock, waitMs = 10_000 } = this.#options
    return new Promise((resolve, reject) => {
      const deadline = clock.now() + waitMs
      this.#writer.submit({ changes, texts, deadline, resolve, reject })
    })
  }

  watch<T>(prefix: string, from: number, listener: (event: ChangeEvent<T>) => void): Disposable {
    return this.#mirror.watch(prefix, from, listener)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#writer.close()
    await this.#follower.close()
    this.#mirror.close()
  }

  #forgetOld(): void {
    const { clock, keepMs = 3_600_000 } = this.#options
    const now = clock.now()
    this.#mirror.trim(now - keepMs, historyMax)
    if (now - this.#compactedAt < compactEveryMs) return
    this.#compactedAt = now
    this.#writer.compact(now - keepMs)
  }

  #lose(error: unknown): void {
    if (this.#unfit !== undefined) return
    this.#unfit = error
    this.#options.log.error({ error: String(error) }, 'the database cannot be followed any more')
    this.#options.onUnfit?.(error)
  }
}
