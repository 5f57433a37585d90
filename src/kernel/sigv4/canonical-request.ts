/** The canonical request and the string to sign of Signature Version 4. All text is latin-1: a character is a byte. */
import { hash } from 'node:crypto'
import {
  canonicalPathOnce,
  canonicalPathTwice,
  canonicalQuery,
  type QueryParameter,
} from './uri.ts'

/** A request as far as signatures look at it. */
export interface SignableRequest {
  readonly method: string
  /** Still percent-encoded, without the query. */
  readonly rawPath: string
  /** Still percent-encoded, without `?`. */
  readonly rawQuery: string
  /** Lower-case names; repeated headers joined by `,`. */
  readonly headers: ReadonlyMap<string, string>
}

export const emptyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/** The canonical request. S3 signs its path encoded once; all other services normalised and encoded twice. */
export function canonicalRequest(
  request: SignableRequest,
  query: readonly QueryParameter[],
  signedHeaders: readonly string[],
  payloadHash: string,
  service: string,
): string {
  const path =
    service === 's3' ? canonicalPathOnce(request.rawPath) : canonicalPathTwice(request.rawPath)
  let headers = ''
  for (const name of signedHeaders) {
    headers += `${name}:${canonicalValue(request.headers.get(name) ?? '')}\n`
  }
  const parameters = canonicalQuery(query, 'X-Amz-Signature')
  return `${request.method}\n${path}\n${parameters}\n${headers}\n${signedHeaders.join(';')}\n${payloadHash}`
}

/** What is signed: algorithm, time, scope and the hash of the canonical request. */
export function stringToSign(amzDate: string, scope: string, canonical: string): string {
  return `AWS4-HMAC-SHA256\n${amzDate}\n${scope}\n${hash('sha256', Buffer.from(canonical, 'latin1'), 'hex')}`
}

/** Ends trimmed, runs of spaces made one, as SigV4 wants header values. */
function canonicalValue(value: string): string {
  const trimmed = trimSpaces(value)
  return trimmed.includes('  ') ? trimmed.replace(/ {2,}/g, ' ') : trimmed
}

/** Takes spaces and tabs off both ends. `trim` would also take bytes such as A0, which end letters of UTF-8. */
export function trimSpaces(latin1: string): string {
  return latin1.replace(/^[ \t]+|[ \t]+$/g, '')
}
