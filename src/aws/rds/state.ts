/** RDS's documents in the store: typed reads, and writes that hold against others' writes. */
import { allDocuments, changeDocument, deleteDocument } from '../../store/documents.ts'
import { type Store, StoreError } from '../../store/store.ts'
import { refuse } from './errors.ts'
import {
  type ClusterRecord,
  type Kind,
  type Records,
  recordsPrefix,
  type Scope,
} from './records.ts'

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
    return allDocuments<Records[K]>(this.#store, recordsPrefix(scope, kind))
  }

  /** The clusters of all accounts and regions. */
  clusters(): ClusterRecord[] {
    return allDocuments<ClusterRecord>(
      this.#store,
      '/rds/',
      (key) => key.split('/')[4] === 'cluster',
    )
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
    return changeDocument(this.#store, recordsPrefix(scope, kind) + identifier, change, () =>
      refuse.InvalidDBClusterStateFault({ text: 'The resource is being changed by others.' }),
    )
  }

  async delete(scope: Scope, kind: Kind, identifier: string): Promise<void> {
    await deleteDocument(this.#store, recordsPrefix(scope, kind) + identifier)
  }
}
