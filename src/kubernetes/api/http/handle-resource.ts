/** One request of a resource: authorised, then given to the handler of its verb. */

import { authorize } from '../authz/authorizer.ts'
import type { Kind } from '../kind.ts'
import { nameSelected } from '../selectors/field-selector.ts'
import { methodNotAllowed, noSuchPath } from '../status.ts'
import type { ApiDeps, Call, KindCall } from './call.ts'
import { removeCollection, removeObject } from './delete-objects.ts'
import { listObjects, readObject } from './read-objects.ts'
import { postReview } from './reviews.ts'
import { streamWatch } from './stream-watch.ts'
import { subresourceHandlers } from './subresources.ts'
import { patchObject, postObject, putObject } from './write-objects.ts'

type Handler = (call: KindCall, deps: ApiDeps) => Promise<void>

const handlers: Readonly<Record<string, Handler>> = {
  get: readObject,
  list: listObjects,
  watch: streamWatch,
  create: postObject,
  update: putObject,
  patch: patchObject,
  delete: removeObject,
  deletecollection: removeCollection,
}

/** Authorises before it says whether the resource exists at all. */
export async function handleResource(call: Call, deps: ApiDeps): Promise<void> {
  const { route, user, verb, query } = call
  authorize({ user, verb, ...route, name: route.name || nameAsked(verb, query) }, deps.authorizers)
  const { registry } = deps.machinery
  const review = registry.findReview(route)
  if (review) {
    if (review.namespaced !== (route.namespace !== undefined)) throw noSuchPath()
    return postReview(review, call, deps)
  }
  const kind = registry.find(route)
  if (!kind || !isPlaced(kind, call)) throw noSuchPath()
  const kindCall: KindCall = { ...call, kind }
  if (!route.subresource) {
    const handler = handlers[verb]
    if (!handler) throw methodNotAllowed()
    return handler(kindCall, deps)
  }
  const subresource = kind.subresources?.[route.subresource]
  if (!subresource) throw noSuchPath()
  if (!subresource.verbs.some((v) => v === verb)) throw methodNotAllowed()
  const own = subresourceHandlers[`${kind.resource}/${route.subresource} ${verb}`]
  return (own ?? handlers[verb] ?? noHandler)(kindCall, deps)
}

/** The one object that a list or watch asks for by its field selector: a rule may be of that name alone. */
function nameAsked(verb: string, query: URLSearchParams): string {
  if (verb !== 'list' && verb !== 'watch') return ''
  return nameSelected(query.get('fieldSelector') ?? '') ?? ''
}

/** A namespaced object has a namespace in its path, one of the cluster has none. */
function isPlaced(kind: Kind, { route, verb }: Call): boolean {
  // A namespace is authorised as one that lies within itself; in another it would be asked of the wrong one.
  const isItself = kind.resource === 'namespaces' && route.namespace === route.name
  const isInNamespace = route.namespace !== undefined && !isItself
  if (!kind.namespaced) return !isInNamespace
  if (isInNamespace) return true
  return !route.name && ['list', 'watch'].includes(verb)
}

async function noHandler(): Promise<void> {
  throw methodNotAllowed()
}
