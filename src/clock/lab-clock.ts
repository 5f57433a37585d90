/** The lab's clock: wall time plus an offset that `podpass clock advance` moves. */
import type { Clock } from '../kernel/clock.ts'

/** The longest wait that one timer of the machine takes. */
const longestTimerMs = 2 ** 31 - 1

/** A clock that runs with the machine's and can be moved ahead; what falls due meanwhile runs at once, in order. */
export class LabClock implements Clock {
  #offsetMs: number
  readonly #tasks = new Set<{ readonly at: number; readonly task: () => void }>()
  #timer: NodeJS.Timeout | undefined
  readonly #onError: (error: unknown) => void

  /** `offsetMs`: how far the lab's time is ahead of the machine's. */
  constructor(offsetMs: number, onError: (error: unknown) => void) {
    this.#offsetMs = offsetMs
    this.#onError = onError
  }

  now(): number {
    return Date.now() + this.#offsetMs
  }

  get offsetMs(): number {
    return this.#offsetMs
  }

  schedule(at: number, task: () => void): Disposable {
    const entry = { at, task }
    this.#tasks.add(entry)
    this.#arm()
    return {
      [Symbol.dispose]: () => {
        this.#tasks.delete(entry)
      },
    }
  }

  /** Sets how far the lab is ahead (ms); what became due runs before this returns. */
  setOffset(offsetMs: number): void {
    this.#offsetMs = offsetMs
    this.#run()
  }

  /** Cancels all that waits. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.#tasks.clear()
  }

  #arm(): void {
    clearTimeout(this.#timer)
    let next = Number.POSITIVE_INFINITY
    for (const { at } of this.#tasks) next = Math.min(next, at)
    if (next === Number.POSITIVE_INFINITY) return
    const wait = Math.min(Math.max(next - this.now(), 0), longestTimerMs)
    this.#timer = setTimeout(() => this.#run(), wait)
    this.#timer.unref()
  }

  #run(): void {
    const due = [...this.#tasks].filter((t) => t.at <= this.now()).sort((a, b) => a.at - b.at)
    for (const entry of due) {
      if (!this.#tasks.delete(entry)) continue
      try {
        entry.task()
      } catch (error) {
        this.#onError(error)
      }
    }
    this.#arm()
  }
}
