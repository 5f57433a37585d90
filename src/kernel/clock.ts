/** The time as everything in Podpass sees it: passed in, never read from the machine. */

/** Tells the time and wakes whoever waits for a moment of it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Runs `task` once, as soon as `now()` has reached `at` (ms); disposing cancels it. */
  schedule(at: number, task: () => void): Disposable
}
