/** EKS's documents in the store: typed reads, and writes that hold against others' writes. */
import { allDocuments, changeDocument, deleteDocument } from '../../store/documents.ts'
import { type Change, type Store, StoreError } from '../../store/store.ts'
import { inUse, notFound } from './errors.ts'
import {
  type AccessEntryRecord,
  type AddonRecord,
  type ClusterKey,
  type ClusterRecord,
  clusterKey,
  clustersPrefix,
  type FargateProfileRecord,
  type NodegroupRecord,
  type PartKind,
  type PodIdentityRecord,
  partKey,
  partsPrefix,
  type UpdateRecord,
} from './records.ts'

interface Parts {
  nodegroup: NodegroupRecord
  'access-entry': AccessEntryRecord
  update: UpdateRecord
  'pod-identity': PodIdentityRecord
  addon: AddonRecord
  'fargate-profile': FargateProfileRecord
}

const kinds: readonly PartKind[] = [
  'nodegroup',
  'access-entry',
  'update',
  'pod-identity',
  'addon',
  'fargate-profile',
]

export class EksState {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  findCluster(key: ClusterKey): ClusterRecord | undefined {
    return this.#store.get<ClusterRecord>(clusterKey(key))?.value
  }

  /** Throws ResourceNotFoundException. */
  cluster(key: ClusterKey): ClusterRecord {
    const found = this.findCluster(key)
    if (!found) {
      throw notFound(`No cluster found for name: ${key.name}.`, { clusterName: key.name })
    }
    return found
  }

  /** All clusters of an account and region by name, or all there are. */
  clusters(scope?: Pick<ClusterKey, 'account' | 'region'>): ClusterRecord[] {
    return allDocuments<ClusterRecord>(
      this.#store,
      clustersPrefix(scope),
      (key) => key.split('/')[4] === 'cluster',
    )
  }

  /** False when a cluster of that name exists. Its parts are written with it. */
  async createCluster(
    record: ClusterRecord,
    entries: readonly AccessEntryRecord[],
  ): Promise<boolean> {
    const changes: Change[] = [{ kind: 'create', key: clusterKey(record), value: record }]
    for (const entry of entries) {
      const key = partKey(record, 'access-entry', entry.principalArn)
      changes.push({ kind: 'create', key, value: entry })
    }
    return unlessExists(this.#store.transact(changes))
  }

  /** Reads, changes, writes, and again when another writer came between; undefined when the cluster is gone. */
  async changeCluster(
    key: ClusterKey,
    change: (current: ClusterRecord) => ClusterRecord,
  ): Promise<ClusterRecord | undefined> {
    return this.#change(clusterKey(key), change)
  }

  /** Removes a cluster and all that belongs to it. */
  async deleteCluster(key: ClusterKey): Promise<void> {
    const keys = kinds.flatMap((kind) => this.#keys(partsPrefix(key, kind)))
    if (this.findCluster(key)) keys.push(clusterKey(key))
    await this.#store.transact(keys.map((k): Change => ({ kind: 'delete', key: k })))
  }

  find<K extends PartKind>(key: ClusterKey, kind: K, name: string): Parts[K] | undefined {
    return this.#store.get<Parts[K]>(partKey(key, kind, name))?.value
  }

  list<K extends PartKind>(key: ClusterKey, kind: K): Parts[K][] {
    return allDocuments<Parts[K]>(this.#store, partsPrefix(key, kind))
  }

  /** False when it exists already. */
  async create<K extends PartKind>(
    key: ClusterKey,
    kind: K,
    name: string,
    record: Parts[K],
  ): Promise<boolean> {
    return unlessExists(this.#store.create(partKey(key, kind, name), record))
  }

  async change<K extends PartKind>(
    key: ClusterKey,
    kind: K,
    name: string,
    change: (current: Parts[K]) => Parts[K],
  ): Promise<Parts[K] | undefined> {
    return this.#change(partKey(key, kind, name), change)
  }

  async delete(key: ClusterKey, kind: PartKind, name: string): Promise<void> {
    await deleteDocument(this.#store, partKey(key, kind, name))
  }

  #change<T>(key: string, change: (current: T) => T): Promise<T | undefined> {
    return changeDocument(this.#store, key, change, () =>
      inUse('The resource is being changed by too many requests at once.'),
    )
  }

  #keys(prefix: string): string[] {
    return this.#store.list(prefix, { limit: 10_000 }).items.map((item) => item.key)
  }
}

async function unlessExists(write: Promise<unknown>): Promise<boolean> {
  try {
    await write
    return true
  } catch (error) {
    if (error instanceof StoreError && (error.kind === 'exists' || error.kind === 'conflict')) {
      return false
    }
    throw error
  }
}
