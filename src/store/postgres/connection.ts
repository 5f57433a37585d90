/** Connections to the database: how they are opened, and which of their failures pass. */
import { Client, DatabaseError } from 'pg'
import type { Clock } from '../../kernel/clock.ts'
import { UnfitDatabase } from './tables.ts'

const connectTimeoutMs = 5_000
/** Longest wait for one statement; the server's own limits below end sooner. */
const queryTimeoutMs = 20_000
const firstPauseMs = 50
const longestPauseMs = 2_000

/**
 * A replica that stands still while it holds the write lock is thrown out by the server, whatever the network does; a
 * commit counts only when it is on disk, also where the server's default says otherwise.
 */
const session = `
  SET idle_in_transaction_session_timeout = '5s';
  SET lock_timeout = '15s';
  SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`

/** Opens a connection. `onLost` is called once when it breaks off later. Throws what the driver throws. */
export async function connect(
  url: string,
  onLost: (client: Client, error: Error) => void,
): Promise<Client> {
  const client = new Client({
    connectionString: url,
    application_name: 'podpass',
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: queryTimeoutMs,
    keepAlive: true,
  })
  let state: 'opening' | 'open' | 'lost' = 'opening'
  const lose = (error: Error) => {
    // While it opens, who opens it hears of the failure.
    if (state === 'open') onLost(client, error)
    state = 'lost'
  }
  client.on('error', lose)
  client.on('end', () => lose(new Error('the connection ended')))
  await client.connect()
  await client.query(session)
  if (state !== 'opening') throw new Error('the connection ended')
  state = 'open'
  return client
}

/** Ends a connection without waiting for a server that may be gone. */
export function discard(client: Client | undefined): void {
  client?.end().catch(() => {})
}

/** SQLSTATE classes and codes of what passes: connection, resources, shutdown, read-only after a failover, locks, conflicts. */
const passing = /^(08...|53...|57P0.|57014|25006|25P0[34]|55P03|40...)$/

/** True where trying again later may help. */
export function isPassing(error: unknown): boolean {
  if (error instanceof UnfitDatabase || error instanceof TypeError) return false
  // The driver's own errors (time-outs, broken connections) and the socket's all pass.
  if (!(error instanceof DatabaseError) || error.code === undefined) return true
  return passing.test(error.code)
}

/** True where the server refused what was to be stored: too large, not storable. */
export function isDataProblem(error: unknown): boolean {
  return error instanceof DatabaseError && /^(22|23|54)/.test(error.code ?? '')
}

/** Waits `ms` by the clock; the signal ends the wait. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const timer = clock.schedule(clock.now() + ms, done)
    signal.addEventListener('abort', done, { once: true })
    function done() {
      timer[Symbol.dispose]()
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}

/** The pause before the next try, after `failures` of them (ms): doubling, with a part left to chance. */
export function backOffMs(failures: number, chance = Math.random()): number {
  const whole = Math.min(firstPauseMs * 2 ** Math.min(failures, 10), longestPauseMs)
  return whole / 2 + (whole / 2) * chance
}
