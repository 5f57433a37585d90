/** AWS's REST-JSON protocol: method and path name the operation, the body is JSON. EKS speaks it. */
import type { AwsRequest, AwsResponse, WireError } from '../operation.ts'
import { type Labels, payloadMember, readBound, writeBound } from './http-binding.ts'
import {
  malformedJson,
  parseJsonObject,
  readJson,
  readJsonStructure,
  writeJson,
  writeJsonStructure,
} from './json-value.ts'
import type { ServiceModel } from './model.ts'
import { shapeOf, structureOf } from './model.ts'
import type { Values } from './scalar.ts'

const contentType = { 'content-type': 'application/json' }

/** Reads an operation's input from path labels, query string, headers and body. */
export function parseRestJson(
  model: ServiceModel,
  operation: string,
  request: Pick<AwsRequest, 'headers' | 'rawQuery'>,
  labels: Labels,
  body: Uint8Array,
): Values {
  const input = model.operations[operation]?.input
  if (!input) return {}
  const shape = structureOf(model, input)
  const bound = readBound(model, shape, request, labels, malformedJson)
  const payload = payloadMember(shape)
  if (!payload) return { ...readJsonStructure(model, shape, parseJsonObject(body)), ...bound }
  const [name, member] = payload
  const payloadShape = shapeOf(model, member.shape)
  if (payloadShape.kind === 'blob' || payloadShape.kind === 'stream') {
    return { ...bound, [name]: body }
  }
  if (payloadShape.kind === 'string') return { ...bound, [name]: new TextDecoder().decode(body) }
  return { ...bound, [name]: readJson(model, payloadShape, parseJsonObject(body), name) }
}

/** Writes an operation's output. */
export function writeRestJson(
  model: ServiceModel,
  operation: string,
  output: Values | undefined,
): AwsResponse {
  const { output: name, http } = model.operations[operation] ?? {}
  const shape = name ? structureOf(model, name) : undefined
  const values = output ?? {}
  const bound = shape ? writeBound(model, shape, values) : { headers: {} }
  const payload = shape ? payloadMember(shape) : undefined
  const json = payload
    ? writeJson(model, shapeOf(model, payload[1].shape), values[payload[0]] ?? {})
    : shape
      ? writeJsonStructure(model, shape, values)
      : {}
  return {
    status: bound.status ?? http?.status ?? 200,
    headers: { ...contentType, ...bound.headers },
    body: JSON.stringify(json),
  }
}

/** Writes an error: its code in `x-amzn-ErrorType`, its members beside `message`. */
export function writeRestJsonError(error: WireError): AwsResponse {
  const { code, status, message, members } = error
  return {
    status,
    headers: { ...contentType, 'x-amzn-errortype': code, ...error.headers },
    body: JSON.stringify({ ...members, message }),
  }
}
