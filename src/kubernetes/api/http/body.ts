/** Reads request bodies: JSON, YAML and protobuf, within a limit, into plain objects. */
import type { IncomingMessage } from 'node:http'
import { decodeProtobuf, MalformedProtobuf } from '../schema/protobuf.ts'
import type { Schema } from '../schema/schema.ts'
import { badRequest, statusRefusal } from '../status.ts'
import { duplicateKeys } from './duplicate-keys.ts'

export const bodyBytesMax = 3 * 1024 * 1024

export interface Decoded {
  readonly value: Record<string, unknown>
  /** Paths of keys that JSON has twice. */
  readonly duplicates: readonly string[]
}

/** The whole body; more than 3 MiB is a 413. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > bodyBytesMax) throw tooLarge()
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > bodyBytesMax) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function tooLarge() {
  const message = `Request entity too large: limit is ${bodyBytesMax}`
  return statusRefusal(413, 'RequestEntityTooLarge', message)
}

/** The media type without parameters, in lower case; empty where there is none. */
export function mediaType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
}

/** The 415 that lists what a body may be. */
export function unsupportedMediaType(accepted: readonly string[]) {
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`
  return statusRefusal(415, 'UnsupportedMediaType', message)
}

const objectTypes = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
] as const

/** Decodes the body of an object; an empty one is undefined. */
export async function decodeBody(
  body: Buffer,
  type: string,
  schema: Schema,
): Promise<Decoded | undefined> {
  if (body.length === 0) return undefined
  switch (type || 'application/json') {
    case 'application/json':
      return decodeJson(body.toString())
    case 'application/yaml':
      return decodeYaml(body.toString())
    case 'application/vnd.kubernetes.protobuf':
      return { value: protobuf(body, schema), duplicates: [] }
    default:
      throw unsupportedMediaType(objectTypes)
  }
}

function protobuf(body: Buffer, schema: Schema): Record<string, unknown> {
  try {
    return decodeProtobuf(body, schema)
  } catch (error) {
    if (error instanceof MalformedProtobuf) throw badRequest(error.message)
    throw error
  }
}

function decodeJson(text: string): Decoded {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    const why = (error as SyntaxError).message
    throw badRequest(`couldn't get version/kind; json parse error: ${why}`)
  }
  return { value: asObject(value), duplicates: duplicateKeys(text) }
}

async function decodeYaml(text: string): Promise<Decoded> {
  const { parseDocument } = await import('yaml')
  const document = parseDocument(text, { uniqueKeys: false })
  const problem = document.errors[0]
  if (problem) throw badRequest(`error converting YAML to JSON: yaml: ${problem.message}`)
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    throw badRequest(`error converting YAML to JSON: yaml: ${(error as Error).message}`)
  }
  return { value: asObject(value), duplicates: [] }
}

function asObject(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>
  }
  throw badRequest(
    "couldn't get version/kind; json parse error: json: cannot unmarshal into Go value of type struct",
  )
}
