/** A clock that stands still until it is told to move: for tests. */
import type { Clock } from '../kernel/clock.ts'

/** Starts at `start` (ms since the epoch); `advance` runs what falls due, in order of its time. */
export class ManualClock implements Clock {
  #now: number
  readonly #tasks = new Set<{ at: number; task: () => void }>()

  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#now = start
  }

  now(): number {
    return this.#now
  }

  schedule(at: number, task: () => void): Disposable {
    const entry = { at, task }
    this.#tasks.add(entry)
    return { [Symbol.dispose]: () => this.#tasks.delete(entry) }
  }

  /** Moves on by `ms`; tasks that are scheduled meanwhile and fall within run too. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const due = [...this.#tasks].filter((t) => t.at <= end).sort((a, b) => a.at - b.at)[0]
      if (!due) break
      this.#tasks.delete(due)
      this.#now = Math.max(this.#now, due.at)
      due.task()
    }
    this.#now = end
  }
}
