/** RDS's documents in the store: typed reads, and writes that hold against others' writes. */
import { type Store, StoreError } from '../../store/store.ts'
import { refuse } from './errors.ts'
import {
  type ClusterRecord,
  type Kind,
  type Records,
  recordsPrefix,
  type Scope,
} from './records.ts'

const page = 1_000
const attemptsMax = 10

export class RdsState {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  find<K extends Kind>(scope: Scope, kind: K, identifier: string): Records[K] | undefined {
    return this.#store.get<Records[K]>(recordsPrefix(scope, kind) + identifier)?.value
  }

  /** All of a kind by identifier. */
  list<K extends Kind>(scope: Scope, kind: K): Records[K][] {
    return this.#all<Records[K]>(recordsPrefix(scope, kind))
  }

  /** The clusters of all accounts and regions. */
  clusters(): ClusterRecord[] {
    return this.#all<ClusterRecord>('/rds/', (key) => key.split('/')[4] === 'cluster')
  }

  /** False when there is one of that identifier. */
  async create<K extends Kind>(kind: K, record: Records[K]): Promise<boolean> {
    try {
      await this.#store.create(recordsPrefix(record, kind) + record.identifier, record)
      return true
    } catch (error) {
      if (error instanceof StoreError && error.kind === 'exists') return false
      throw error
    }
  }

  /** Reads, changes, writes, and again when another writer came between; undefined when it is gone. */
  async change<K extends Kind>(
    scope: Scope,
    kind: K,
    identifier: string,
    change: (current: Records[K]) => Records[K],
  ): Promise<Records[K] | undefined> {
    const key = recordsPrefix(scope, kind) + identifier
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const current = this.#store.get<Records[K]>(key)
      if (!current) return undefined
      const next = change(current.value)
      try {
        await this.#store.update(key, next, current.revision)
        return next
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        if (error.kind === 'not-found') return undefined
        if (error.kind !== 'conflict') throw error
      }
    }
    throw refuse.InvalidDBClusterStateFault({ text: 'The resource is being changed by others.' })
  }

  async delete(scope: Scope, kind: Kind, identifier: string): Promise<void> {
    try {
      await this.#store.delete(recordsPrefix(scope, kind) + identifier)
    } catch (error) {
      if (!(error instanceof StoreError && error.kind === 'not-found')) throw error
    }
  }

  #all<T>(prefix: string, wanted: (key: string) => boolean = () => true): T[] {
    const found: T[] = []
    let after: string | undefined
    for (;;) {
      const { items, more } = this.#store.list<T>(prefix, {
        limit: page,
        ...(after === undefined ? {} : { after }),
      })
      for (const item of items) if (wanted(item.key)) found.push(item.value)
      after = items.at(-1)?.key
      if (!more || after === undefined) return found
    }
  }
}
