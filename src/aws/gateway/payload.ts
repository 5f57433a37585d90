/** What S3's `x-amz-content-sha256` promises about the body, and how the body must then be read. */

import { Refusal } from '../../kernel/refusal.ts'
import type { ClaimedSignature } from '../../kernel/sigv4/authorization.ts'
import type { ChunkSigning } from '../../kernel/sigv4/chunks.ts'
import type { AwsRequest } from '../operation.ts'
import type { BodyForm, RefuseAuthentication } from './body.ts'

const unsigned = 'UNSIGNED-PAYLOAD'
const streaming = new Map([
  ['STREAMING-UNSIGNED-PAYLOAD-TRAILER', { signed: false, trailer: true }],
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', { signed: true, trailer: false }],
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', { signed: true, trailer: true }],
])

/** The last line of the canonical request of S3. */
export function payloadHashOf(
  request: AwsRequest,
  claim: ClaimedSignature,
  refuse: RefuseAuthentication,
): string {
  const sent = request.headers.get('x-amz-content-sha256')
  if (claim.form === 'query') return sent ?? unsigned
  if (sent === undefined) {
    throw new Refusal('Missing required header for this request: x-amz-content-sha256', {
      code: 'InvalidRequest',
      status: 400,
    })
  }
  if (/^[0-9a-f]{64}$/.test(sent) || sent === unsigned || streaming.has(sent)) return sent
  if (/^STREAMING-AWS4-ECDSA/.test(sent)) {
    throw new Refusal('A header you provided implies functionality that is not implemented.', {
      code: 'NotImplemented',
      status: 501,
      members: { Header: 'x-amz-content-sha256' },
    })
  }
  throw refuse('malformed', {
    form: 'header',
    why: 'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.',
  })
}

/** How the body is read. `payloadHash` undefined: an anonymous request, whose own header is taken at its word. */
export function bodyForm(
  request: AwsRequest,
  payloadHash: string | undefined,
  signing: ChunkSigning | undefined,
  refuse: RefuseAuthentication,
): BodyForm {
  const sent = payloadHash ?? request.headers.get('x-amz-content-sha256') ?? unsigned
  const form = streaming.get(sent)
  if (!form)
    return /^[0-9a-f]{64}$/.test(sent) ? { kind: 'hashed', sha256: sent } : { kind: 'unsigned' }
  if (form.signed && !signing) throw refuse('missing')
  const decodedLength = request.headers.get('x-amz-decoded-content-length') ?? ''
  if (!/^\d{1,15}$/.test(decodedLength)) {
    throw new Refusal('You must provide the Content-Length HTTP header.', {
      code: 'MissingContentLength',
      status: 411,
    })
  }
  const announced = request.headers.get('x-amz-trailer')
  const trailers = announced?.split(',').map((name) => name.trim().toLowerCase()) ?? []
  const named = trailers.filter((name) => name !== '')
  if (named.length > 8 || (!form.trailer && named.length > 0)) {
    throw refuse('malformed', {
      form: 'header',
      why: 'x-amz-trailer does not fit x-amz-content-sha256',
    })
  }
  return {
    kind: 'chunked',
    chunked: {
      decodedLength: Number(decodedLength),
      trailers: named,
      ...(form.signed && signing ? { signing } : {}),
    },
  }
}
