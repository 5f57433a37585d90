/** Objects of the API in the store: keys, resource versions, pages, changes. */
import { type ChangeEvent, type Store, StoreError } from '../../store/store.ts'
import type { KubernetesObject } from '../object.ts'
import type { Kind } from './kind.ts'
import { ReadCache } from './read-cache.ts'
import { alreadyExists, expired, statusRefusal } from './status.ts'

/** A change of one object, with the object before it where there was one. */
export interface ObjectChange {
  readonly kind: 'created' | 'updated' | 'deleted'
  readonly object: KubernetesObject
  readonly previous?: KubernetesObject
  readonly revision: number
}

export interface ObjectPage {
  readonly items: KubernetesObject[]
  readonly revision: number
  readonly more: boolean
  /** Key of the last item, for the next page. */
  readonly lastKey: string | undefined
}

/** Objects handed out are shared: readers must not change them. */
export class Objects implements Disposable {
  readonly #store: Store
  readonly #prefix: string
  readonly #cache: ReadCache

  /** `prefix`: where this cluster's objects lie in the store, as `/clusters/irsa/`. */
  constructor(store: Store, prefix: string) {
    this.#store = store
    this.#prefix = `${prefix.replace(/\/+$/, '')}/objects/`
    this.#cache = new ReadCache(store)
  }

  [Symbol.dispose](): void {
    this.#cache[Symbol.dispose]()
  }

  revision(): number {
    return this.#store.revision()
  }

  get(kind: Kind, namespace: string | undefined, name: string): KubernetesObject | undefined {
    const found = this.#cache.get(this.#range(kind, undefined), this.#key(kind, namespace, name))
    return found && shown(kind, found.value, found.revision)
  }

  /** One page in order of namespace and name. `at`: the revision of the list's first page. */
  list(
    kind: Kind,
    namespace: string | undefined,
    options: { after?: string; limit?: number; at?: number } = {},
  ): ObjectPage {
    const { after, at, ...rest } = options
    const from = after === undefined ? rest : { ...rest, after: this.#prefix + after }
    const range = this.#range(kind, namespace)
    try {
      const page =
        at === undefined || at === this.#store.revision()
          ? this.#cache.list(this.#range(kind, undefined), range, from)
          : this.#store.list<KubernetesObject>(range, { ...from, at })
      return {
        items: page.items.map((item) => shown(kind, item.value, item.revision)),
        revision: page.revision,
        more: page.more,
        lastKey: page.items.at(-1)?.key.slice(this.#prefix.length),
      }
    } catch (error) {
      throw this.#readRefusal(error, options.at ?? 0)
    }
  }

  /** The place of an object in its list, as `lastKey` gives it. */
  keyOf(kind: Kind, object: KubernetesObject): string {
    const { namespace, name } = object.metadata
    return this.#key(kind, namespace, name).slice(this.#prefix.length)
  }

  /** Stores a new object; AlreadyExists when the name is taken. */
  async create(kind: Kind, object: KubernetesObject): Promise<KubernetesObject> {
    const { namespace, name } = object.metadata
    try {
      const value = stored(kind, object)
      const revision = await this.#store.create(this.#key(kind, namespace, name), value)
      return shown(kind, value, revision)
    } catch (error) {
      if (error instanceof StoreError && error.kind === 'exists') throw alreadyExists(kind, name)
      throw error
    }
  }

  /** Replaces `old`; undefined when it has changed or gone meanwhile. */
  async update(
    kind: Kind,
    object: KubernetesObject,
    old: KubernetesObject,
  ): Promise<KubernetesObject | undefined> {
    const { namespace, name } = old.metadata
    const value = stored(kind, object)
    const key = this.#key(kind, namespace, name)
    return this.#unlessChanged(async () => {
      const revision = await this.#store.update(key, value, revisionOf(old))
      return shown(kind, value, revision)
    })
  }

  /** Removes `old`; answers it with the revision of its deletion, undefined when it has changed meanwhile. */
  async delete(kind: Kind, old: KubernetesObject): Promise<KubernetesObject | undefined> {
    const { namespace, name } = old.metadata
    return this.#unlessChanged(async () => {
      const revision = await this.#store.delete(this.#key(kind, namespace, name), revisionOf(old))
      return withVersion(old, revision)
    })
  }

  /** Calls `listener` for each change after revision `from`; too old or future ones are refused. */
  watch(
    kind: Kind,
    namespace: string | undefined,
    from: number,
    listener: (change: ObjectChange) => void,
  ): Disposable {
    const range = this.#range(kind, namespace)
    try {
      return this.#store.watch<KubernetesObject>(range, from, (event) =>
        listener(changeOf(kind, event)),
      )
    } catch (error) {
      throw this.#readRefusal(error, from)
    }
  }

  #key(kind: Kind, namespace: string | undefined, name: string): string {
    return `${this.#range(kind, kind.namespaced ? (namespace ?? '') : undefined)}${name}`
  }

  #range(kind: Kind, namespace: string | undefined): string {
    const group = kind.view ? 'core' : kind.group || 'core'
    const all = `${this.#prefix}${group}/${kind.view?.of ?? kind.resource}/`
    return kind.namespaced && namespace !== undefined ? `${all}${namespace}/` : all
  }

  async #unlessChanged<T>(write: () => Promise<T>): Promise<T | undefined> {
    try {
      return await write()
    } catch (error) {
      if (error instanceof StoreError && error.kind !== 'compacted') return undefined
      throw error
    }
  }

  #readRefusal(error: unknown, asked: number): unknown {
    if (!(error instanceof StoreError)) return error
    const current = this.#store.revision()
    if (error.kind === 'compacted') {
      return expired(`too old resource version: ${asked} (${current})`)
    }
    if (error.kind === 'future') return tooLarge(asked, current)
    return error
  }
}

/** The 504 for a resourceVersion that has not been reached. */
export function tooLarge(asked: number, current: number) {
  const message = `Timeout: Too large resource version: ${asked}, current: ${current}`
  return statusRefusal(504, 'Timeout', message, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  })
}

/** The store's revision that an object's resourceVersion is. */
export function revisionOf(object: KubernetesObject): number {
  return Number(object.metadata.resourceVersion)
}

/** The same object with another resourceVersion; shares everything else. */
export function withVersion(object: KubernetesObject, revision: number): KubernetesObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } }
}

function shown(kind: Kind, value: KubernetesObject, revision: number): KubernetesObject {
  const object = withVersion(value, revision)
  return kind.view ? kind.view.fromStored(object) : object
}

function stored(kind: Kind, object: KubernetesObject): KubernetesObject {
  const value = kind.view ? kind.view.toStored(object) : object
  const { resourceVersion: _, ...metadata } = value.metadata
  return { ...value, metadata: metadata as KubernetesObject['metadata'] }
}

function changeOf(kind: Kind, event: ChangeEvent<KubernetesObject>): ObjectChange {
  const { value, previous, revision } = event
  return {
    kind: event.kind,
    revision,
    object: shown(kind, value, revision),
    ...(previous ? { previous: shown(kind, previous, revision) } : {}),
  }
}
