/** What a URL of the API means: the resource, the object, the subresource; or a path that is none. */
import { badRequest } from '../status.ts'

export interface ResourceRoute {
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly namespace: string | undefined
  /** Empty: the collection. */
  readonly name: string
  readonly subresource: string
}

/** The resource that a path names; undefined for paths that are no resource. */
export function routeOf(path: string): ResourceRoute | undefined {
  const parts = path.split('/').slice(1).map(decoded)
  if (parts.at(-1) === '') parts.pop()
  const isCore = parts[0] === 'api'
  if (!isCore && parts[0] !== 'apis') return undefined
  const [group = '', version = ''] = isCore ? ['', parts[1]] : parts.slice(1, 3)
  const rest = parts.slice(isCore ? 2 : 3)
  if (rest.length === 0) return undefined
  const own = { group, version }
  if (rest[0] !== 'namespaces' || rest.length === 1) return { ...own, ...within(rest, undefined) }
  const isNamespaceItself = rest.length === 2 || ['status', 'finalize'].includes(rest[2] ?? '')
  if (isCore && isNamespaceItself) return { ...own, ...within(rest, rest[1]) }
  return { ...own, ...within(rest.slice(2), rest[1]) }
}

function within(rest: readonly string[], namespace: string | undefined) {
  const [resource = '', name = '', subresource = '', ...more] = rest
  if (more.length > 0) return { resource: '', namespace, name, subresource }
  return { resource, namespace, name, subresource }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw badRequest(`invalid URL escape in "${part}"`)
  }
}

const verbs: Readonly<Record<string, readonly [one: string, many: string]>> = {
  GET: ['get', 'list'],
  HEAD: ['get', 'list'],
  POST: ['create', 'create'],
  PUT: ['update', 'update'],
  PATCH: ['patch', 'patch'],
  DELETE: ['delete', 'deletecollection'],
}

/** The API's verb for a request of a resource. */
export function verbOf(method: string, route: ResourceRoute, query: URLSearchParams): string {
  const [one, many] = verbs[method] ?? ['', '']
  if (route.name) return one
  return many === 'list' && isTrue(query.get('watch')) ? 'watch' : many
}

export function isTrue(value: string | null): boolean {
  return value === 'true' || value === '1'
}
