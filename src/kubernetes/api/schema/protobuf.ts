/** Decodes the protobuf bodies that Go clients send into the JSON they stand for. */
import type { FieldSchema, Schema, TypeSchema } from './schema.ts'
import { schemaName } from './schema.ts'

/** A body that is not what it says; the text says where. */
export class MalformedProtobuf extends Error {}

const magic = Buffer.from([0x6b, 0x38, 0x73, 0x00])
const nestingMax = 100

/** The object in a `k8s\0` envelope, with apiVersion and kind; zero values of its plain fields included. */
export function decodeProtobuf(body: Buffer, schema: Schema): Record<string, unknown> {
  if (!body.subarray(0, 4).equals(magic)) {
    throw new MalformedProtobuf('provided data does not appear to be a protobuf message')
  }
  let apiVersion = ''
  let kind = ''
  let raw: Buffer = Buffer.alloc(0)
  for (const { number, bytes } of messageOf(body.subarray(4))) {
    if (number === 1 && bytes) {
      for (const inner of messageOf(bytes)) {
        if (inner.number === 1) apiVersion = String(inner.bytes)
        if (inner.number === 2) kind = String(inner.bytes)
      }
    } else if (number === 2 && bytes) raw = bytes
  }
  const type = schema.type(typeNameOf(apiVersion, kind))
  if (!type)
    throw new MalformedProtobuf(`no kind "${kind}" is registered for version "${apiVersion}"`)
  return { apiVersion, kind, ...struct(raw, type, schema, 0) }
}

function typeNameOf(apiVersion: string, kind: string): string {
  if (kind === 'DeleteOptions') return 'meta.v1.DeleteOptions'
  const [first = '', second] = apiVersion.split('/')
  const [group, version] = second === undefined ? ['', first] : [first, second]
  return schemaName({ group, version, kind })
}

interface Wire {
  readonly number: number
  /** Of a length-delimited field. */
  readonly bytes?: Buffer
  /** Of a varint or fixed field. */
  readonly integer?: bigint
  readonly double?: number
}

function* messageOf(bytes: Buffer): Generator<Wire> {
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++]
      if (byte === undefined) throw new MalformedProtobuf('unexpected EOF')
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw new MalformedProtobuf('proto: integer overflow')
  }
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new MalformedProtobuf('unexpected EOF')
    at += length
    return bytes.subarray(at - length, at)
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    const number = Math.floor(tag / 8)
    switch (tag % 8) {
      case 0:
        yield { number, integer: varint() }
        break
      case 1: {
        const eight = take(8)
        yield { number, integer: eight.readBigInt64LE(), double: eight.readDoubleLE() }
        break
      }
      case 2:
        yield { number, bytes: take(Number(varint())) }
        break
      case 5: {
        const four = take(4)
        yield { number, integer: BigInt(four.readInt32LE()), double: four.readFloatLE() }
        break
      }
      default:
        throw new MalformedProtobuf(`proto: illegal wireType ${tag % 8}`)
    }
  }
}

function struct(
  bytes: Buffer,
  type: TypeSchema,
  schema: Schema,
  depth: number,
): Record<string, unknown> {
  if (depth > nestingMax) throw new MalformedProtobuf('proto: nested too deeply')
  const out: Record<string, unknown> = {}
  for (const wire of messageOf(bytes)) {
    const field = type.byNumber.get(wire.number)
    if (field) add(out, field, wire, schema, depth)
  }
  return out
}

function add(
  out: Record<string, unknown>,
  field: FieldSchema,
  wire: Wire,
  schema: Schema,
  depth: number,
): void {
  const { json, type } = field
  if (!json) {
    Object.assign(out, value(type, wire, schema, depth))
  } else if (type.startsWith('[')) {
    const list = (out[json] ?? []) as unknown[]
    list.push(value(type.slice(1), wire, schema, depth))
    out[json] = list
  } else if (type.startsWith('{')) {
    const map = (out[json] ?? {}) as Record<string, unknown>
    const [key, item] = entry(type.slice(1), wire, schema, depth)
    Object.defineProperty(map, key, {
      value: item,
      enumerable: true,
      writable: true,
      configurable: true,
    })
    out[json] = map
  } else {
    const made = value(type, wire, schema, depth)
    if (made !== undefined) out[json] = made
  }
}

function entry(type: string, wire: Wire, schema: Schema, depth: number): [string, unknown] {
  let key = ''
  let item: unknown = emptyOf(type)
  for (const inner of messageOf(bytesOf(wire))) {
    if (inner.number === 1) key = String(inner.bytes)
    if (inner.number === 2) item = value(type, inner, schema, depth) ?? null
  }
  return [key, item]
}

function emptyOf(type: string): unknown {
  if (type === 's' || type === 'y' || type === 'q') return type === 'q' ? '0' : ''
  if (type.startsWith('L') || type.startsWith('[')) return []
  return type.startsWith('#') ? {} : null
}

function value(type: string, wire: Wire, schema: Schema, depth: number): unknown {
  switch (type[0]) {
    case 's':
      return bytesOf(wire).toString()
    case 'y':
      return bytesOf(wire).toString('base64')
    case 'b':
      return wire.integer === 1n
    case 'i':
      return Number(BigInt.asIntN(64, wire.integer ?? 0n))
    case 'n':
      return wire.double
    case '#': {
      const found = schema.type(type.slice(1))
      return found && struct(bytesOf(wire), found, schema, depth + 1)
    }
    case 'L':
      return [...messageOf(bytesOf(wire))].map((item) => value(type.slice(1), item, schema, depth))
    case '[':
      return [value(type.slice(1), wire, schema, depth)]
    default:
      return wellKnown(type, bytesOf(wire))
  }
}

function bytesOf(wire: Wire): Buffer {
  if (!wire.bytes) throw new MalformedProtobuf('proto: wrong wireType')
  return wire.bytes
}

/** Messages that are plain values in JSON. */
function wellKnown(type: string, bytes: Buffer): unknown {
  const fields = new Map([...messageOf(bytes)].map((wire) => [wire.number, wire]))
  const integer = (number: number) => Number(BigInt.asIntN(64, fields.get(number)?.integer ?? 0n))
  const text = (number: number) => fields.get(number)?.bytes?.toString() ?? ''
  switch (type) {
    case 't':
    case 'u': {
      const [seconds, nanos] = [integer(1), integer(2)]
      if (seconds === 0 && nanos === 0) return undefined
      const date = new Date(seconds * 1000).toISOString().slice(0, 19)
      return type === 't'
        ? `${date}Z`
        : `${date}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z`
    }
    case 'q':
      return text(1) || '0'
    case 'o':
      return integer(1) === 0 ? integer(2) : text(3)
    default: {
      const raw = text(1)
      try {
        return raw ? JSON.parse(raw) : undefined
      } catch (cause) {
        throw new MalformedProtobuf('invalid JSON in a raw field', { cause })
      }
    }
  }
}
