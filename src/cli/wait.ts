/** Waiting for something that only another process can do. */
import { setTimeout as pause } from 'node:timers/promises'

/** Looks every 20 ms until `done` or until `limitMs` have passed; answers whether it was done. */
export async function waitUntil(
  done: () => boolean | Promise<boolean>,
  limitMs: number,
): Promise<boolean> {
  const end = performance.now() + limitMs
  while (!(await done())) {
    if (performance.now() > end) return false
    await pause(20)
  }
  return true
}
