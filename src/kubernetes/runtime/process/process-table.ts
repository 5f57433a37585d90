/** Who is whose child, from /proc. */
import { readdirSync, readFileSync } from 'node:fs'

/** Process ids of the children of `pid`, oldest first; empty when it is gone or the system has no /proc. */
export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .split(' ')
      .filter(Boolean)
      .map(Number)
  } catch {
    return scan(pid)
  }
}

// Kernels without CONFIG_PROC_CHILDREN have no such file.
function scan(parent: number): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && parentOf(name) === parent)
      .map(Number)
      .sort((a, b) => a - b)
  } catch {
    return []
  }
}

function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return undefined
  }
}
