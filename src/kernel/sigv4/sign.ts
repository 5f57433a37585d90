/** Signs requests and URLs with Signature V4: for upstreams, the command line, the kubelet, and tests. */
import { hash } from 'node:crypto'
import { formatAmzDate } from './amz-date.ts'
import { canonicalRequest, stringToSign } from './canonical-request.ts'
import { deriveSigningKey, type SigningKeys, scopeText, signatureOf } from './signing-key.ts'
import { encodeBytes, parseQuery } from './uri.ts'

/** Keys to sign with; `sessionToken` for temporary ones. */
export interface SigningCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

export interface SigningTarget {
  readonly method: string
  /** Percent-encoded, as it will be sent. */
  readonly rawPath: string
  readonly rawQuery?: string
  /** Any case; `host` must be among them. All are signed. */
  readonly headers: Readonly<Record<string, string>>
  readonly region: string
  readonly service: string
  readonly credentials: SigningCredentials
  /** ms since the epoch. */
  readonly at: number
  readonly keys?: SigningKeys
}

/**
 * Returns all headers to send: those given, `x-amz-date`, the session token, for S3 `x-amz-content-sha256`, and
 * `authorization`. `body` is hashed, unless `payloadHash` is given (`UNSIGNED-PAYLOAD`).
 */
export function signHeaders(
  target: SigningTarget & { readonly body?: string | Uint8Array; readonly payloadHash?: string },
): Record<string, string> {
  const payloadHash = target.payloadHash ?? hash('sha256', target.body ?? '', 'hex')
  const amzDate = formatAmzDate(target.at)
  const headers = new Map<string, string>()
  for (const [name, value] of Object.entries(target.headers)) headers.set(name.toLowerCase(), value)
  headers.set('x-amz-date', amzDate)
  if (target.credentials.sessionToken !== undefined) {
    headers.set('x-amz-security-token', target.credentials.sessionToken)
  }
  if (target.service === 's3') headers.set('x-amz-content-sha256', payloadHash)
  const signedHeaders = [...headers.keys()].sort()
  const { scope, signature } = compute(
    target,
    amzDate,
    headers,
    signedHeaders,
    target.rawQuery ?? '',
    payloadHash,
  )
  return {
    ...Object.fromEntries(headers),
    authorization: `AWS4-HMAC-SHA256 Credential=${target.credentials.accessKeyId}/${scope}, SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`,
  }
}

/** Returns the query string of a presigned URL (without `?`). The headers given are signed and must be sent. */
export function presignQuery(
  target: SigningTarget & { readonly expiresSeconds: number; readonly payloadHash?: string },
): string {
  const amzDate = formatAmzDate(target.at)
  const headers = new Map<string, string>()
  for (const [name, value] of Object.entries(target.headers)) headers.set(name.toLowerCase(), value)
  const signedHeaders = [...headers.keys()].sort()
  const scope = scopeText(scopeOf(target, amzDate))
  const parameters = [
    ...(target.rawQuery ? [target.rawQuery] : []),
    'X-Amz-Algorithm=AWS4-HMAC-SHA256',
    `X-Amz-Credential=${encodeBytes(`${target.credentials.accessKeyId}/${scope}`)}`,
    `X-Amz-Date=${amzDate}`,
    `X-Amz-Expires=${target.expiresSeconds}`,
    `X-Amz-SignedHeaders=${encodeBytes(signedHeaders.join(';'))}`,
  ]
  if (target.credentials.sessionToken !== undefined) {
    parameters.push(`X-Amz-Security-Token=${encodeBytes(target.credentials.sessionToken)}`)
  }
  const rawQuery = parameters.join('&')
  const payloadHash =
    target.payloadHash ?? (target.service === 's3' ? 'UNSIGNED-PAYLOAD' : hash('sha256', '', 'hex'))
  const { signature } = compute(target, amzDate, headers, signedHeaders, rawQuery, payloadHash)
  return `${rawQuery}&X-Amz-Signature=${signature}`
}

function scopeOf(target: SigningTarget, amzDate: string) {
  return { date: amzDate.slice(0, 8), region: target.region, service: target.service }
}

function compute(
  target: SigningTarget,
  amzDate: string,
  headers: ReadonlyMap<string, string>,
  signedHeaders: readonly string[],
  rawQuery: string,
  payloadHash: string,
): { scope: string; signature: string } {
  const scope = scopeOf(target, amzDate)
  const request = { method: target.method, rawPath: target.rawPath, rawQuery, headers }
  const canonical = canonicalRequest(
    request,
    parseQuery(rawQuery),
    signedHeaders,
    payloadHash,
    target.service,
  )
  const secret = target.credentials.secretAccessKey
  const key = target.keys ? target.keys.get(secret, scope) : deriveSigningKey(secret, scope)
  return {
    scope: scopeText(scope),
    signature: signatureOf(key, stringToSign(amzDate, scopeText(scope), canonical)),
  }
}
