/** Names that AWS makes up. */
import { randomInt } from 'node:crypto'

const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
const lower = upper.toLowerCase()

/** `cluster-` or `db-` and 26 upper-case letters and digits. */
export function resourceId(kind: 'cluster' | 'db'): string {
  return `${kind}-${pick(upper, 26)}`
}

/** The part of endpoint names that an account has in a region: `c` and eleven letters and digits. */
export function endpointMark(): string {
  return `c${pick(lower, 11)}`
}

function pick(alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('')
}
