/** Objects in memory, fed by the store's changes, so that reads neither ask the database nor parse. */
import type { ChangeEvent, ListOptions, Page, Store, Stored } from '../../store/store.ts'
import type { KubernetesObject } from '../object.ts'

type Item = Stored<KubernetesObject>

/** One resource: its objects, and their keys in order. */
interface Shelf {
  readonly items: Map<string, Item>
  readonly keys: string[]
}

/** What it hands out is frozen: it is shared by all readers. */
export class ReadCache implements Disposable {
  readonly #store: Store
  readonly #shelves = new Map<string, Shelf>()
  /** The revision of the last change that was announced; less than the store's within a batch. */
  readonly #watches = new DisposableStack()
  #seen: number

  constructor(store: Store) {
    this.#store = store
    this.#seen = store.revision()
    const note = (event: { revision: number }) => {
      this.#seen = event.revision
    }
    this.#watches.use(store.watch('', this.#seen, note))
  }

  [Symbol.dispose](): void {
    this.#watches.dispose()
  }

  /** The object at `key` of the resource at `root`. */
  get(root: string, key: string): Item | undefined {
    const shelf = this.#shelf(root)
    return shelf ? shelf.items.get(key) : frozen(this.#store.get<KubernetesObject>(key))
  }

  /** As the store's `list` of the newest revision. */
  list(
    root: string,
    prefix: string,
    { after, limit }: Omit<ListOptions, 'at'>,
  ): Page<KubernetesObject> {
    const shelf = this.#shelf(root)
    if (!shelf) {
      const page = this.#store.list<KubernetesObject>(prefix, {
        ...(after === undefined ? {} : { after }),
        ...(limit === undefined ? {} : { limit }),
      })
      return { ...page, items: page.items.map((item) => frozen(item)) }
    }
    const items: Item[] = []
    let at = position(shelf.keys, prefix)
    if (after !== undefined && after >= prefix) {
      at = position(shelf.keys, after)
      if (shelf.keys[at] === after) at++
    }
    let more = false
    for (; at < shelf.keys.length; at++) {
      const key = shelf.keys[at] ?? ''
      if (!key.startsWith(prefix)) break
      more = items.length === limit
      if (more) break
      const item = shelf.items.get(key)
      if (item) items.push(item)
    }
    return { items, revision: this.#seen, more }
  }

  /** The resource's objects; undefined while a batch of changes is being announced, when memory lags behind. */
  #shelf(root: string): Shelf | undefined {
    if (this.#seen !== this.#store.revision()) return undefined
    const known = this.#shelves.get(root)
    if (known) return known
    const page = this.#store.list<KubernetesObject>(root)
    const items = new Map(page.items.map((item) => [item.key, frozen(item)]))
    const shelf = { items, keys: [...items.keys()] }
    this.#shelves.set(root, shelf)
    const keep = (event: ChangeEvent<KubernetesObject>) => change(shelf, event)
    this.#watches.use(this.#store.watch(root, this.#seen, keep))
    return shelf
  }
}

function change({ items, keys }: Shelf, event: ChangeEvent<KubernetesObject>): void {
  const { kind, key, value, revision, createRevision } = event
  if (kind === 'deleted') {
    items.delete(key)
    keys.splice(position(keys, key), 1)
    return
  }
  if (!items.has(key)) keys.splice(position(keys, key), 0, key)
  items.set(key, frozen({ key, value, revision, createRevision }))
}

/** Index of the first key that is not less than `key`. */
function position(keys: readonly string[], key: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((keys[middle] ?? '') < key) low = middle + 1
    else high = middle
  }
  return low
}

/** Freezes a value and all in it, so that whoever would change what others read fails at once. */
function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const inner of Object.values(value)) frozen(inner)
  return value
}
