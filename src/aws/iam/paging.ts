/** Pages of lists: opaque markers, `IsTruncated` always said. */
import { refuse } from './errors.ts'

export interface PageRequest {
  readonly Marker?: string | undefined
  readonly MaxItems?: number | undefined
}

export interface PageAnswer {
  readonly IsTruncated: boolean
  readonly Marker?: string
}

const usualSize = 100

/** The key that a marker stands for: the list goes on after it. */
export function markedKey({ Marker }: PageRequest): string | undefined {
  if (Marker === undefined) return undefined
  const text = Buffer.from(Marker, 'base64url').toString('utf8')
  if (!text.startsWith('1:') || toMarker(text.slice(2)) !== Marker) {
    throw refuse.ValidationError({ text: 'Invalid Marker.' })
  }
  return text.slice(2)
}

function toMarker(key: string): string {
  return Buffer.from(`1:${key}`).toString('base64url')
}

/**
 * Takes one page of items that come in order of their keys, beginning after the marker; reads no further than it
 * must.
 */
export function pageOf<T>(
  items: Iterable<readonly [key: string, item: T]>,
  request: PageRequest,
): { readonly items: T[]; readonly page: PageAnswer } {
  const size = request.MaxItems ?? usualSize
  const taken: T[] = []
  let last = ''
  for (const [key, item] of items) {
    if (taken.length === size) {
      return { items: taken, page: { IsTruncated: true, Marker: toMarker(last) } }
    }
    taken.push(item)
    last = key
  }
  return { items: taken, page: { IsTruncated: false } }
}

/** The same for a short list in any order. */
export function pageOfList<T>(
  list: readonly T[],
  keyOf: (item: T) => string,
  request: PageRequest,
): { readonly items: T[]; readonly page: PageAnswer } {
  const after = markedKey(request)
  const pairs = list
    .map((item) => [keyOf(item), item] as const)
    .filter(([key]) => after === undefined || key > after)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return pageOf(pairs, request)
}

/** Of entities: those whose path begins with a prefix. */
export function* underPath<T extends { readonly path: string }>(
  items: Iterable<readonly [string, T]>,
  prefix: string | undefined,
): Generator<readonly [string, T]> {
  for (const pair of items) if (prefix === undefined || pair[1].path.startsWith(prefix)) yield pair
}
