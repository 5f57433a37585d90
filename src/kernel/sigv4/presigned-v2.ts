/**
 * S3's presigned URLs of Signature Version 2 (HMAC-SHA1), which the aws CLI v1 and boto3 still make by default. Only
 * the query form is taken; V2 headers are refused elsewhere.
 */
import { createHmac } from 'node:crypto'
import { type SignableRequest, trimSpaces } from './canonical-request.ts'
import type { QueryParameter } from './uri.ts'
import { equalInConstantTime } from './verify.ts'

/** A claimed V2 signature. `expiresAt`: seconds since the epoch. */
export interface ClaimedV2 {
  readonly accessKeyId: string
  readonly signature: string
  readonly expiresAt: number
  readonly sessionToken?: string
}

/** Sub-resources and answer overrides that V2 signs, in the order in which it signs them. */
const signedParameters = new Set([
  'accelerate',
  'acl',
  'analytics',
  'cors',
  'delete',
  'encryption',
  'inventory',
  'legal-hold',
  'lifecycle',
  'location',
  'logging',
  'metrics',
  'notification',
  'object-lock',
  'partNumber',
  'policy',
  'policyStatus',
  'publicAccessBlock',
  'replication',
  'requestPayment',
  'response-cache-control',
  'response-content-disposition',
  'response-content-encoding',
  'response-content-language',
  'response-content-type',
  'response-expires',
  'restore',
  'retention',
  'select',
  'select-type',
  'tagging',
  'torrent',
  'uploadId',
  'uploads',
  'versionId',
  'versioning',
  'versions',
  'website',
])

/** Undefined: not a V2 query at all. `malformed`: it is one, but cannot be read. */
export function claimedV2(query: readonly QueryParameter[]): ClaimedV2 | 'malformed' | undefined {
  const accessKeyId = value(query, 'AWSAccessKeyId')
  const signature = value(query, 'Signature')
  if (accessKeyId === undefined && signature === undefined) return undefined
  const expires = value(query, 'Expires')
  if (!accessKeyId || !signature || !expires || !/^\d{1,12}$/.test(expires)) return 'malformed'
  const sessionToken = value(query, 'x-amz-security-token')
  return {
    accessKeyId,
    signature,
    expiresAt: Number(expires),
    ...(sessionToken === undefined ? {} : { sessionToken }),
  }
}

/** Checks a presigned V2 URL with the secret of its key; bucket addresses are path style. */
export function verifyV2(
  request: SignableRequest,
  query: readonly QueryParameter[],
  claimed: ClaimedV2,
  secretAccessKey: string,
): { valid: boolean; stringToSign: string } {
  const text = stringToSignV2(request, query, claimed.expiresAt)
  return {
    valid: equalInConstantTime(signV2(text, secretAccessKey), claimed.signature),
    stringToSign: text,
  }
}

/** The signature of a V2 string: base64 of HMAC-SHA1. */
export function signV2(text: string, secretAccessKey: string): string {
  return createHmac('sha1', secretAccessKey).update(text, 'latin1').digest('base64')
}

function stringToSignV2(
  request: SignableRequest,
  query: readonly QueryParameter[],
  expiresAt: number,
): string {
  const header = (name: string): string => request.headers.get(name) ?? ''
  // A session token of a presigned URL stands in the query and is signed as if it were a header.
  const amz = new Map<string, string>()
  for (const { name, value: text } of query) {
    if (name.toLowerCase().startsWith('x-amz-')) amz.set(name.toLowerCase(), text)
  }
  for (const [name, text] of request.headers) if (name.startsWith('x-amz-')) amz.set(name, text)
  const headers = [...amz]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, text]) => `${name}:${trimSpaces(text)}\n`)
    .join('')
  const parameters = query
    .filter(({ name }) => signedParameters.has(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, value: text }) => (text === '' ? name : `${name}=${text}`))
    .join('&')
  const resource = request.rawPath + (parameters ? `?${parameters}` : '')
  return `${request.method}\n${header('content-md5')}\n${header('content-type')}\n${expiresAt}\n${headers}${resource}`
}

function value(query: readonly QueryParameter[], name: string): string | undefined {
  return query.find((p) => p.name === name)?.value
}
