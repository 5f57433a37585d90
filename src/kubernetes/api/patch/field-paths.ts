/** The fields of an object as sets of paths, as managedFields name them: what server-side apply reckons with. */
import type { FieldSchema, Schema } from '../schema/schema.ts'
import { isMap } from './merge-patch.ts'

/** Path → the field's value as JSON; a path's parts (`f:spec`, `k:{"name":"c"}`, `v:1`) are joined by a NUL. */
export type FieldPaths = Map<string, string>

const separator = '\0'
/** Fields that the server owns, whoever writes. */
const serverFields = new Set([
  'f:apiVersion',
  'f:kind',
  ...[
    'name',
    'namespace',
    'generateName',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'uid',
    'generation',
    'managedFields',
    'resourceVersion',
    'selfLink',
  ].map((name) => `f:metadata${separator}f:${name}`),
])

/** All fields of an object; with `containers`, maps themselves too, as an update owns what it makes. */
export function fieldPathsOf(
  object: object,
  typeName: string,
  schema: Schema,
  containers: boolean,
): FieldPaths {
  const paths: FieldPaths = new Map()
  walk(object, { type: `#${typeName}`, field: undefined, path: '' }, { paths, schema, containers })
  return paths
}

interface At {
  readonly type: string
  readonly field: FieldSchema | undefined
  readonly path: string
}
interface Out {
  readonly paths: FieldPaths
  readonly schema: Schema
  readonly containers: boolean
}

function walk(value: unknown, at: At, out: Out): void {
  const { type, field, path } = at
  const join = (part: string) => (path ? `${path}${separator}${part}` : part)
  const isAtomic = field?.extra.lt === 'atomic' || field?.extra.mt === 'atomic'
  if (isMap(value) && !isAtomic && (type.startsWith('#') || type.startsWith('{'))) {
    const entries = Object.entries(value)
    if (path && (entries.length === 0 || (out.containers && type.startsWith('{')))) {
      out.paths.set(path, '')
    }
    const known = type.startsWith('#') ? out.schema.type(type.slice(1)) : undefined
    for (const [key, item] of entries) {
      const part = join(`f:${key}`)
      if (serverFields.has(part)) continue
      const inner = known?.fields.get(key)
      walk(item, { type: inner?.type ?? type.slice(1), field: inner, path: part }, out)
    }
    return
  }
  if (Array.isArray(value) && field?.extra.lt === 'map') {
    if (value.length === 0) out.paths.set(path, '')
    for (const item of value) {
      const part = join(`k:${keyOf(item, field)}`)
      out.paths.set(part, '')
      walk(item, { type: type.slice(1), field: undefined, path: part }, out)
    }
    return
  }
  if (Array.isArray(value) && field?.extra.lt === 'set') {
    if (value.length === 0) out.paths.set(path, '')
    for (const item of value) out.paths.set(join(`v:${JSON.stringify(item)}`), '')
    return
  }
  out.paths.set(path, JSON.stringify(value))
}

/** The identity of a list's element; keys that it leaves out have their default. */
export function keyOf(item: unknown, field: FieldSchema): string {
  const map = isMap(item) ? item : {}
  const entries = (field.extra.lk ?? []).map((key) => [key, map[key] ?? defaultOfKey[key] ?? null])
  return JSON.stringify(Object.fromEntries(entries))
}

const defaultOfKey: Readonly<Record<string, string>> = { protocol: 'TCP' }

/** Paths of `next` that are new or have another value than in `before`. */
export function changedPaths(before: FieldPaths, next: FieldPaths): Set<string> {
  const changed = new Set<string>()
  for (const [path, value] of next) if (before.get(path) !== value) changed.add(path)
  return changed
}

/** Paths as the nested `fieldsV1` object. */
export function toFieldsV1(paths: Iterable<string>): Record<string, unknown> {
  const root: Record<string, unknown> = {}
  const sorted = [...paths].sort()
  for (const [i, path] of sorted.entries()) {
    let node = root
    for (const part of path.split(separator)) {
      const next = (node[part] ?? {}) as Record<string, unknown>
      node[part] = next
      node = next
    }
    if (sorted[i + 1]?.startsWith(path + separator)) node['.'] = {}
  }
  return root
}

/** The paths that a `fieldsV1` object names. */
export function fromFieldsV1(tree: unknown): Set<string> {
  const paths = new Set<string>()
  const visit = (node: unknown, path: string): void => {
    const entries = isMap(node) ? Object.entries(node) : []
    if (path && entries.length === 0) paths.add(path)
    for (const [part, child] of entries) {
      if (part === '.') paths.add(path)
      else visit(child, path ? path + separator + part : part)
    }
  }
  visit(tree, '')
  return paths
}

/** A path as messages print it: `.spec.containers[name="c"].image`. */
export function pathText(path: string): string {
  return path
    .split(separator)
    .map((part) => {
      const rest = part.slice(2)
      if (part.startsWith('f:')) return `.${rest}`
      if (part.startsWith('v:')) return `[=${rest}]`
      const entries = Object.entries(JSON.parse(rest) as Record<string, unknown>)
      return `[${entries.map(([k, v]) => `${k}=${JSON.stringify(v)}`).join(',')}]`
    })
    .join('')
}
