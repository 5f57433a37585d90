/** The API server from within: ClusterClient over the same operations that HTTPS requests go through. */
import { Refusal } from '../../kernel/refusal.ts'
import type { ClusterClient, ListFilter, WatchEvent } from '../cluster-client.ts'
import type { KubernetesObject, ResourceRef, UserInfo } from '../object.ts'
import { bindPod } from './bind-pod.ts'
import { createObject } from './create-object.ts'
import { deleteObject } from './delete-object.ts'
import type { RequestContext } from './kind.ts'
import type { Machinery } from './machinery.ts'
import { selection } from './selection.ts'
import type { ServiceAccountTokens } from './service-account-tokens.ts'
import { updateObject } from './update-object.ts'
import { watchObjects } from './watch-objects.ts'

export interface LocalClientDeps {
  readonly machinery: Machinery
  readonly tokens: ServiceAccountTokens
  /** As whom the client acts: webhooks see it. */
  readonly user: UserInfo
  /** Name under which its writes own fields, as `kubelet`; empty: not recorded. */
  readonly fieldManager?: string
}

/** Objects it hands out are shared with others: change copies, or use `modify`. */
export function localClient(deps: LocalClientDeps): ClusterClient {
  const { machinery, tokens, user, fieldManager = '' } = deps
  const { registry, objects } = machinery
  const context: RequestContext = { user, dryRun: false, fieldManager, warn: () => {} }
  const get = (resource: ResourceRef, namespace: string | undefined, name: string) =>
    objects.get(registry.get(resource), namespace, name)
  const change = (
    resource: ResourceRef,
    object: { namespace?: string; name: string },
    subresource: string | undefined,
    to: (current: KubernetesObject) => KubernetesObject,
  ) => {
    const { namespace, name } = object
    const target = { kind: registry.get(resource), namespace, name, subresource: subresource ?? '' }
    return updateObject(machinery, target, to, context)
  }
  return {
    get,
    list(resource, filter = {}) {
      const kind = registry.get(resource)
      const { items, revision } = objects.list(kind, filter.namespace)
      const chosen = items.filter(selection(kind, filter).matches)
      return { items: chosen, resourceVersion: String(revision) }
    },
    create: (resource, namespace, object) =>
      createObject(machinery, registry.get(resource), namespace, object, context),
    update: (resource, object, subresource) =>
      change(resource, object.metadata, subresource, () => structuredClone(object)),
    async modify(resource, namespace, name, to, subresource) {
      const nothing = new Error('nothing to do')
      try {
        const where = { name, ...(namespace === undefined ? {} : { namespace }) }
        return await change(resource, where, subresource, (current) => {
          const next = to(current)
          if (!next) throw nothing
          return structuredClone(next)
        })
      } catch (error) {
        if (error === nothing) return get(resource, namespace, name)
        if (error instanceof Refusal && error.code === 'NotFound') return undefined
        throw error
      }
    },
    async delete(resource, namespace, name, options = {}) {
      const { uid, ...rest } = options
      const target = { kind: registry.get(resource), namespace, name }
      const wanted = { ...rest, ...(uid ? { preconditions: { uid } } : {}) }
      await deleteObject(machinery, target, wanted, context)
    },
    bind: (namespace, pod, node) => bindPod(machinery, namespace, pod, node, context),
    async createToken(namespace, serviceAccount, spec) {
      const { token, expirationTimestamp } = tokens.issue(namespace, serviceAccount, spec)
      return { token, expirationTimestamp }
    },
    watch: (resource: ResourceRef, filter: ListFilter, listener: (event: WatchEvent) => void) =>
      watchObjects(machinery, registry.get(resource), filter, undefined, listener),
  }
}
