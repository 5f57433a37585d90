/** JSON bodies by schema, for the json and rest-json protocols. */
import { Refusal } from '../../kernel/refusal.ts'
import type { ServiceModel, Shape, StructureShape } from './model.ts'
import { shapeOf } from './model.ts'
import { type Malformed, readTimestamp, type Values } from './scalar.ts'

/** What AWS's JSON services answer to a body that is not what the model says. */
export const malformedJson: Malformed = (wanted, name, given) =>
  new Refusal(`Member ${name} must be a ${wanted}, not ${given}`, {
    code: 'SerializationException',
    status: 400,
  })

/** Parses a body to an object; an empty one is `{}`. Throws SerializationException. */
export function parseJsonObject(body: Uint8Array): Values {
  if (body.length === 0) return {}
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof TypeError)) throw cause
    throw new Refusal('The request body is not valid JSON', {
      code: 'SerializationException',
      status: 400,
      facts: { cause: cause.message },
    })
  }
  if (!isObject(value)) throw malformedJson('structure', 'body', typeName(value))
  return value
}

/** The body's members of a structure; null counts as absent, members unknown to the model are ignored. */
export function readJsonStructure(
  model: ServiceModel,
  shape: StructureShape,
  given: Values,
  path = '',
): Values {
  const values: Values = {}
  for (const [name, member] of Object.entries(shape.members)) {
    const wire = member.wire ?? name
    if (member.in || !Object.hasOwn(given, wire)) continue
    const value = given[wire]
    if (value === null || value === undefined) continue
    values[name] = readJson(model, shapeOf(model, member.shape), value, `${path}${wire}`)
  }
  return values
}

/** One value by its shape. */
export function readJson(model: ServiceModel, shape: Shape, value: unknown, path: string): unknown {
  switch (shape.kind) {
    case 'structure':
      if (!isObject(value)) throw malformedJson('structure', path, typeName(value))
      return readJsonStructure(model, shape, value, `${path}.`)
    case 'list': {
      if (!Array.isArray(value)) throw malformedJson('list', path, typeName(value))
      const of = shapeOf(model, shape.of.shape)
      return value
        .filter((item) => item !== null)
        .map((item, index) => readJson(model, of, item, `${path}[${index}]`))
    }
    case 'map': {
      if (!isObject(value)) throw malformedJson('map', path, typeName(value))
      const of = shapeOf(model, shape.value.shape)
      return Object.fromEntries(
        Object.entries(value)
          .filter(([, item]) => item !== null)
          .map(([key, item]) => [key, readJson(model, of, item, `${path}.${key}`)]),
      )
    }
    case 'document':
      return value
    default:
      return readJsonScalar(shape.kind, value, path)
  }
}

function readJsonScalar(kind: string, value: unknown, path: string): unknown {
  switch (kind) {
    case 'number':
      if (typeof value !== 'number') throw malformedJson('number', path, typeName(value))
      return value
    case 'boolean':
      if (typeof value !== 'boolean') throw malformedJson('boolean', path, typeName(value))
      return value
    case 'timestamp': {
      const text = typeof value === 'number' || typeof value === 'string' ? String(value) : ''
      const at = readTimestamp(text)
      if (at === undefined) throw malformedJson('timestamp', path, typeName(value))
      return new Date(at)
    }
    case 'blob':
      if (typeof value !== 'string') throw malformedJson('blob', path, typeName(value))
      return new Uint8Array(Buffer.from(value, 'base64'))
    default:
      if (typeof value !== 'string') throw malformedJson('string', path, typeName(value))
      return value
  }
}

/** A structure's body members as JSON; dates as epoch seconds unless the shape says otherwise. */
export function writeJsonStructure(
  model: ServiceModel,
  shape: StructureShape,
  values: Values,
): Values {
  const json: Values = {}
  for (const [name, member] of Object.entries(shape.members)) {
    const value = values[name]
    if (value === undefined || value === null || member.in) continue
    json[member.wire ?? name] = writeJson(model, shapeOf(model, member.shape), value)
  }
  return json
}

/** One value as JSON by its shape. */
export function writeJson(model: ServiceModel, shape: Shape, value: unknown): unknown {
  switch (shape.kind) {
    case 'structure':
      return writeJsonStructure(model, shape, value as Values)
    case 'list': {
      const of = shapeOf(model, shape.of.shape)
      return (value as unknown[]).map((item) => writeJson(model, of, item))
    }
    case 'map': {
      const of = shapeOf(model, shape.value.shape)
      return Object.fromEntries(
        Object.entries(value as Values)
          .filter(([, item]) => item !== undefined && item !== null)
          .map(([key, item]) => [key, writeJson(model, of, item)]),
      )
    }
    case 'timestamp': {
      const at = value as Date
      if (shape.format === 'date-time') return at.toISOString()
      if (shape.format === 'http-date') return at.toUTCString()
      return at.getTime() / 1000
    }
    case 'blob':
      return Buffer.from(value as Uint8Array).toString('base64')
    default:
      return value
  }
}

function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function typeName(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'list' : typeof value
}
