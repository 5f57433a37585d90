/** How each node's instance metadata answers: kept in the store, read at each request. */
import type { InstanceMetadataOptions } from '../aws/ec2/fleet.ts'
import type { MetadataOptions } from '../node/instance-metadata.ts'
import type { Store } from '../store/store.ts'

const prefix = '/ec2/instance-metadata-options/'

/** As EKS starts its nodes where nothing else is asked for. */
const defaults: InstanceMetadataOptions = {
  httpTokens: 'optional',
  httpEndpoint: 'enabled',
  hopLimit: 2,
}

export class MetadataOptionsTable {
  readonly #store: Store
  readonly #launched = new Map<string, Partial<InstanceMetadataOptions>>()
  readonly #changes = new Map<string, Partial<InstanceMetadataOptions>>()
  readonly #listeners = new Map<string, () => Promise<void>>()

  constructor(store: Store) {
    this.#store = store
    for (const { key, value } of store.list<Partial<InstanceMetadataOptions>>(prefix).items) {
      this.#changes.set(key.slice(prefix.length), value)
    }
  }

  /** An instance starts, with these options of its launch template. */
  launched(instanceId: string, options: Partial<InstanceMetadataOptions> = {}): void {
    this.#launched.set(instanceId, options)
  }

  shown(instanceId: string): InstanceMetadataOptions {
    const launched = this.#launched.get(instanceId)
    return { ...defaults, ...launched, ...this.#changes.get(instanceId) }
  }

  /**
   * As the metadata service heeds them. Where tokens are required, a pod that cannot get one gets nothing at all: it is
   * told at once, instead of after a second for each request, which changes nothing else.
   */
  of(instanceId: string): MetadataOptions {
    const options = this.shown(instanceId)
    return { ...options, blockedPods: options.httpTokens === 'required' ? 'reject' : 'silent' }
  }

  /** Calls `listener` after each change of an instance's options; whoever makes it waits. */
  follow(instanceId: string, listener: () => Promise<void>): Disposable {
    this.#listeners.set(instanceId, listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(instanceId) }
  }

  async set(instanceId: string, change: Partial<InstanceMetadataOptions>): Promise<void> {
    const known = this.#changes.get(instanceId)
    const value = { ...known, ...change }
    const key = prefix + instanceId
    await (this.#store.get(key) ? this.#store.update(key, value) : this.#store.create(key, value))
    this.#changes.set(instanceId, value)
    await this.#listeners.get(instanceId)?.()
  }

  /** Of an instance that is gone. */
  async forget(instanceId: string): Promise<void> {
    this.#launched.delete(instanceId)
    if (!this.#changes.delete(instanceId)) return
    await this.#store.delete(prefix + instanceId)
  }
}
