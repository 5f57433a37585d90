/** Records of one kind by key, and their keys in order: lists stay quick however many there are. */
import { OrderedKeys } from '../../kernel/ordered-keys.ts'

/** A record with the revision of the write that made it. */
export interface Entry<T> {
  readonly record: T
  readonly revision: number
}

export class Collection<T> {
  readonly #entries = new Map<string, Entry<T>>()
  /** Undefined until somebody asks: a bulk load does not keep order for nobody. */
  #order: OrderedKeys | undefined

  get size(): number {
    return this.#entries.size
  }

  get(key: string): Entry<T> | undefined {
    return this.#entries.get(key)
  }

  /** Adds or replaces. */
  put(key: string, entry: Entry<T>): void {
    if (this.#order && !this.#entries.has(key)) this.#order.add(key)
    this.#entries.set(key, entry)
  }

  delete(key: string): void {
    if (this.#entries.delete(key)) this.#order?.delete(key)
  }

  records(): IteratorObject<T, undefined> {
    return this.#entries.values().map((entry) => entry.record)
  }

  /** The records after a key, in order of their keys. Must be read before the next change. */
  *after(key: string | undefined): Generator<[key: string, record: T]> {
    this.#order ??= new OrderedKeys(this.#entries.keys())
    for (const next of this.#order.after(key)) {
      const entry = this.#entries.get(next)
      if (entry) yield [next, entry.record]
    }
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
