/** Makes JSON what Go's decoding makes of it: unknown fields found and dropped, types checked, empty values gone. */
import { isoSeconds } from '../../../kernel/iso-time.ts'
import type { FieldSchema, Schema, TypeSchema } from './schema.ts'

/** A value of the wrong type; the text is that of Go's JSON decoder. */
export class TypeMismatch extends Error {}

export interface Conformed {
  readonly value: Record<string, unknown>
  /** Paths of fields that the type does not have: `spec.containers[0].foo`. */
  readonly unknown: readonly string[]
}

const nestingMax = 100

/** Conforms `value` to the named type; throws TypeMismatch. */
export function conform(value: unknown, typeName: string, schema: Schema): Conformed {
  const unknown: string[] = []
  const walk = new Walk(schema, unknown)
  const type = schema.type(typeName)
  if (!type) return { value: value as Record<string, unknown>, unknown }
  const place = { struct: shortName(typeName), names: '', path: '', depth: 0 }
  return { value: walk.struct(value, type, place), unknown }
}

interface Place {
  /** The struct that holds the value, as Go's text names it. */
  readonly struct: string
  /** Names from the root without indexes, for Go's text. */
  readonly names: string
  /** Path with indexes, for unknown fields. */
  readonly path: string
  readonly depth: number
}

const goTypes: Readonly<Record<string, string>> = {
  s: 'string',
  i: 'int32',
  b: 'bool',
  n: 'float64',
  y: '[]uint8',
  t: 'v1.Time',
  u: 'v1.MicroTime',
  q: 'resource.Quantity',
  o: 'intstr.IntOrString',
}

class Walk {
  readonly #schema: Schema
  readonly #unknown: string[]

  constructor(schema: Schema, unknown: string[]) {
    this.#schema = schema
    this.#unknown = unknown
  }

  struct(value: unknown, type: TypeSchema, place: Place): Record<string, unknown> {
    if (value === null || value === undefined) return {}
    if (!isMap(value)) throw mismatch(value, `v1.${shortName(type.name)}`, place)
    const out: Record<string, unknown> = {}
    for (const [key, item] of Object.entries(value)) {
      const field = type.fields.get(key)
      const path = place.path ? `${place.path}.${key}` : key
      if (!field) {
        this.#unknown.push(path)
        continue
      }
      // What the cluster's own parts make may hold fields without a value; JSON has none such.
      if (item === null || item === undefined) continue
      const inner = {
        struct: shortName(type.name),
        names: place.names ? `${place.names}.${key}` : key,
        path,
        depth: place.depth + 1,
      }
      const made = this.value(item, field.type, inner)
      if (!isDropped(made, field)) out[key] = made
    }
    return out
  }

  value(value: unknown, type: string, place: Place): unknown {
    if (place.depth > nestingMax) throw new TypeMismatch('exceeded max depth')
    switch (type[0]) {
      case '#': {
        const found = this.#schema.type(type.slice(1))
        return found ? this.struct(value, found, place) : value
      }
      case '[':
      case 'L':
        return this.#list(value, type.slice(1), place)
      case '{':
        return this.#map(value, type.slice(1), place)
      default:
        return scalar(value, type, place)
    }
  }

  #list(value: unknown, element: string, place: Place): unknown[] {
    if (!Array.isArray(value)) throw mismatch(value, `[]${goTypeOf(element)}`, place)
    const isStruct = element.startsWith('#')
    return value.map((item, i) => {
      const at = { ...place, path: `${place.path}[${i}]`, depth: place.depth + 1 }
      return this.value(item === null && isStruct ? {} : item, element, at)
    })
  }

  #map(value: unknown, element: string, place: Place): Record<string, unknown> {
    if (!isMap(value)) throw mismatch(value, `map[string]${goTypeOf(element)}`, place)
    const out: Record<string, unknown> = {}
    for (const [key, item] of Object.entries(value)) {
      const at = { ...place, path: `${place.path}.${key}`, depth: place.depth + 1 }
      const made = item === null ? emptyOf(element) : this.value(item, element, at)
      Object.defineProperty(out, key, {
        value: made,
        enumerable: true,
        writable: true,
        configurable: true,
      })
    }
    return out
  }
}

/** What Go makes of a null in a map. */
function emptyOf(element: string): unknown {
  if (element === 's' || element === 'y') return ''
  if (element.startsWith('#')) return {}
  return element === 't' || element === 'r' ? null : undefined
}

function scalar(value: unknown, type: string, place: Place): unknown {
  switch (type) {
    case 's':
      if (typeof value !== 'string') throw mismatch(value, 'string', place)
      return value
    case 'b':
      if (typeof value !== 'boolean') throw mismatch(value, 'bool', place)
      return value
    case 'i':
      if (!Number.isInteger(value)) throw mismatch(value, 'int32', place)
      return value
    case 'n':
      if (typeof value !== 'number') throw mismatch(value, 'float64', place)
      return value
    case 'y':
      if (typeof value !== 'string') throw mismatch(value, '[]uint8', place)
      if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(value)) {
        throw new TypeMismatch('illegal base64 data at input byte 0')
      }
      return value
    case 't':
    case 'u':
      return time(value, type, place)
    case 'q':
      if (typeof value === 'number') return String(value)
      if (typeof value !== 'string') throw mismatch(value, 'resource.Quantity', place)
      return value
    case 'o':
      if (typeof value !== 'string' && !Number.isInteger(value)) {
        throw mismatch(value, 'intstr.IntOrString', place)
      }
      return value
    default:
      return value
  }
}

function time(value: unknown, type: string, place: Place): unknown {
  if (typeof value !== 'string') throw mismatch(value, goTypes[type] ?? '', place)
  const ms = Date.parse(value)
  if (Number.isNaN(ms) || !/^\d{4}-\d\d-\d\dT/.test(value)) {
    throw new TypeMismatch(
      `parsing time ${JSON.stringify(JSON.stringify(value)).slice(1, -1)} as "2006-01-02T15:04:05Z07:00": cannot parse "${value}" as "2006"`,
    )
  }
  if (type === 'u') return value
  return isoSeconds(ms)
}

function mismatch(value: unknown, goType: string, place: Place): TypeMismatch {
  const kind = Array.isArray(value)
    ? 'array'
    : isMap(value)
      ? 'object'
      : typeof value === 'boolean'
        ? 'bool'
        : typeof value === 'number' && goType.startsWith('int')
          ? `number ${value}`
          : typeof value
  const where = place.names ? ` Go struct field ${place.struct}.${place.names}` : ' Go value'
  return new TypeMismatch(`json: cannot unmarshal ${kind} into${where} of type ${goType}`)
}

function goTypeOf(type: string): string {
  if (type.startsWith('#')) return `v1.${shortName(type.slice(1))}`
  if (type.startsWith('[')) return `[]${goTypeOf(type.slice(1))}`
  return goTypes[type] ?? type
}

function shortName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}

/** What Go would leave out when it writes the field. */
function isDropped(value: unknown, field: FieldSchema): boolean {
  if (field.isPointer || field.isAlwaysWritten) return false
  if (value === '' || value === 0 || value === false) return true
  if (Array.isArray(value)) return value.length === 0
  return field.type.startsWith('{') && isMap(value) && Object.keys(value).length === 0
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
