/** What services do with their documents in a store: read all, read-change-write, delete what may be gone. */
import { type Store, StoreError } from './store.ts'

const pageSize = 500
const attemptsMax = 10

/** Every document under `prefix` whose key is wanted, in the order of keys. */
export function allDocuments<T>(
  store: Store,
  prefix: string,
  wanted: (key: string) => boolean = () => true,
): T[] {
  const found: T[] = []
  let after: string | undefined
  for (;;) {
    const { items, more } = store.list<T>(prefix, {
      limit: pageSize,
      ...(after !== undefined && { after }),
    })
    for (const item of items) if (wanted(item.key)) found.push(item.value)
    after = items.at(-1)?.key
    if (!more || after === undefined) return found
  }
}

/**
 * Reads, changes and writes a document, again where somebody else wrote in between. Answers what was written, or what is
 * there where `change` returns it as it was; undefined where there is no such document. `contended` is thrown when ten
 * attempts were not enough.
 */
export async function changeDocument<T>(
  store: Store,
  key: string,
  change: (current: T) => T,
  contended: () => Error,
): Promise<T | undefined> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const current = store.get<T>(key)
    if (!current) return undefined
    const next = change(current.value)
    if (next === current.value) return next
    try {
      await store.update(key, next, current.revision)
      return next
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      if (error.kind === 'not-found') return undefined
      if (error.kind !== 'conflict') throw error
    }
  }
  throw contended()
}

/** Deletes a document; one that is gone already is as good. */
export async function deleteDocument(store: Store, key: string): Promise<void> {
  try {
    await store.delete(key)
  } catch (error) {
    if (!(error instanceof StoreError && error.kind === 'not-found')) throw error
  }
}
