/** AWS's REST-XML protocol: S3. Routing is S3's own; this reads what a routed request says and writes the answer. */
import type { Readable } from 'node:stream'
import { Refusal } from '../../kernel/refusal.ts'
import type { AwsRequest, AwsResponse, WireError } from '../operation.ts'
import { hasBody, type Labels, payloadMember, readBound, writeBound } from './http-binding.ts'
import type { Member, ServiceModel, Shape, StructureShape } from './model.ts'
import { shapeOf, structureOf } from './model.ts'
import { type Malformed, readScalar, type Values } from './scalar.ts'
import { parseXml, type XmlElement, XmlError } from './xml-reader.ts'
import { escapeXml, writeMembers } from './xml-writer.ts'

const style = { milliseconds: true }
const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'

/** S3's answer to a header or query parameter that is not what it should be. */
export const invalidArgument: Malformed = (wanted, name, given) =>
  new Refusal(
    wanted === 'number'
      ? `Provided ${name} not an integer or within integer range`
      : `Invalid value for ${name}`,
    { code: 'InvalidArgument', status: 400, members: { ArgumentName: name, ArgumentValue: given } },
  )

/** S3's answer to a body that is not the XML it should be. `detail` goes to the log. */
export function malformedXml(detail: string): Refusal {
  return new Refusal(
    'The XML you provided was not well-formed or did not validate against our published schema',
    { code: 'MalformedXML', status: 400, facts: { detail } },
  )
}

/** What a request carries beside its head. */
export interface RestXmlBody {
  /** The whole body, for operations whose payload is XML or text. */
  readonly bytes?: Uint8Array
  /** The body as it comes in, for operations with a streaming payload. */
  readonly stream?: Readable
}

/** Reads an operation's input. `labels` are S3's `Bucket` and `Key`, which its router found. */
export function parseRestXml(
  model: ServiceModel,
  operation: string,
  request: Pick<AwsRequest, 'headers' | 'rawQuery'>,
  labels: Labels,
  body: RestXmlBody,
): Values {
  const input = model.operations[operation]?.input
  if (!input) return {}
  const shape = structureOf(model, input)
  const values = readBound(model, shape, request, labels, invalidArgument)
  const payload = payloadMember(shape)
  const bytes = body.bytes ?? new Uint8Array()
  if (!payload) {
    if (!hasBody(shape) || bytes.length === 0) return values
    return { ...readElement(model, shape, parseBody(bytes)), ...values }
  }
  const [name, member] = payload
  const target = shapeOf(model, member.shape)
  if (target.kind === 'stream') return { ...values, [name]: body.stream }
  if (target.kind === 'blob') return { ...values, [name]: bytes }
  if (target.kind === 'string') return { ...values, [name]: new TextDecoder().decode(bytes) }
  if (bytes.length === 0) {
    if (shape.required.includes(name)) throw malformedXml('the body is empty')
    return values
  }
  const root = parseBody(bytes)
  if (root.name !== (member.wire ?? name)) throw malformedXml(`the root is ${root.name}`)
  return { ...values, [name]: readValue(model, target, root) }
}

function parseBody(bytes: Uint8Array): XmlElement {
  try {
    return parseXml(bytes)
  } catch (cause) {
    if (cause instanceof XmlError) throw malformedXml(cause.message)
    throw cause
  }
}

const malformedElement: Malformed = (wanted, name) => malformedXml(`${name} is not a ${wanted}`)

function readElement(model: ServiceModel, shape: StructureShape, element: XmlElement): Values {
  const values: Values = {}
  for (const [name, member] of Object.entries(shape.members)) {
    if (member.in) continue
    const value = readMember(model, name, member, element)
    if (value !== undefined) values[name] = value
  }
  return values
}

function readMember(
  model: ServiceModel,
  name: string,
  member: Member,
  parent: XmlElement,
): unknown {
  const wire = member.wire ?? name
  if (member.xmlAttribute) return parent.attributes[wire.slice(wire.indexOf(':') + 1)]
  const found = parent.children.filter((child) => child.name === wire)
  const first = found[0]
  if (!first) return undefined
  const shape = shapeOf(model, member.shape)
  if (member.flat && shape.kind === 'list') {
    const of = shapeOf(model, shape.of.shape)
    return found.map((child) => readValue(model, of, child))
  }
  return readValue(model, shape, first)
}

function readValue(model: ServiceModel, shape: Shape, element: XmlElement): unknown {
  switch (shape.kind) {
    case 'structure':
      return readElement(model, shape, element)
    case 'list': {
      const of = shapeOf(model, shape.of.shape)
      const tag = shape.of.wire ?? 'member'
      return element.children
        .filter((child) => child.name === tag)
        .map((child) => readValue(model, of, child))
    }
    case 'map':
      return Object.fromEntries(
        element.children.map((entry) => {
          const [key, value] = entry.children
          return [key?.text ?? '', value?.text ?? '']
        }),
      )
    default: {
      const text = shape.kind === 'string' ? element.text : element.text.trim()
      return readScalar(shape, text, element.name, malformedElement)
    }
  }
}

/** Writes an operation's output: status, bound headers and body. A streaming payload becomes the body as it is. */
export function writeRestXml(
  model: ServiceModel,
  operation: string,
  output: Values | undefined,
): AwsResponse {
  const { output: name, http } = model.operations[operation] ?? {}
  const status = http?.status ?? 200
  if (!name) return { status, headers: {} }
  const shape = structureOf(model, name)
  const values = output ?? {}
  const bound = writeBound(model, shape, values)
  const body = writeBody(model, shape, operation, values)
  const xml = typeof body === 'string' && body.startsWith(declaration)
  return {
    status: bound.status ?? status,
    headers: { ...(xml ? { 'content-type': 'application/xml' } : {}), ...bound.headers },
    ...(body === undefined ? {} : { body }),
  }
}

function writeBody(
  model: ServiceModel,
  shape: StructureShape,
  operation: string,
  values: Values,
): AwsResponse['body'] {
  const payload = payloadMember(shape)
  if (!payload) {
    return hasBody(shape) ? rootElement(model, shape, operation, values) : undefined
  }
  const [name, member] = payload
  const value = values[name]
  if (value === undefined || value === null) return undefined
  const target = shapeOf(model, member.shape)
  if (target.kind === 'structure') {
    return document(model, member.wire ?? name, writeMembers(model, target, value as Values, style))
  }
  return value as Uint8Array | string | Readable
}

function rootElement(
  model: ServiceModel,
  shape: StructureShape,
  operation: string,
  values: Values,
): string {
  const root = shape.root ?? `${operation}Result`
  const only = Object.keys(shape.members).length === 1 ? shape.members[root] : undefined
  // GetBucketLocation: the root element holds the member's text itself.
  if (only) return document(model, root, escapeXml(String(values[root] ?? '')))
  return document(model, root, writeMembers(model, shape, values, style))
}

function document(model: ServiceModel, root: string, content: string): string {
  return `${declaration}<${root} xmlns="${model.xmlNamespace}">${content}</${root}>`
}

/** Writes an error as S3 does: `<Error>` without a namespace; no body for HEAD. */
export function writeRestXmlError(
  error: WireError,
  call: { readonly requestId: string; readonly hostId: string; readonly method: string },
): AwsResponse {
  const headers = { ...error.headers }
  if (call.method === 'HEAD') return { status: error.status, headers }
  const members = Object.entries(error.members ?? {})
    .map(([name, value]) => `<${name}>${escapeXml(String(value))}</${name}>`)
    .join('')
  const body =
    `${declaration}<Error><Code>${escapeXml(error.code)}</Code>` +
    `<Message>${escapeXml(error.message)}</Message>${members}` +
    `<RequestId>${call.requestId}</RequestId><HostId>${call.hostId}</HostId></Error>`
  return { status: error.status, headers: { 'content-type': 'application/xml', ...headers }, body }
}
