/** Pages of keys with prefixes rolled up: after each prefix it seeks past it instead of reading what lies under it. */
import type { Listed, ListPosition, ListQuery } from './storage.ts'

/** Where rows are read from: `after` skips the row itself (and with `id` only those up to it). */
export interface Cursor {
  readonly key: Buffer
  readonly from: 'at' | 'after'
  readonly id?: string
}

/** Rows in the order of their keys, beginning at the cursor, below `end`. */
export type ReadRows<Row> = (cursor: Cursor, end: Buffer, limit: number) => readonly Row[]

/** Above every key: no UTF-8 text has this byte. */
const beyondAll = Buffer.from([0xff])
const chunkMax = 1000

/** Reads one page. `keyOf` gives a row's key, `idOf` what tells rows of one key apart. */
export function readPage<Row>(
  query: ListQuery,
  read: ReadRows<Row>,
  keyOf: (row: Row) => string,
  idOf: (row: Row) => string | undefined,
): Listed<Row> {
  const prefix = Buffer.from(query.prefix)
  const end = successor(prefix)
  const items: Row[] = []
  const prefixes: string[] = []
  let last: ListPosition | undefined
  let cursor = startOf(query, prefix)
  let chunk = query.delimiter === '' ? query.limit + 1 : 8
  for (;;) {
    const wanted = Math.min(chunk, query.limit + 1 - items.length - prefixes.length, chunkMax + 1)
    const rows = read(cursor, end, wanted)
    let skipped = false
    for (const row of rows) {
      const key = keyOf(row)
      if (items.length + prefixes.length >= query.limit) {
        return { items, prefixes, ...(last && { next: last }) }
      }
      const rolled = rollUp(key, query)
      if (rolled !== undefined) {
        prefixes.push(rolled)
        last = { key: rolled, isPrefix: true }
        cursor = { key: successor(Buffer.from(rolled)), from: 'at' }
        skipped = true
        break
      }
      items.push(row)
      last = positionOf(key, idOf(row))
      cursor = { key: Buffer.from(key), from: 'after', ...idPart(idOf(row)) }
    }
    if (!skipped && rows.length < wanted) return { items, prefixes }
    // A run of plain keys is read in growing chunks; behind a prefix another one is likely.
    chunk = skipped ? 2 : Math.min(chunk * 4, chunkMax + 1)
  }
}

/** The first bytes above everything that begins with `bytes`. */
export function successor(bytes: Buffer): Buffer {
  if (bytes.length === 0) return beyondAll
  const next = Buffer.from(bytes)
  next[next.length - 1] = (next[next.length - 1] ?? 0) + 1
  return next
}

/** The common prefix that stands for a key, where the delimiter comes after the asked prefix. */
function rollUp(key: string, { prefix, delimiter }: ListQuery): string | undefined {
  if (delimiter === '') return undefined
  const at = key.indexOf(delimiter, prefix.length)
  return at < 0 ? undefined : key.slice(0, at + delimiter.length)
}

function startOf({ after }: ListQuery, prefix: Buffer): Cursor {
  if (!after) return { key: prefix, from: 'at' }
  const key = Buffer.from(after.key)
  const cursor: Cursor = after.isPrefix
    ? { key: successor(key), from: 'at' }
    : { key, from: 'after', ...idPart(after.id) }
  return Buffer.compare(cursor.key, prefix) < 0 ? { key: prefix, from: 'at' } : cursor
}

function positionOf(key: string, id: string | undefined): ListPosition {
  return { key, ...idPart(id) }
}

function idPart(id: string | undefined): { id?: string } {
  return id === undefined ? {} : { id }
}
