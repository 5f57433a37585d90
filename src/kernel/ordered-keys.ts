/** Keys in order, in chunks: adding one among 100,000 moves a few hundred, not all. */

const chunkMax = 512

export class OrderedKeys {
  /** None is empty; all keys of one come before those of the next. */
  readonly #chunks: string[][] = []

  constructor(keys: Iterable<string>) {
    const sorted = [...keys].sort()
    for (let from = 0; from < sorted.length; from += chunkMax / 2) {
      this.#chunks.push(sorted.slice(from, from + chunkMax / 2))
    }
  }

  /** The key must not be there yet. */
  add(key: string): void {
    const at = Math.min(this.#chunkOf(key), this.#chunks.length - 1)
    const chunk = this.#chunks[at]
    if (!chunk) {
      this.#chunks.push([key])
      return
    }
    chunk.splice(position(chunk, key), 0, key)
    if (chunk.length > chunkMax) this.#chunks.splice(at + 1, 0, chunk.splice(chunkMax / 2))
  }

  delete(key: string): void {
    const at = this.#chunkOf(key)
    const chunk = this.#chunks[at]
    const index = chunk ? position(chunk, key) : 0
    if (chunk?.[index] !== key) return
    chunk.splice(index, 1)
    if (chunk.length === 0) this.#chunks.splice(at, 1)
  }

  /** The keys that come after `key`; all where it is undefined. Must not be changed meanwhile. */
  *after(key: string | undefined): Generator<string> {
    let at = key === undefined ? 0 : this.#chunkOf(key)
    let index = key === undefined ? 0 : position(this.#chunks[at] ?? [], key)
    if (key !== undefined && this.#chunks[at]?.[index] === key) index += 1
    for (; at < this.#chunks.length; at += 1, index = 0) {
      const chunk = this.#chunks[at] ?? []
      for (; index < chunk.length; index += 1) yield chunk[index] ?? ''
    }
  }

  /** The first chunk whose last key is not before `key`; behind the last where there is none. */
  #chunkOf(key: string): number {
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#chunks[middle]?.at(-1) ?? '') < key) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Where the key is in a sorted list, or would be. */
function position(list: readonly string[], key: string): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((list[middle] ?? '') < key) low = middle + 1
    else high = middle
  }
  return low
}
