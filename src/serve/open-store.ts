/** Opens the shared store, patient with a database that is still starting. */
import type { Log } from '../audit/log.ts'
import type { Clock } from '../kernel/clock.ts'
import { isPassing, pause } from '../store/postgres/connection.ts'
import { openPostgresStore, type PostgresStore } from '../store/postgres/postgres-store.ts'

/** The database cannot be used; the message says which and why, without its password. */
export class StoreFailure extends Error {
  /** True where it did not answer, false where it refused. */
  readonly unreachable: boolean
  constructor(message: string, unreachable: boolean, cause: unknown) {
    super(message, { cause })
    this.name = 'StoreFailure'
    this.unreachable = unreachable
  }
}

const pauseMs = 500

/** Tries for `waitMs` while the database does not answer. Rejects with a StoreFailure. */
export async function openSharedStore(options: {
  readonly url: string
  readonly waitMs: number
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
  readonly onUnfit?: (error: unknown) => void
}): Promise<PostgresStore> {
  const { url, waitMs, clock, log, signal, onUnfit } = options
  const deadline = clock.now() + waitMs
  const onListenerError = (error: unknown) =>
    log.error({ error: String(error) }, 'a reader of the store failed')
  for (;;) {
    try {
      return await openPostgresStore({
        url,
        clock,
        log,
        onListenerError,
        ...(onUnfit && { onUnfit }),
      })
    } catch (error) {
      const passing = isPassing(error)
      const why = error instanceof Error ? error.message || error.name : String(error)
      if (!passing || clock.now() + pauseMs > deadline || signal.aborted) {
        throw new StoreFailure(`the database \`${place(url)}\`: ${why}`, passing, error)
      }
      log.warn({ error: why, database: place(url) }, 'waiting for the database')
    }
    await pause(clock, pauseMs, signal)
  }
}

/** Where it is, without who asks. */
function place(url: string): string {
  const { host, pathname } = new URL(url)
  return `${host}${pathname}`
}
