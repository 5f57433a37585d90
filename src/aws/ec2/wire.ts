/** EC2's own form of the Query protocol: answers without a Result element, errors in a list. */
import type { AwsResponse, WireError } from '../operation.ts'
import { structureOf } from '../protocol/model.ts'
import type { Values } from '../protocol/scalar.ts'
import { escapeXml, writeMembers } from '../protocol/xml-writer.ts'
import { model } from './model.ts'

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'

export function writeAnswer(operation: string, output: unknown, requestId: string): AwsResponse {
  const shape = structureOf(model, model.operations[operation]?.output ?? '')
  const members = writeMembers(model, shape, (output ?? {}) as Values, { milliseconds: true })
  const root = `${operation}Response`
  return xml(
    200,
    `<${root} xmlns="${model.xmlNamespace}"><requestId>${requestId}</requestId>${members}</${root}>`,
  )
}

export function writeError({ code, message, status, headers }: WireError, requestId: string) {
  const error = `<Error><Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message></Error>`
  const body = `<Response><Errors>${error}</Errors><RequestID>${requestId}</RequestID></Response>`
  return xml(status, body, headers)
}

function xml(
  status: number,
  body: string,
  more: Readonly<Record<string, string>> = {},
): AwsResponse {
  const headers = {
    'content-type': 'text/xml;charset=UTF-8',
    ...more,
  }
  return { status, headers, body: declaration + body }
}
