/** One lab at a time in one home, and who holds a port: notes that outlive a kill -9 and are seen to be stale. */
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readJsonFile } from './home.ts'

/** Who holds a home or a port. `startedAt` is ms since the epoch. */
export interface Holder {
  readonly pid: number
  readonly home: string
  readonly startedAt: number
}

/** Takes the note at `path`; answers the living holder when there is one already. A dead holder's note is replaced. */
export function takeLock(path: string, holder: Holder): Holder | undefined {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const fresh = `${path}.${holder.pid}`
  writeFileSync(fresh, JSON.stringify(holder), { mode: 0o600 })
  try {
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        linkSync(fresh, path)
        return undefined
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
      const present = readHolder(path)
      if (present && present.pid !== holder.pid && isAlive(present.pid)) return present
      rmSync(path, { force: true })
    }
    throw new Error(`could not take ${path}`)
  } finally {
    rmSync(fresh, { force: true })
  }
}

/** Gives a note back, if it is still ours. */
export function releaseLock(path: string, pid: number): void {
  if (readHolder(path)?.pid === pid) rmSync(path, { force: true })
}

/** The living holder of a note; undefined when there is none. */
export function currentHolder(path: string): Holder | undefined {
  const holder = readHolder(path)
  return holder && isAlive(holder.pid) ? holder : undefined
}

/** The note of a port in the runtime folder. */
export function portNote(runtime: string, port: number): string {
  return join(runtime, `port-${port}.json`)
}

function readHolder(path: string): Holder | undefined {
  try {
    return readJsonFile<Holder>(path)
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !isZombie(pid)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** A process that has ended and that nobody has asked about yet; told on Linux only. */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return /^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2))
  } catch {
    return false
  }
}
