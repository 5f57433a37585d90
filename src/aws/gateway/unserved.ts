/** The answer to a request for an AWS service that is not here. */
import { Refusal } from '../../kernel/refusal.ts'
import type { AwsRequest, AwsResponse } from '../operation.ts'

/** A clear protocol error, 501, in words that name what is served. */
export function unservedError(
  wanted: string,
  request: AwsRequest,
  served: readonly string[],
): Refusal {
  const name = wanted.replace(/[^\w.-]/g, '').slice(0, 64)
  const target = request.headers.get('x-amz-target')
  const what = target ? `${name} (${target.replace(/[^\w.-]/g, '').slice(0, 128)})` : name
  return new Refusal(
    `The service ${what} is not available at this endpoint, which serves ${[...served].sort().join(', ')}.`,
    { code: 'NotImplemented', status: 501 },
  )
}

/** The signing names of AWS's services that speak REST in XML; all others that speak REST do so in JSON. */
const restInXml = new Set([
  's3',
  's3express',
  's3-outposts',
  's3-object-lambda',
  'route53',
  'cloudfront',
])

/** An error in the protocol that the request gives away: by its target, its form, or the name it was signed for. */
export function unservedAnswer(
  { code, status, message }: { code: string; status: number; message: string },
  requestId: string,
  request: AwsRequest,
  wanted: string,
): AwsResponse {
  if (request.headers.has('x-amz-target')) {
    const headers = { 'content-type': 'application/x-amz-json-1.1' }
    return { status, headers, body: JSON.stringify({ __type: code, message }) }
  }
  const type = request.headers.get('content-type') ?? ''
  const isQuery =
    /^application\/x-www-form-urlencoded/i.test(type) || /(^|&)Action=/.test(request.rawQuery)
  if (!isQuery && !restInXml.has(wanted)) {
    const headers = { 'content-type': 'application/json', 'x-amzn-errortype': code }
    return { status, headers, body: JSON.stringify({ message }) }
  }
  const escaped = message.replace(/[<>&]/g, (c) => `&#${c.charCodeAt(0)};`)
  return {
    status,
    headers: { 'content-type': 'text/xml' },
    body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${escaped}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
  }
}
