/** Server-side apply: the applied configuration merged into the live object, with owners, conflicts and removals. */
import { isDeepStrictEqual } from 'node:util'
import { isoSeconds } from '../../../kernel/iso-time.ts'
import type { KubernetesObject } from '../../object.ts'
import { apiVersionOf, type Kind } from '../kind.ts'
import { type FieldSchema, type Schema, schemaName } from '../schema/schema.ts'
import { statusRefusal } from '../status.ts'
import { changedPaths, fieldPathsOf, keyOf, pathText } from './field-paths.ts'
import { type Owner, ownersOf, writeOwners } from './managed-fields.ts'
import { isMap, setOwn } from './merge-patch.ts'

export interface Application {
  readonly kind: Kind
  readonly manager: string
  readonly subresource: string
  readonly force: boolean
  /** ms */
  readonly now: number
}

/** The object after `config` was applied to `live`; fields of others that it would change are a 409 unless forced. */
export function applyPatch(
  live: KubernetesObject | undefined,
  config: KubernetesObject,
  application: Application,
  schema: Schema,
): KubernetesObject {
  const { kind, manager, subresource, force, now } = application
  const typeName = schemaName(kind)
  const base = live ?? ({ apiVersion: config.apiVersion, kind: config.kind } as KubernetesObject)
  const owners = live ? ownersOf(live) : []
  const applied = new Set(fieldPathsOf(config, typeName, schema, false).keys())
  const previous = owners.find((o) => isOwn(o, manager, subresource))
  const others = owners.filter((o) => o !== previous)
  const root = { type: `#${typeName}` } as FieldSchema
  const merged = merge(base, config, root, schema) as KubernetesObject
  const changed = changedPaths(
    fieldPathsOf(base, typeName, schema, false),
    fieldPathsOf(merged, typeName, schema, false),
  )
  const conflicts = others
    .map((owner) => ({ owner, paths: [...owner.paths].filter((p) => changed.has(p)) }))
    .filter(({ paths }) => paths.length > 0)
  if (conflicts.length > 0 && !force) throw conflictRefusal(conflicts)
  for (const { owner, paths } of conflicts) for (const path of paths) owner.paths.delete(path)
  for (const path of previous?.paths ?? []) {
    const isWanted = applied.has(path) || others.some((o) => ownsWithin(o, path))
    if (!isWanted) removePath(merged, path.split('\0'))
  }
  const isSame = previous && isDeepStrictEqual(previous.paths, applied)
  const own: Owner = {
    manager,
    operation: 'Apply',
    apiVersion: apiVersionOf(kind),
    subresource,
    time: isSame ? previous.time : isoSeconds(now),
    paths: applied,
  }
  writeOwners(merged, [own, ...others])
  return merged
}

function isOwn(owner: Owner, manager: string, subresource: string): boolean {
  const { operation } = owner
  return operation === 'Apply' && owner.manager === manager && owner.subresource === subresource
}

/** True when the owner has the field or one inside it. */
function ownsWithin({ paths }: Owner, path: string): boolean {
  if (paths.has(path)) return true
  for (const own of paths) if (own.startsWith(`${path}\0`)) return true
  return false
}

function conflictRefusal(conflicts: readonly { owner: Owner; paths: readonly string[] }[]) {
  const count = conflicts.reduce((sum, c) => sum + c.paths.length, 0)
  const nameOf = ({ manager, apiVersion, subresource, operation, time }: Owner) => {
    const using = operation === 'Update' ? ` using ${apiVersion}` : ''
    const of = subresource ? ` with subresource "${subresource}"` : ''
    return `conflict with "${manager}"${of}${using}${operation === 'Update' && time ? ` at ${time}` : ''}`
  }
  const groups = conflicts.map(({ owner, paths }) => {
    const texts = paths.map(pathText).sort()
    return { owner, texts }
  })
  const first = groups[0]
  const isOne = count === 1 && first
  const text = isOne
    ? `${nameOf(first.owner)}: ${first.texts[0]}`
    : `conflicts with ${groups
        .map(
          (g) =>
            `${nameOf(g.owner).replace('conflict with ', '')}:\n${g.texts.map((t) => `- ${t}`).join('\n')}`,
        )
        .join('\nconflicts with ')}`
  const message = `Apply failed with ${count} conflict${count === 1 ? '' : 's'}: ${text}`
  return statusRefusal(409, 'Conflict', message, {
    causes: groups.flatMap(({ owner, texts }) =>
      texts.map((field) => ({ reason: 'FieldManagerConflict', message: nameOf(owner), field })),
    ),
  })
}

function merge(live: unknown, config: unknown, field: FieldSchema, schema: Schema): unknown {
  const { type, extra } = field
  const isAtomic = extra?.lt === 'atomic' || extra?.mt === 'atomic'
  if (isMap(config) && isMap(live) && !isAtomic && /^[#{]/.test(type)) {
    const known = type.startsWith('#') ? schema.type(type.slice(1)) : undefined
    const out: Record<string, unknown> = { ...live }
    for (const [key, value] of Object.entries(config)) {
      const inner = known?.fields.get(key) ?? ({ type: type.slice(1), extra: {} } as FieldSchema)
      setOwn(out, key, merge(out[key], value, inner, schema))
    }
    return out
  }
  if (Array.isArray(config) && Array.isArray(live) && extra?.lt === 'map') {
    const element = { type: type.slice(1), extra: {} } as FieldSchema
    const out = [...live]
    for (const item of config) {
      const id = keyOf(item, field)
      const at = out.findIndex((o) => keyOf(o, field) === id)
      if (at < 0) out.push(item)
      else out[at] = merge(out[at], item, element, schema)
    }
    return out
  }
  if (Array.isArray(config) && Array.isArray(live) && extra?.lt === 'set') {
    return [...live, ...config.filter((item) => !live.some((l) => isDeepStrictEqual(l, item)))]
  }
  return config
}

/** Takes away the field at a path, and what it leaves empty of a list's element stays. */
function removePath(object: unknown, parts: readonly string[]): void {
  const [part = '', ...rest] = parts
  if (part.startsWith('f:') && isMap(object)) {
    const key = part.slice(2)
    if (rest.length > 0) {
      removePath(object[key], rest)
      if (isEmptyList(object[key])) delete object[key]
    } else delete object[key]
  } else if (Array.isArray(object)) {
    const at = object.findIndex((item) => isElement(item, part))
    if (at < 0) return
    if (rest.length > 0) removePath(object[at], rest)
    else object.splice(at, 1)
  }
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

function isElement(item: unknown, part: string): boolean {
  const wanted: unknown = JSON.parse(part.slice(2))
  if (part.startsWith('v:')) return isDeepStrictEqual(item, wanted)
  if (!isMap(item) || !isMap(wanted)) return false
  return Object.entries(wanted).every(([k, v]) => isDeepStrictEqual(item[k] ?? null, v))
}
