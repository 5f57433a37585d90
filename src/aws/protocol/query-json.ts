/** Query's answers in JSON, for clients that ask for it with `Accept: application/json`: aws-iam-authenticator does. */
import type { AwsResponse, WireError } from '../operation.ts'
import { writeJsonStructure } from './json-value.ts'
import type { ServiceModel } from './model.ts'
import { structureOf } from './model.ts'
import { faultOf, queryAnswer } from './query-answer.ts'
import type { Values } from './scalar.ts'

/** True where JSON is what an Accept header names first. */
export function prefersJson(accept: string | undefined): boolean {
  return accept !== undefined && /^\s*application\/json\s*(?:[;,]|$)/i.test(accept)
}

/** Writes an operation's output: the same as in XML, without namespaces; dates are epoch seconds. */
export function writeQueryJson(
  model: ServiceModel,
  operation: string,
  output: Values | undefined,
  requestId: string,
): AwsResponse {
  const shape = model.operations[operation]?.output
  const result = shape && writeJsonStructure(model, structureOf(model, shape), output ?? {})
  return jsonResponse(200, {
    [`${operation}Response`]: {
      ...(result && { [`${operation}Result`]: result }),
      ResponseMetadata: { RequestId: requestId },
    },
  })
}

export function writeQueryErrorJson(wire: WireError, requestId: string): AwsResponse {
  const { code: Code, message, status, members, headers } = wire
  const said = message === '' ? {} : { Message: message }
  const error = { Code, ...said, Type: faultOf(status), ...members }
  return jsonResponse(status, { Error: error, RequestId: requestId }, headers)
}

function jsonResponse(
  status: number,
  given: object,
  headers?: Readonly<Record<string, string>>,
): AwsResponse {
  const body = JSON.stringify(given)
  return queryAnswer({ status, contentType: 'application/json', body }, headers)
}
