/** Sets of completion indexes as a Job's status and policies write them: `1,3-5,7`. */

interface Interval {
  readonly first: number
  readonly last: number
}

/** Intervals in order that neither touch nor overlap. */
export type Indexes = readonly Interval[]

/** The indexes below `completions` that a text names. Throws an Error that says, in Kubernetes' words, what is wrong. */
export function parseIndexes(text: string, completions: number): Indexes {
  const intervals: Interval[] = []
  let previous = -1
  for (const part of text === '' ? [] : text.split(',')) {
    const limits = part.split('-')
    if (limits.length > 2) {
      throw new Error(
        `the fragment "${part}" violates the requirement that an index interval can have at most two parts separated by '-'`,
      )
    }
    const [first = 0, last = first] = limits.map((limit) => parseIndex(limit, completions))
    if (limits.length === 2 && first >= last) throw outOfOrder(first, last)
    if (previous >= first) throw outOfOrder(previous, first)
    intervals.push({ first, last })
    previous = last
  }
  return union(intervals)
}

/** As `parseIndexes`; none where the text cannot be read. */
export function parsedIndexes(text: string, completions: number): Indexes {
  try {
    return parseIndexes(text, completions)
  } catch {
    return []
  }
}

function parseIndex(text: string, completions: number): number {
  if (!/^\d{1,10}$/.test(text)) {
    throw new Error(`cannot convert string to integer for index: ${JSON.stringify(text)}`)
  }
  if (Number(text) >= completions) throw new Error(`too large index: ${JSON.stringify(text)}`)
  return Number(text)
}

const outOfOrder = (previous: number, current: number) =>
  new Error(`non-increasing order, previous: ${previous}, current: ${current}`)

/** The text for indexes; two neighbours are written apart. */
export function formatIndexes(indexes: Indexes): string {
  return indexes
    .map(({ first, last }) => {
      if (first === last) return String(first)
      return `${first}${last === first + 1 ? ',' : '-'}${last}`
    })
    .join(',')
}

export function countIndexes(indexes: Indexes): number {
  return indexes.reduce((sum, { first, last }) => sum + last - first + 1, 0)
}

/** The indexes and single ones more. */
export function withIndexes(indexes: Indexes, more: readonly number[]): Indexes {
  return union([...indexes, ...more.map((index) => ({ first: index, last: index }))])
}

/** The indexes of both. */
export function joinIndexes(a: Indexes, b: Indexes): Indexes {
  return union([...a, ...b])
}

function union(intervals: readonly Interval[]): Indexes {
  const joined: { first: number; last: number }[] = []
  for (const { first, last } of [...intervals].sort((a, b) => a.first - b.first)) {
    const open = joined.at(-1)
    if (open && first <= open.last + 1) open.last = Math.max(open.last, last)
    else joined.push({ first, last })
  }
  return joined
}

/** How many indexes both have. */
export function countCommon(a: Indexes, b: Indexes): number {
  let common = 0
  let [i, j] = [0, 0]
  for (;;) {
    const [x, y] = [a[i], b[j]]
    if (!x || !y) return common
    common += Math.max(0, Math.min(x.last, y.last) - Math.max(x.first, y.first) + 1)
    if (x.last < y.last) i++
    else j++
  }
}

/** The lowest indexes below `completions` that are not taken, at most `count`. */
export function freeIndexes(taken: Indexes, count: number, completions: number): number[] {
  const free: number[] = []
  let candidate = 0
  for (const { first, last } of [...taken, { first: completions, last: completions }]) {
    while (candidate < Math.min(first, completions) && free.length < count) free.push(candidate++)
    candidate = Math.max(candidate, last + 1)
  }
  return free
}
