/** S3 as the gateway sees it: routing, the order of checks, and what every answer has. */
import { s3AuthenticationErrors } from '../gateway/authentication-errors.ts'
import type { AwsResponse, AwsService, BoundOperation, Call, WireError } from '../operation.ts'
import { denied } from './access.ts'
import { corsHeaders } from './cors.ts'
import { checkBody } from './integrity.ts'
import type { Reply, S3Deps, S3Operation } from './operation.ts'
import { preflight } from './operations/preflight.ts'
import { operations } from './operations.ts'
import { refuse } from './refusals.ts'
import { readRequest, readTarget, type S3Request, type Target } from './request.ts'
import { findOperation } from './routes.ts'
import { errorDocument, leaf } from './xml.ts'

export interface S3ServiceOptions extends S3Deps {
  /** Host names under which `bucket.name` is a virtual host. */
  readonly hosts: readonly string[]
}

/** Makes the service. Buckets and objects lie in `storage`. */
export function s3Service(options: S3ServiceOptions): AwsService {
  return {
    signingName: 's3',
    quotesResource: true,
    match(request) {
      const target = readTarget(request, options.hosts)
      if (request.method === 'OPTIONS') return bind('OptionsPreflight', preflight, target, options)
      const isCopy = request.headers.has('x-amz-copy-source')
      const name = findOperation(request.method, target, isCopy)
      const operation = operations[name]
      if (operation === 'not-implemented') throw notServed(name)
      return bind(name, operation, target, options)
    },
    writeError,
    authenticationErrors: s3AuthenticationErrors,
    denied(message, need, caller) {
      const error = denied(message, need, caller)
      // HeadBucket tells the region also to who may not look, so that clients find the right one.
      const bucket = need.action === 's3:ListBucket' ? need.resource.slice(arnPrefix.length) : ''
      const region = options.storage.buckets.get(bucket)?.region
      return region === undefined ? error : { ...error, headers: { 'x-amz-bucket-region': region } }
    },
  }
}

const arnPrefix = 'arn:aws:s3:::'

const anyRegion: ReadonlySet<string> = new Set(['ListBuckets', 'CreateBucket', 'GetBucketLocation'])

function bind(name: string, operation: S3Operation, target: Target, deps: S3Deps): BoundOperation {
  const streamed = operation.body === 'streamed'
  return {
    name,
    body: streamed ? 'streamed' : 'buffered',
    maxBodyBytes: operation.maxBodyBytes ?? 1024 * 1024,
    // A bucket is made, and asked where it is, from anywhere; all else is signed for its region.
    signingRegion: anyRegion.has(name)
      ? undefined
      : deps.storage.buckets.get(target.bucket)?.region,
    allowAnonymous: operation.access !== 'any-signed-caller',
    parse: (request, body, stream) => readRequest(request, target, body, stream),
    needs(input, call) {
      if (typeof operation.access !== 'function') return undefined
      return operation.access(input as S3Request, call, deps)
    },
    handle(input, call) {
      const request = input as S3Request
      if (!streamed) checkBody(request, operation.checksumRequired ?? false)
      return handle(operation, request, call, deps)
    },
    write: (output, call) => writeReply(output as Reply, call.requestId),
    requestParameters: (input) => recorded(input as S3Request),
  }
}

/** As CloudTrail shows requests to S3: where they point and what they ask, no bodies, no signatures. */
function recorded({ bucket, key, host, query }: S3Request): Readonly<Record<string, unknown>> {
  const asked = [...query].filter(([name]) => !/^(x-amz-|signature$|awsaccesskeyid$)/i.test(name))
  return {
    ...(bucket && { bucketName: bucket }),
    Host: host,
    ...(key && { key }),
    ...Object.fromEntries(asked),
  }
}

async function handle(
  operation: S3Operation,
  request: S3Request,
  call: Call,
  deps: S3Deps,
): Promise<Reply> {
  const reply = await operation.handle(request, call, deps)
  const cors = corsHeaders(request, deps)
  return cors ? { ...reply, headers: { ...reply.headers, ...cors } } : reply
}

function writeReply({ status = 200, headers = {}, body }: Reply, requestId: string): AwsResponse {
  const type = typeof body === 'string' && body !== '' ? { 'content-type': 'application/xml' } : {}
  return {
    status,
    headers: { ...type, ...headers, ...commonHeaders(requestId) },
    ...(body !== undefined && { body }),
  }
}

function writeError(
  error: WireError,
  { requestId, method, rawPath }: { requestId: string; method: string; rawPath: string },
): AwsResponse {
  const headers = { ...error.headers, ...commonHeaders(requestId) }
  if (method === 'HEAD' || error.status === 304) return { status: error.status, headers }
  let content = leaf('Code', error.code) + leaf('Message', error.message)
  for (const [name, value] of Object.entries(error.members ?? {}))
    content += leaf(name, String(value))
  if (!('Key' in (error.members ?? {}))) content += leaf('Resource', rawPath)
  content += leaf('RequestId', requestId) + leaf('HostId', hostId(requestId))
  return {
    status: error.status,
    headers: { 'content-type': 'application/xml', ...headers },
    body: errorDocument(content),
  }
}

function commonHeaders(requestId: string): Record<string, string> {
  return {
    'x-amz-id-2': hostId(requestId),
    server: 'AmazonS3',
  }
}

/** AWS's second id names the host; ours says the request's id again in its form. */
function hostId(requestId: string): string {
  return Buffer.from(requestId.repeat(2)).toString('base64').slice(0, 76)
}

function notServed(name: string): Error {
  const message = `A header or query you provided requested a function (${name}) that is not implemented.`
  return refuse.NotImplemented({}, { message })
}
