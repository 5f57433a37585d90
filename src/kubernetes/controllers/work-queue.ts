/** Keys of objects that want reconciling: each once, one at a time, again later when it failed. */
import type { Log } from '../../audit/log.ts'
import type { Clock } from '../../kernel/clock.ts'

const retryFirstMs = 50
const retryMaxMs = 300_000

export interface WorkQueueOptions {
  /** Of the controller, for the log. */
  readonly name: string
  readonly clock: Clock
  readonly log: Log
  /** Brings the object of `key` closer to what it should be; what it throws is tried again, later each time. */
  reconcile(key: string): Promise<void>
}

export class WorkQueue implements AsyncDisposable {
  readonly #options: WorkQueueOptions
  readonly #waiting = new Set<string>()
  readonly #failures = new Map<string, number>()
  readonly #timers = new Map<string, Disposable>()
  #isOver = false
  #working: Promise<void> | undefined

  constructor(options: WorkQueueOptions) {
    this.#options = options
  }

  add(key: string): void {
    if (this.#isOver) return
    this.#waiting.add(key)
    this.#begin()
  }

  #begin(): void {
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined
      // What was added between the last look and now.
      if (this.#waiting.size > 0 && !this.#isOver) this.#begin()
    })
  }

  /** Adds `key` at a moment (ms); of several such calls for one key the earliest counts. */
  addAt(key: string, at: number): void {
    if (this.#isOver) return
    // The moment may have come while it was being worked out.
    if (at <= this.#options.clock.now()) {
      this.add(key)
      return
    }
    const timerKey = `${key} ${at}`
    if (this.#timers.has(timerKey)) return
    const timer = this.#options.clock.schedule(at, () => {
      this.#timers.delete(timerKey)
      this.add(key)
    })
    this.#timers.set(timerKey, timer)
  }

  async #work(): Promise<void> {
    const { name, clock, log } = this.#options
    // What led here is done first: an event is handed out while its write is under way.
    await Promise.resolve()
    for (;;) {
      const key = this.#waiting.values().next().value
      if (key === undefined || this.#isOver) return
      this.#waiting.delete(key)
      try {
        await this.#options.reconcile(key)
        this.#failures.delete(key)
      } catch (error) {
        if (this.#isOver) return
        const failures = this.#failures.get(key) ?? 0
        this.#failures.set(key, failures + 1)
        log.debug({ controller: name, key, error }, 'not reconciled yet')
        this.addAt(key, clock.now() + Math.min(retryFirstMs * 2 ** failures, retryMaxMs))
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    for (const timer of this.#timers.values()) timer[Symbol.dispose]()
    this.#timers.clear()
    await this.#working
  }
}
