/** Versioned documents with compare-and-set, ordered ranges and a change feed: what IAM and Kubernetes both stand on. */

/** A document as it is stored: JSON, under a key such as `/iam/111122223333/role/my-role`. */
export interface Stored<T = unknown> {
  readonly key: string
  readonly value: T
  /** Revision of the write that made this version. */
  readonly revision: number
  /** Revision of the write that created the document. */
  readonly createRevision: number
}

export interface Page<T = unknown> {
  readonly items: readonly Stored<T>[]
  /** The revision that the page shows; pass it as `at` to read the next page of the same list. */
  readonly revision: number
  /** True when more documents follow the last item. */
  readonly more: boolean
}

export interface ListOptions {
  /** Only keys after this one. */
  readonly after?: string
  readonly limit?: number
  /** Show the documents as of this revision; a compacted one throws StoreError `compacted`. */
  readonly at?: number
}

export type Change =
  | { readonly kind: 'create'; readonly key: string; readonly value: unknown }
  | {
      readonly kind: 'update'
      readonly key: string
      readonly value: unknown
      readonly expected?: number
    }
  | { readonly kind: 'delete'; readonly key: string; readonly expected?: number }
  /** Only checks that the document still has this revision (0: that it does not exist). */
  | { readonly kind: 'check'; readonly key: string; readonly expected: number }

export interface ChangeEvent<T = unknown> {
  readonly kind: 'created' | 'updated' | 'deleted'
  readonly key: string
  readonly revision: number
  readonly createRevision: number
  /** The new value; of a deletion the last one. */
  readonly value: T
  /** The value before, where there was one. */
  readonly previous?: T
}

export type StoreErrorKind = 'exists' | 'not-found' | 'conflict' | 'compacted' | 'future'

/** Why a write or read was not done; nothing of its transaction happened. */
export class StoreError extends Error {
  readonly kind: StoreErrorKind
  readonly key: string
  constructor(kind: StoreErrorKind, key: string) {
    super(`store: ${kind}: ${key}`)
    this.name = 'StoreError'
    this.kind = kind
    this.key = key
  }
}

/**
 * One ordered history of writes. Every write has a revision greater than all before it; a transaction is one
 * revision. Writes resolve when they are durable. Reads see every write that resolved before them.
 */
export interface Store extends AsyncDisposable {
  /** The newest revision. */
  revision(): number
  get<T>(key: string, at?: number): Stored<T> | undefined
  list<T>(prefix: string, options?: ListOptions): Page<T>
  create(key: string, value: unknown): Promise<number>
  /** Replaces a document; with `expected`, only if it still has that revision. */
  update(key: string, value: unknown, expected?: number): Promise<number>
  delete(key: string, expected?: number): Promise<number>
  /** All or nothing; returns the transaction's revision. */
  transact(changes: readonly Change[]): Promise<number>
  /**
   * Calls `listener` for each change under `prefix` after revision `from`, in order, past ones first; past ones are
   * delivered before this returns. Throws StoreError `compacted` when `from` is too old, `future` when it is ahead.
   * A change is delivered once it is durable, before the write that made it resolves.
   */
  watch<T>(prefix: string, from: number, listener: (event: ChangeEvent<T>) => void): Disposable
}
