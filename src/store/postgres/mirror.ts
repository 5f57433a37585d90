/** The store's documents in memory, with their recent history: what reads are answered from. Applies whole revisions, in order. */
import { OrderedKeys } from '../../kernel/ordered-keys.ts'
import { type ChangeEvent, type ListOptions, type Page, type Stored, StoreError } from '../store.ts'

/** A document as it is now; `text` is its JSON, parsed anew for each reader, so that none can change it for others. */
export interface Document {
  readonly revision: number
  readonly createRevision: number
  readonly text: string
}

/** One write of one document, as the table of versions holds it. */
export interface Version extends Document {
  readonly kind: ChangeEvent['kind']
  readonly key: string
  /** Of the version before; 0 where there was none. */
  readonly previousRevision: number
  /** The text before, of an update. */
  readonly previous: string | null
  /** When it was written, ms since the epoch. */
  readonly at: number
  /** The group of writes that was committed together. */
  readonly batch: string
}

interface Watcher {
  readonly prefix: string
  readonly listener: (event: ChangeEvent<never>) => void
}

export class Mirror {
  readonly #documents = new Map<string, Document>()
  #keys = new OrderedKeys([])
  /** All versions after `#floor`, oldest first. */
  #history: Version[] = []
  readonly #historyOf = new Map<string, Version[]>()
  readonly #historyKeys = new OrderedKeys([])
  readonly #watchers = new Set<Watcher>()
  readonly #onListenerError: (error: unknown) => void
  #revision = 0
  #floor = 0

  constructor(onListenerError: (error: unknown) => void) {
    this.#onListenerError = onListenerError
  }

  get revision(): number {
    return this.#revision
  }

  /** Begins with all documents as of `revision`, and with the versions after `floor`. */
  load(
    documents: ReadonlyMap<string, Document>,
    history: readonly Version[],
    revision: number,
    floor: number,
  ): void {
    for (const [key, document] of documents) this.#documents.set(key, document)
    this.#keys = new OrderedKeys(documents.keys())
    for (const version of history) this.#remember(version)
    this.#revision = revision
    this.#floor = floor
  }

  /** Takes versions in (by revision, each revision whole) and tells watchers; what is here already is skipped. */
  apply(versions: readonly Version[]): void {
    for (let from = 0; from < versions.length; ) {
      const revision = versions[from]?.revision ?? 0
      let to = from
      while (versions[to]?.revision === revision) to++
      if (revision > this.#revision) this.#applyRevision(versions.slice(from, to), revision)
      from = to
    }
  }

  document(key: string): Document | undefined {
    return this.#documents.get(key)
  }

  get<T>(key: string, at?: number): Stored<T> | undefined {
    if (at !== undefined) this.#checkReadable(at, key)
    const document = this.#documentAt(key, at ?? this.#revision)
    return document && stored<T>(key, document)
  }

  list<T>(prefix: string, { after, limit, at }: ListOptions = {}): Page<T> {
    if (at !== undefined) this.#checkReadable(at, prefix)
    const revision = at ?? this.#revision
    const items: Stored<T>[] = []
    for (const key of this.#keysFrom(prefix, after, revision)) {
      if (!key.startsWith(prefix)) break
      const document = this.#documentAt(key, revision)
      if (!document) continue
      if (items.length === limit) return { items, revision, more: true }
      items.push(stored<T>(key, document))
    }
    return { items, revision, more: false }
  }

  watch<T>(prefix: string, from: number, listener: (event: ChangeEvent<T>) => void): Disposable {
    this.#checkReadable(from, prefix)
    for (const version of this.#history.slice(this.#position(from))) {
      if (version.key.startsWith(prefix)) listener(changeEvent<T>(version))
    }
    const watcher: Watcher = { prefix, listener: listener as Watcher['listener'] }
    this.#watchers.add(watcher)
    return { [Symbol.dispose]: () => this.#watchers.delete(watcher) }
  }

  /** Forgets versions that were written before `time` (ms), and the oldest where there are more than `max`. */
  trim(time: number, max: number): void {
    const surplus = Math.max(this.#history.length - max, 0)
    let count = 0
    while (count < this.#history.length) {
      const version = this.#history[count]
      if (!version || (count >= surplus && version.at >= time)) break
      this.#floor = version.revision
      // A revision goes whole.
      while (this.#history[count]?.revision === this.#floor) count++
    }
    for (const { key } of this.#history.splice(0, count)) {
      const versions = this.#historyOf.get(key)
      versions?.shift()
      if (versions?.length !== 0) continue
      this.#historyOf.delete(key)
      this.#historyKeys.delete(key)
    }
  }

  /** Tells nobody any more. */
  close(): void {
    this.#watchers.clear()
  }

  #applyRevision(versions: readonly Version[], revision: number): void {
    for (const version of versions) {
      const { key } = version
      const before = this.#documents.has(key)
      if (version.kind === 'deleted') {
        if (this.#documents.delete(key)) this.#keys.delete(key)
      } else {
        const { createRevision, text } = version
        this.#documents.set(key, { revision, createRevision, text })
        if (!before) this.#keys.add(key)
      }
      this.#remember(version)
    }
    this.#revision = revision
    for (const version of versions) this.#announce(version)
  }

  #remember(version: Version): void {
    this.#history.push(version)
    const versions = this.#historyOf.get(version.key)
    if (versions) versions.push(version)
    else {
      this.#historyOf.set(version.key, [version])
      this.#historyKeys.add(version.key)
    }
  }

  #announce(version: Version): void {
    for (const watcher of [...this.#watchers]) {
      if (!version.key.startsWith(watcher.prefix) || !this.#watchers.has(watcher)) continue
      try {
        watcher.listener(changeEvent<never>(version))
      } catch (error) {
        this.#onListenerError(error)
      }
    }
  }

  /** The first change after `at` tells what was there before it. */
  #documentAt(key: string, at: number): Document | undefined {
    if (at >= this.#revision) return this.#documents.get(key)
    const next = this.#historyOf.get(key)?.find(({ revision }) => revision > at)
    if (!next) return this.#documents.get(key)
    if (next.kind === 'created') return undefined
    const { previousRevision: revision, createRevision } = next
    return { revision, createRevision, text: next.previous ?? next.text }
  }

  /** Keys from a prefix on, in order: those of now, and for the past also those that were deleted since. */
  *#keysFrom(prefix: string, after: string | undefined, at: number): Generator<string> {
    const start = after !== undefined && after >= prefix ? after : prefix
    if (start === prefix && after !== prefix) yield prefix
    const now = this.#keys.after(start)
    if (at === this.#revision) return yield* now
    const past = this.#historyKeys.after(start)
    let [one, other] = [now.next(), past.next()]
    while (!one.done || !other.done) {
      const key = other.done || (!one.done && one.value <= other.value) ? one.value : other.value
      yield key
      if (one.value === key) one = now.next()
      if (other.value === key) other = past.next()
    }
  }

  /** Where in the history the versions after a revision begin. */
  #position(revision: number): number {
    let low = 0
    let high = this.#history.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#history[middle]?.revision ?? 0) <= revision) low = middle + 1
      else high = middle
    }
    return low
  }

  #checkReadable(at: number, key: string): void {
    if (at < this.#floor) throw new StoreError('compacted', key)
    if (at > this.#revision) throw new StoreError('future', key)
  }
}

function stored<T>(key: string, { revision, createRevision, text }: Document): Stored<T> {
  return { key, value: JSON.parse(text) as T, revision, createRevision }
}

function changeEvent<T>(version: Version): ChangeEvent<T> {
  const { kind, key, revision, createRevision, text, previous } = version
  return {
    kind,
    key,
    revision,
    createRevision,
    value: JSON.parse(text) as T,
    ...(previous !== null && { previous: JSON.parse(previous) as T }),
  }
}
