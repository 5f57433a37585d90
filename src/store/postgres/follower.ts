/** Follows what all replicas write: told by NOTIFY, asking once a second in any case, and catching up after each reconnection. */
import type { Client } from 'pg'
import type { Log } from '../../audit/log.ts'
import type { Clock } from '../../kernel/clock.ts'
import { backOffMs, connect, discard, isPassing, pause } from './connection.ts'
import type { Mirror, Version } from './mirror.ts'
import { channel, prepareTables, readAll, readNext, UnfitDatabase } from './tables.ts'
import { lostTrack } from './writer.ts'

export interface FollowerOptions {
  readonly url: string
  readonly mirror: Mirror
  readonly clock: Clock
  readonly log: Log
  readonly take: (versions: readonly Version[]) => void
  /** Called about once a second while all is well. */
  readonly onBeat: () => void
  readonly onUnfit: (error: unknown) => void
}

/** A notification may get lost with its connection; what it told is seen this much later at the latest. */
const beatMs = 1_000
/** How many revisions of the past are read at the start. */
const historyAtStart = 1_000

export class Follower {
  readonly #options: FollowerOptions
  readonly #ending = new AbortController()
  #client: Client | undefined
  #catchingUp: Promise<void> | undefined
  #again = false
  #beat: Disposable | undefined
  #reconnecting: Promise<void> | undefined

  constructor(options: FollowerOptions) {
    this.#options = options
  }

  /** True while changes of others are seen. */
  get connected(): boolean {
    return this.#client !== undefined
  }

  /** Connects, makes missing tables, reads all documents into the mirror. Rejects where that fails. */
  async start(): Promise<void> {
    const client = await this.#listen()
    try {
      await prepareTables(client)
      const { meta, documents, history, floor } = await readAll(client, historyAtStart)
      this.#options.mirror.load(documents, history, meta.revision, floor)
    } catch (error) {
      discard(client)
      throw error
    }
    this.#client = client
    this.#scheduleBeat()
    await this.catchUp()
  }

  async close(): Promise<void> {
    this.#ending.abort()
    this.#beat?.[Symbol.dispose]()
    discard(this.#client)
    this.#client = undefined
    await this.#catchingUp
    await this.#reconnecting
  }

  async #listen(): Promise<Client> {
    const client = await connect(this.#options.url, (lost, error) => this.#lost(lost, error))
    client.on('notification', () => void this.catchUp())
    await client.query(`LISTEN ${channel}`)
    return client
  }

  /**
   * Reads what was written before this call; one during another makes that one read once more. Never rejects: without a
   * connection it does nothing.
   */
  async catchUp(): Promise<void> {
    if (!this.#client) return
    this.#again = true
    this.#catchingUp ??= this.#readNew()
    await this.#catchingUp
  }

  async #readNew(): Promise<void> {
    while (this.#again) {
      this.#again = false
      const client = this.#client
      if (!client) continue
      try {
        await this.#readFrom(client, this.#options.mirror.revision)
      } catch (error) {
        if (error instanceof UnfitDatabase) this.#options.onUnfit(error)
        this.#lost(client, error)
      }
    }
    this.#catchingUp = undefined
  }

  async #readFrom(client: Client, start: number): Promise<void> {
    for (let from = start; ; ) {
      const { meta, versions, upTo } = await readNext(client, from)
      if (meta.compacted > from || meta.revision < from) {
        throw new UnfitDatabase(lostTrack(meta, from))
      }
      this.#options.take(versions)
      if (upTo >= meta.revision) return
      from = upTo
    }
  }

  #scheduleBeat(): void {
    const { clock, onBeat } = this.#options
    this.#beat?.[Symbol.dispose]()
    this.#beat = clock.schedule(clock.now() + beatMs, () => {
      void this.catchUp().then(() => {
        if (!this.connected || this.#ending.signal.aborted) return
        onBeat()
        this.#scheduleBeat()
      })
    })
  }

  #lost(client: Client, error: unknown): void {
    if (client !== this.#client) return
    this.#client = undefined
    this.#beat?.[Symbol.dispose]()
    discard(client)
    if (this.#ending.signal.aborted) return
    this.#options.log.warn({ error: String(error) }, 'the connection to the database broke off')
    this.#reconnecting = this.#reconnect()
  }

  async #reconnect(): Promise<void> {
    const { clock, log, onUnfit } = this.#options
    for (let failures = 0; !this.#ending.signal.aborted; failures++) {
      try {
        const client = await this.#listen()
        if (this.#ending.signal.aborted) return discard(client)
        this.#client = client
        log.info({ failures }, 'the database is back')
        this.#scheduleBeat()
        void this.catchUp()
        return
      } catch (error) {
        if (!isPassing(error)) return onUnfit(error)
        log.warn({ error: String(error), failures }, 'the database does not answer')
      }
      await pause(clock, backOffMs(failures), this.#ending.signal)
    }
  }
}
