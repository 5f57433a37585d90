/** The members of REST operations that stand outside the body: path labels, query string, headers, status. */
import type { AwsRequest } from '../operation.ts'
import type { Member, Place, ServiceModel, StructureShape } from './model.ts'
import { shapeOf } from './model.ts'
import { type Malformed, readScalar, type Values, writeScalar } from './scalar.ts'

/** Labels of the path, decoded. */
export type Labels = Readonly<Record<string, string>>

/** Reads all members that the model places outside the body. */
export function readBound(
  model: ServiceModel,
  shape: StructureShape,
  request: Pick<AwsRequest, 'headers' | 'rawQuery'>,
  labels: Labels,
  malformed: Malformed,
): Values {
  const values: Values = {}
  const query = readQueryString(request.rawQuery)
  for (const [name, member] of Object.entries(shape.members)) {
    if (!member.in || member.in === 'payload') continue
    const value = readOne(
      model,
      name,
      member,
      { query, headers: request.headers, labels },
      malformed,
    )
    if (value !== undefined) values[name] = value
  }
  return values
}

interface Sources {
  readonly query: ReadonlyMap<string, readonly string[]>
  readonly headers: ReadonlyMap<string, string>
  readonly labels: Labels
}

function readOne(
  model: ServiceModel,
  name: string,
  member: Member,
  from: Sources,
  malformed: Malformed,
): unknown {
  const wire = member.wire ?? name
  switch (member.in) {
    case 'path':
      return scalar(model, member, from.labels[name], name, malformed)
    case 'query':
      return readQueryMember(model, member, from.query.get(wire), wire, malformed)
    case 'query-params':
      return Object.fromEntries([...from.query].map(([key, values]) => [key, values[0] ?? '']))
    case 'header':
      return readHeader(model, member, from.headers.get(wire), wire, malformed)
    case 'prefix-headers': {
      const found: [string, string][] = []
      for (const [header, value] of from.headers) {
        if (header.startsWith(wire)) found.push([header.slice(wire.length), value])
      }
      return found.length > 0 ? Object.fromEntries(found) : undefined
    }
    default:
      return undefined
  }
}

function scalar(
  model: ServiceModel,
  member: Member,
  text: string | undefined,
  wire: string,
  malformed: Malformed,
): unknown {
  const shape = shapeOf(model, member.shape)
  if (text === undefined) return undefined
  if (shape.kind === 'list' || shape.kind === 'map' || shape.kind === 'structure') return undefined
  return readScalar(shape, text, wire, malformed)
}

function readQueryMember(
  model: ServiceModel,
  member: Member,
  texts: readonly string[] | undefined,
  wire: string,
  malformed: Malformed,
): unknown {
  if (!texts) return undefined
  const shape = shapeOf(model, member.shape)
  if (shape.kind !== 'list') {
    return scalar(model, member, texts[0] ?? '', wire, malformed)
  }
  return texts.map((text) => scalar(model, shape.of, text, wire, malformed))
}

function readHeader(
  model: ServiceModel,
  member: Member,
  text: string | undefined,
  wire: string,
  malformed: Malformed,
): unknown {
  if (text === undefined) return undefined
  const shape = shapeOf(model, member.shape)
  if (shape.kind !== 'list') return scalar(model, member, text, wire, malformed)
  return headerItems(text).map((item) => scalar(model, shape.of, item, wire, malformed))
}

/** A comma-separated list; an item that holds a comma or a quote stands in quotes. */
function headerItems(text: string): string[] {
  const items: string[] = []
  for (const [whole, quoted] of text.matchAll(/\s*"((?:[^"\\]|\\.)*)"|[^,]+/g)) {
    const item = quoted === undefined ? whole.trim() : quoted.replace(/\\(.)/g, '$1')
    if (quoted !== undefined || item !== '') items.push(item)
  }
  return items
}

/**
 * The raw query string as names and values, in order; `+` is a space, an ill-formed escape stands as it is, and
 * `?acl` is the same as `?acl=`.
 */
export function readQueryString(rawQuery: string): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const [name, value] of new URLSearchParams(rawQuery)) {
    const values = found.get(name)
    if (values) values.push(value)
    else found.set(name, [value])
  }
  return found
}

/** The headers and the status of an output. */
export function writeBound(
  model: ServiceModel,
  shape: StructureShape,
  values: Values,
): { headers: Record<string, string>; status?: number } {
  const headers: Record<string, string> = {}
  let status: number | undefined
  for (const [name, member] of Object.entries(shape.members)) {
    const value = values[name]
    if (value === undefined || value === null) continue
    const wire = member.wire ?? name
    if (member.in === 'status') status = Number(value)
    if (member.in === 'header') headers[wire] = writeHeader(model, member, value)
    if (member.in === 'prefix-headers') {
      for (const [key, text] of Object.entries(value as Record<string, string>)) {
        headers[wire + key] = text
      }
    }
  }
  return status === undefined ? { headers } : { headers, status }
}

function writeHeader(model: ServiceModel, member: Member, value: unknown): string {
  const shape = shapeOf(model, member.shape)
  if (shape.kind === 'list') {
    return (value as unknown[])
      .map((item) => quoteItem(writeHeader(model, shape.of, item)))
      .join(', ')
  }
  if (shape.kind === 'map' || shape.kind === 'structure') return ''
  return writeScalar(shape, value, 'http-date')
}

function quoteItem(text: string): string {
  return /[",]/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : text
}

/** The member that is the body itself, where there is one. */
export function payloadMember(shape: StructureShape): [string, Member] | undefined {
  const place: Place = 'payload'
  return Object.entries(shape.members).find(([, member]) => member.in === place)
}

/** True when some member stands in the body. */
export function hasBody(shape: StructureShape): boolean {
  return Object.values(shape.members).some((member) => !member.in)
}
