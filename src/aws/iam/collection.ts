/** Records of one kind by key, and their keys in order: lists stay quick however many there are. */

/** A record with the revision of the write that made it. */
export interface Entry<T> {
  readonly record: T
  readonly revision: number
}

export class Collection<T> {
  readonly #entries = new Map<string, Entry<T>>()
  /** In order; undefined after a bulk load until somebody asks. */
  #order: string[] | undefined

  get size(): number {
    return this.#entries.size
  }

  get(key: string): Entry<T> | undefined {
    return this.#entries.get(key)
  }

  /** Adds or replaces. */
  put(key: string, entry: Entry<T>): void {
    if (!this.#entries.has(key)) this.#order?.splice(this.#position(key), 0, key)
    this.#entries.set(key, entry)
  }

  delete(key: string): void {
    if (this.#entries.delete(key)) this.#order?.splice(this.#position(key), 1)
  }

  records(): IteratorObject<T, undefined> {
    return this.#entries.values().map((entry) => entry.record)
  }

  /** The records after a key, in order of their keys. */
  *after(key: string | undefined): Generator<[key: string, record: T]> {
    const order = this.#sorted()
    let index = key === undefined ? 0 : this.#position(key)
    if (key !== undefined && order[index] === key) index += 1
    for (; index < order.length; index += 1) {
      const next = order[index] ?? ''
      const entry = this.#entries.get(next)
      if (entry) yield [next, entry.record]
    }
  }

  #sorted(): string[] {
    this.#order ??= [...this.#entries.keys()].sort()
    return this.#order
  }

  /** Where the key is, or would be. */
  #position(key: string): number {
    const order = this.#sorted()
    let low = 0
    let high = order.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((order[middle] ?? '') < key) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Sets of members by key; empty sets are not kept. */
export class Index {
  readonly #sets = new Map<string, Set<string>>()

  of(key: string): ReadonlySet<string> {
    return this.#sets.get(key) ?? none
  }

  add(key: string, member: string): void {
    const set = this.#sets.get(key)
    if (set) set.add(member)
    else this.#sets.set(key, new Set([member]))
  }

  remove(key: string, member: string): void {
    const set = this.#sets.get(key)
    if (set?.delete(member) && set.size === 0) this.#sets.delete(key)
  }
}

const none: ReadonlySet<string> = new Set()
