/** Turns what node:http received into the request that the pipeline works on; refuses what could be read two ways. */
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { parseQuery, type QueryParameter } from '../../kernel/sigv4/uri.ts'
import type { AwsRequest } from '../operation.ts'
import { plainAddress, type TrustedProxies } from './trusted-proxies.ts'

export interface Received {
  readonly request: AwsRequest
  readonly query: readonly QueryParameter[]
  /** Set where the request must be refused whatever it asks for. */
  readonly fault?: string
}

const maxHeaders = 128
const maxTargetChars = 16_384
const maxParameters = 2_000

/** Headers of which a second one would let two readers see two requests. */
const single = new Set([
  'authorization',
  'content-length',
  'content-type',
  'date',
  'host',
  'transfer-encoding',
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-decoded-content-length',
  'x-amz-security-token',
  'x-amz-target',
])

/** Reads line and headers. The body stays unread. Without `proxies` the connection itself says who asks. */
export function receive(message: IncomingMessage, proxies?: TrustedProxies): Received {
  const headers = new Map<string, string>()
  let fault: string | undefined
  const raw = message.rawHeaders
  if (raw.length > 2 * maxHeaders) fault = 'The request has too many headers.'
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase()
    const value = raw[i + 1] ?? ''
    const before = headers.get(name)
    if (before === undefined) headers.set(name, value)
    else if (single.has(name)) fault = `The header ${name} was given more than once.`
    else headers.set(name, `${before},${value}`)
  }
  const rawTarget = originForm(message.url ?? '/')
  if (rawTarget.length > maxTargetChars) fault = 'The request target is too long.'
  const mark = rawTarget.indexOf('?')
  const rawPath = mark < 0 ? rawTarget : rawTarget.slice(0, mark)
  const rawQuery = mark < 0 ? '' : rawTarget.slice(mark + 1)
  const query = fault === undefined ? parseQuery(rawQuery) : []
  if (query.length > maxParameters) fault = 'The request has too many query parameters.'
  if (!rawPath.startsWith('/')) fault = 'The request target is not a path.'
  const connection = {
    address: plainAddress(message.socket.remoteAddress ?? ''),
    secure: (message.socket as TLSSocket).encrypted === true,
  }
  const { address, secure } = proxies?.originOf(connection, headers) ?? connection
  const request: AwsRequest = {
    method: message.method ?? 'GET',
    rawTarget,
    rawPath,
    rawQuery,
    headers,
    secure,
    sourceIp: address,
  }
  return fault === undefined ? { request, query } : { request, query, fault }
}

/** A proxy's absolute form (`GET http://host/path`) is brought back to the path. */
function originForm(target: string): string {
  const match = /^https?:\/\/[^/?#]*(.*)$/i.exec(target)
  if (!match) return target
  const rest = match[1] ?? ''
  return rest.startsWith('/') ? rest : `/${rest}`
}
