/** AWS's JSON 1.1 protocol: the operation in X-Amz-Target, all else in the body. CloudTrail speaks it. */
import type { AwsResponse, WireError } from '../operation.ts'
import { parseJsonObject, readJsonStructure, writeJsonStructure } from './json-value.ts'
import type { ServiceModel } from './model.ts'
import { structureOf } from './model.ts'
import type { Values } from './scalar.ts'

const contentType = { 'content-type': 'application/x-amz-json-1.1' }

/** Reads an operation's input from the body. */
export function parseJsonRpc(model: ServiceModel, operation: string, body: Uint8Array): Values {
  const input = model.operations[operation]?.input
  const given = parseJsonObject(body)
  return input ? readJsonStructure(model, structureOf(model, input), given) : {}
}

/** Writes an operation's output. */
export function writeJsonRpc(
  model: ServiceModel,
  operation: string,
  output: Values | undefined,
): AwsResponse {
  const shape = model.operations[operation]?.output
  const json = shape ? writeJsonStructure(model, structureOf(model, shape), output ?? {}) : {}
  return { status: 200, headers: contentType, body: JSON.stringify(json) }
}

/** Writes an error: its code in `__type`. */
export function writeJsonRpcError(error: WireError): AwsResponse {
  const { code, status, message, members } = error
  return {
    status,
    headers: { ...contentType, 'x-amzn-errortype': code, ...error.headers },
    body: JSON.stringify({ __type: code, message, ...members }),
  }
}
