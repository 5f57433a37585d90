/** Strategic Merge Patch: lists merge by the keys that the schema names, with the `$` directives. */
import { isDeepStrictEqual } from 'node:util'
import type { FieldSchema, Schema, TypeSchema } from '../schema/schema.ts'
import { badRequest, statusRefusal } from '../status.ts'
import { isMap, setOwn } from './merge-patch.ts'

type Json = Record<string, unknown>

/** Applies `patch` to an object of the named type; the object is not changed. */
export function strategicMergePatch(
  target: Json,
  patch: unknown,
  typeName: string,
  schema: Schema,
): Json {
  if (!isMap(patch)) throw badRequest('error decoding patch: cannot unmarshal into a map')
  return mergeMap(target, patch, schema.type(typeName), schema)
}

const orderPrefix = '$setElementOrder/'
const deletePrefix = '$deleteFromPrimitiveList/'

function mergeMap(target: Json, patch: Json, type: TypeSchema | undefined, schema: Schema): Json {
  const directive = patch['$patch']
  if (directive === 'replace') return withoutDirectives(patch)
  if (directive === 'delete') return {}
  if (directive !== undefined && directive !== 'merge') {
    throw badRequest(`unknown patch type found in map: ${JSON.stringify(directive)}`)
  }
  const retained = patch['$retainKeys']
  const out: Json = {}
  for (const [key, value] of Object.entries(target)) {
    if (!Array.isArray(retained) || retained.includes(key)) setOwn(out, key, value)
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(deletePrefix)) {
      const name = key.slice(deletePrefix.length)
      const gone = Array.isArray(value) ? value : []
      const list = (out[name] ?? []) as unknown[]
      out[name] = list.filter((item) => !gone.some((g) => isDeepStrictEqual(g, item)))
    }
    if (key.startsWith('$')) continue
    const order = patch[orderPrefix + key]
    if (value === null) delete out[key]
    else setOwn(out, key, mergeValue(out[key], value, order, type?.fields.get(key), schema))
  }
  for (const key of Object.keys(patch)) {
    if (!key.startsWith(orderPrefix)) continue
    const name = key.slice(orderPrefix.length)
    const field = type?.fields.get(name)
    if (name in patch || !Array.isArray(out[name])) continue
    out[name] = ordered(out[name], out[name], patch[key], field?.extra.pk)
  }
  return out
}

function withoutDirectives(patch: Json): Json {
  return Object.fromEntries(Object.entries(patch).filter(([key]) => !key.startsWith('$')))
}

function mergeValue(
  target: unknown,
  patch: unknown,
  order: unknown,
  field: FieldSchema | undefined,
  schema: Schema,
): unknown {
  if (isMap(patch)) {
    const type = field?.type.startsWith('#') ? schema.type(field.type.slice(1)) : undefined
    return mergeMap(isMap(target) ? target : {}, patch, type, schema)
  }
  if (!Array.isArray(patch)) return patch
  const merges = field?.extra.ps?.split(',').includes('merge')
  const list = Array.isArray(target) ? target : []
  if (!merges) return patch
  const key = field?.extra.pk
  if (key === undefined) return mergePrimitives(list, patch, order)
  const type = schema.type(field?.type.slice(2) ?? '')
  return mergeList(list, patch, order, key, type, schema)
}

function mergePrimitives(list: readonly unknown[], patch: readonly unknown[], order: unknown) {
  const added = patch.filter((item) => !list.includes(item))
  return ordered([...list, ...added], list, order, undefined)
}

function mergeList(
  list: readonly unknown[],
  patch: readonly unknown[],
  order: unknown,
  key: string,
  type: TypeSchema | undefined,
  schema: Schema,
): unknown[] {
  const items = patch.map((item) => {
    if (!isMap(item)) throw unprocessable(`expected a map in a list that merges by ${key}`)
    return item
  })
  if (items.some((item) => item['$patch'] === 'replace')) {
    return items.filter((item) => item['$patch'] !== 'replace').map(withoutDirectives)
  }
  let out = [...list] as Json[]
  for (const item of items) {
    const id = item[key]
    if (id === undefined) {
      throw unprocessable(
        `map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`,
      )
    }
    const at = out.findIndex((o) => isDeepStrictEqual(o[key], id))
    if (item['$patch'] === 'delete') out = out.filter((o) => !isDeepStrictEqual(o[key], id))
    else if (at < 0) out.push(mergeMap({}, item, type, schema))
    else out[at] = mergeMap(out[at] ?? {}, item, type, schema)
  }
  return ordered(out, list, order, key)
}

/** Puts the elements that `order` names into its order; the others stay where they were between them. */
function ordered(
  items: readonly unknown[],
  before: readonly unknown[],
  order: unknown,
  key: string | undefined,
): unknown[] {
  if (!Array.isArray(order)) return [...items]
  const idOf = (item: unknown) => (key !== undefined && isMap(item) ? item[key] : item)
  const rank = (id: unknown) => order.findIndex((o) => isDeepStrictEqual(idOf(o), id))
  const place = (id: unknown) => before.findIndex((b) => isDeepStrictEqual(idOf(b), id))
  const named = items.filter((item) => rank(idOf(item)) >= 0)
  named.sort((a, b) => rank(idOf(a)) - rank(idOf(b)))
  const others = items.filter((item) => rank(idOf(item)) < 0)
  const out: unknown[] = []
  while (named.length > 0 || others.length > 0) {
    const [next, other] = [named[0], others[0]]
    const placeOfNext = next === undefined ? -1 : place(idOf(next))
    const isOtherFirst =
      others.length > 0 &&
      (named.length === 0 || (placeOfNext >= 0 && place(idOf(other)) < placeOfNext))
    out.push(isOtherFirst ? others.shift() : named.shift())
  }
  return out
}

function unprocessable(message: string) {
  return statusRefusal(422, 'Invalid', message)
}
