/** The fields of every type of the API: names, types, protobuf numbers, patch keys. Read from data/ when first needed. */
import { readFileSync } from 'node:fs'
import { brotliDecompressSync } from 'node:zlib'

/** What is known of one field beside its type. */
export interface FieldExtra {
  /** Key by which a strategic patch merges the list. */
  readonly pk?: string
  /** Patch strategy: `merge`, `retainKeys`, `merge,retainKeys`. */
  readonly ps?: string
  /** List type of server-side apply: `atomic`, `map`, `set`. */
  readonly lt?: string
  /** Keys of a list of type `map`. */
  readonly lk?: readonly string[]
  /** `atomic` for a map or struct that is owned whole. */
  readonly mt?: string
  /** Values of an enumeration. */
  readonly en?: readonly string[]
  readonly df?: string
}

export interface FieldSchema {
  /** Name in JSON; empty for a struct whose fields stand in the parent's place. */
  readonly json: string
  /** Number in protobuf, 0 for none. */
  readonly number: number
  /**
   * s string, i integer, b bool, n number, y bytes, t Time, u MicroTime, q Quantity, o IntOrString, r RawExtension,
   * f FieldsV1; `#name` a struct; `[` a list of, `{` a map of, `L` a list that is a message of its own in protobuf.
   */
  readonly type: string
  /** A zero value is a value, not an absence. */
  readonly isPointer: boolean
  readonly isRequired: boolean
  /** Go writes it even when it is empty. */
  readonly isAlwaysWritten: boolean
  readonly extra: FieldExtra
}

export interface TypeSchema {
  readonly name: string
  /** By JSON name; fields of inlined structs among them. */
  readonly fields: ReadonlyMap<string, FieldSchema>
  /** By protobuf number; inlined structs as they are. */
  readonly byNumber: ReadonlyMap<number, FieldSchema>
}

/** Documentation of a type: its own, and that of its fields. */
export type TypeDocs = readonly [doc: string, fields: Readonly<Record<string, string>>]

export interface Schema {
  /** As `core.v1.Pod`; undefined for a type that is not known. */
  type(name: string): TypeSchema | undefined
  docs(): Readonly<Record<string, TypeDocs>>
}

type Row = readonly [string, number, string, string, FieldExtra?]

const typeMeta: readonly Row[] = [
  ['apiVersion', 0, 's', ''],
  ['kind', 0, 's', ''],
]

/** Opens the schema; each file is read at its first use. */
export function openSchema(): Schema {
  const types = new Map<string, TypeSchema>()
  let rows: Readonly<Record<string, readonly Row[]>> | undefined
  let docs: Readonly<Record<string, TypeDocs>> | undefined
  const schema: Schema = {
    type(name) {
      const known = types.get(name)
      if (known) return known
      rows ??= read<Record<string, readonly Row[]>>('structure')
      const own = rows[name]
      if (!own) return undefined
      const made = typeOf(name, own, (inlined) => schema.type(inlined))
      types.set(name, made)
      return made
    },
    docs() {
      docs ??= read<Record<string, TypeDocs>>('docs')
      return docs
    },
  }
  return schema
}

function typeOf(
  name: string,
  rows: readonly Row[],
  find: (name: string) => TypeSchema | undefined,
): TypeSchema {
  const fields = new Map<string, FieldSchema>()
  const byNumber = new Map<number, FieldSchema>()
  const isObject = rows.some(([json]) => json === 'metadata') || /Options$|Review$/.test(name)
  for (const row of isObject ? [...typeMeta, ...rows] : rows) {
    const field = fieldOf(row)
    if (field.number) byNumber.set(field.number, field)
    if (field.json) fields.set(field.json, field)
    else
      for (const [json, inner] of find(field.type.slice(1))?.fields ?? []) fields.set(json, inner)
  }
  return { name, fields, byNumber }
}

function fieldOf([json, number, type, flags, extra = {}]: Row): FieldSchema {
  return {
    json,
    number,
    type,
    isPointer: flags.includes('p'),
    isRequired: flags.includes('r'),
    isAlwaysWritten: flags.includes('w'),
    extra,
  }
}

function read<T>(name: string): T {
  const path = new URL(`../../../../data/kubernetes/${name}.json.br`, import.meta.url)
  return JSON.parse(brotliDecompressSync(readFileSync(path)).toString()).types
}

/** The schema's name of a kind: `core.v1.Pod`, `rbac.v1.Role`. */
export function schemaName(kind: { group: string; version: string; kind: string }): string {
  return `${kind.group.split('.')[0] || 'core'}.${kind.version}.${kind.kind}`
}
