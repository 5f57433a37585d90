/** The shared store as commands reach it that do one thing and end. */
import type { Command } from 'commander'
import { silentLog } from '../audit/log.ts'
import { LabClock } from '../clock/lab-clock.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Store } from '../store/store.ts'
import type { CliContext } from './context.ts'
import { CliFailure, exitCodes } from './failure.ts'
import { serveConfig } from './serve-options.ts'

/** Opens the store that the command's settings name, runs `task`, closes it. Does not wait for a database that is down. */
export async function withSharedStore<T>(
  context: CliContext,
  command: Command,
  task: (parts: { store: Store; clock: Clock }) => Promise<T>,
): Promise<T> {
  const config = await serveConfig(context, command)
  const { openSharedStore } = await import('../serve/open-store.ts')
  using _alive = keepAlive()
  using clock = new LabClock(0, () => {})
  const { signal } = new AbortController()
  const options = { url: config.store, waitMs: 0, clock, log: silentLog, signal }
  await using store = await openSharedStore(options).catch(async (error: unknown) => {
    throw await storeFailure(error)
  })
  return await task({ store, clock })
}

/** Keeps the process running while it only waits: the clock's timers alone do not. */
export function keepAlive(): Disposable {
  const timer = setInterval(() => {}, 2 ** 30)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

/** A database that cannot be used as a failure for people; anything else is passed on. */
export async function storeFailure(error: unknown): Promise<unknown> {
  const { StoreFailure } = await import('../serve/open-store.ts')
  if (!(error instanceof StoreFailure)) return error
  return new CliFailure(error.message, {
    exitCode: error.unreachable ? exitCodes.unreachable : exitCodes.failed,
    hints: ['see --store, or PODPASS_SERVE_STORE'],
    cause: error,
  })
}
