/** Checksums and Content-MD5: what a request claims of its body, and whether it is so. */
import { hash } from 'node:crypto'
import {
  type ChecksumAlgorithm,
  checksumBytes,
  digestOf,
  isChecksumAlgorithm,
} from './checksums/digest.ts'
import type { S3Deps } from './operation.ts'
import { headerNotImplemented, refuse } from './refusals.ts'
import type { S3Request } from './request.ts'
import type { Staged } from './storage/storage.ts'

type Headers = ReadonlyMap<string, string>

export interface Claims {
  readonly algorithm?: ChecksumAlgorithm
  /** Base64 sum of the header; of a trailer it is known only at the end. */
  readonly value?: string
  readonly md5?: Buffer
}

/** 5 GiB, the most that one PUT or part may bring. */
export const maxUploadBytes = 5 * 1024 ** 3

const notSums = new Set(['x-amz-checksum-mode', 'x-amz-checksum-type', 'x-amz-checksum-algorithm'])

/** Reads what headers claim. Sums in a presigned query are not looked at. Throws InvalidRequest, InvalidDigest, NotImplemented. */
export function readClaims({ headers }: Pick<S3Request, 'headers'>): Claims {
  const md5 = readContentMd5(headers)
  const sums = [...headers.keys()].filter(
    (name) => name.startsWith('x-amz-checksum-') && !notSums.has(name),
  )
  const trailers = (headers.get('x-amz-trailer') ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name.startsWith('x-amz-checksum-'))
  if (sums.length + trailers.length > 1) {
    const message =
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.'
    throw refuse.InvalidRequest({}, { message })
  }
  const [name] = [...sums, ...trailers]
  const asked = headers.get('x-amz-sdk-checksum-algorithm')?.toUpperCase()
  const algorithm = name === undefined ? asked : name.slice('x-amz-checksum-'.length).toUpperCase()
  if (algorithm === undefined) return { ...(md5 && { md5 }) }
  if (!isChecksumAlgorithm(algorithm)) {
    throw headerNotImplemented(name ?? 'x-amz-sdk-checksum-algorithm')
  }
  const value = sums[0] === undefined ? undefined : headers.get(sums[0])
  if (value !== undefined) checkForm(algorithm, value)
  return { algorithm, ...(value !== undefined && { value }), ...(md5 && { md5 }) }
}

/** A body that has been received and is what its sender said. */
export interface Received {
  readonly staged: Staged
  /** Base64 sum of the whole, where one was claimed or asked for. */
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly value: string }
}

/** Takes in a streamed body and holds it to its claims. `algorithm`: a sum to take where the request names none. */
export async function receiveBody(
  request: S3Request,
  { storage }: S3Deps,
  algorithm?: ChecksumAlgorithm,
): Promise<Received> {
  const { stream } = request
  const length = stream?.length
  if (!stream || length === undefined) throw refuse.MissingContentLength()
  const tooLarge = () =>
    refuse.EntityTooLarge({}, { members: { ProposedSize: length, MaxSizeAllowed: maxUploadBytes } })
  if (length > maxUploadBytes) throw tooLarge()
  const claims = readClaims(request)
  const kind = claims.algorithm ?? algorithm
  const algorithms = kind ? [kind] : []
  const staged = await storage.stage(stream.stream, {
    algorithms,
    limit: maxUploadBytes,
    tooLarge,
  })
  try {
    if (staged.size !== length) throw refuse.IncompleteBody()
    checkMd5(claims.md5, staged.md5)
    const sum = kind && staged.sums.get(kind)
    if (!kind || !sum) return { staged }
    const value = sum.toString('base64')
    checkSum(kind, claims.value ?? trailerSum(kind, stream.trailers()), value)
    return { staged, checksum: { algorithm: kind, value } }
  } catch (cause) {
    await staged.discard()
    throw cause
  }
}

/** Holds a body at hand to its claims; `required`: it must come with one. */
export function checkBody(request: S3Request, required: boolean): void {
  const claims = readClaims(request)
  checkMd5(claims.md5, claims.md5 && hash('md5', request.body, 'buffer'))
  if (claims.algorithm && claims.value !== undefined) {
    const sum = digestOf(claims.algorithm, request.body).toString('base64')
    checkSum(claims.algorithm, claims.value, sum)
  }
  // A trailer's sum has been taken off with the chunks.
  if (!required || claims.md5 || claims.algorithm) return
  const message = 'Missing required header for this request: Content-MD5 OR x-amz-checksum-*'
  throw refuse.InvalidRequest({}, { message })
}

/** Throws InvalidRequest where text is no base64 sum of its kind. */
export function checkForm(algorithm: ChecksumAlgorithm, value: string): void {
  const bytes = Buffer.from(value, 'base64')
  if (bytes.length === checksumBytes[algorithm] && bytes.toString('base64') === value) return
  const name = `x-amz-checksum-${algorithm.toLowerCase()}`
  throw refuse.InvalidRequest({}, { message: `Value for ${name} header is invalid.` })
}

function checkSum(algorithm: ChecksumAlgorithm, claimed: string | undefined, sum: string): void {
  if (claimed !== undefined && claimed !== sum) throw refuse.BadDigest({ algorithm })
}

function trailerSum(algorithm: ChecksumAlgorithm, trailers: Headers): string | undefined {
  const value = trailers.get(`x-amz-checksum-${algorithm.toLowerCase()}`)
  if (value !== undefined) checkForm(algorithm, value)
  return value
}

function readContentMd5(headers: Headers): Buffer | undefined {
  const text = headers.get('content-md5')
  if (text === undefined) return undefined
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length === 16 && bytes.toString('base64') === text) return bytes
  throw refuse.InvalidDigest({}, { members: { 'Content-MD5': text } })
}

function checkMd5(claimed: Buffer | undefined, actual: Buffer | undefined): void {
  if (!claimed || !actual || claimed.equals(actual)) return
  throw refuse.BadDigest(
    {},
    {
      message: 'The Content-MD5 you specified did not match what we received.',
      members: {
        ExpectedDigest: claimed.toString('base64'),
        CalculatedDigest: actual.toString('base64'),
      },
    },
  )
}
