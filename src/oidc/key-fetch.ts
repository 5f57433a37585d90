/** Fetches an issuer's discovery document and key set, within limits of time, size and reach. */

import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { readKeySet, type VerificationKey } from '../kernel/jwt/jwk.ts'
import { parseStrictObject } from '../kernel/jwt/strict-json.ts'
import type { AddressKind } from './address.ts'
import { type Connect, createConnect, ThumbprintMismatch } from './trusted-connection.ts'

export interface KeyFetchOptions {
  /** Authorities trusted beside the public ones: PEM. */
  readonly trustedCaPems?: readonly string[]
  /** True where issuers on this machine may be asked. */
  readonly allowLoopback: boolean
  /** True where a redirect or `jwks_uri` may lead to another host with a private address. */
  readonly allowPrivateRedirects?: boolean
  /** For the whole fetch (ms). */
  readonly timeoutMs?: number
}

export type FetchedKeys =
  | {
      readonly kind: 'keys'
      readonly keys: readonly VerificationKey[]
      /** What the issuer says about how long its key set holds; undefined where it does not say. */
      readonly maxAgeMs: number | undefined
    }
  | { readonly kind: 'unavailable'; readonly why: string }
  | { readonly kind: 'thumbprint-mismatch'; readonly presented: string }

const documentBytesMax = 512 * 1024
const redirectsMax = 3

/** A reason to give up that is the issuer's fault, in words for the log. */
class Unusable extends Error {}

/** Creates the fetch; it never rejects. */
export function createKeyFetch({
  trustedCaPems = [],
  allowLoopback,
  allowPrivateRedirects = false,
  timeoutMs = 5_000,
}: KeyFetchOptions): (request: {
  issuer: string
  thumbprints: readonly string[]
}) => Promise<FetchedKeys> {
  const connect = createConnect(trustedCaPems)
  const own: AddressKind[] = allowLoopback ? ['loopback'] : []
  // The registered host may be private, as on premises; where it sends us on to is its word only.
  const direct = new Set<AddressKind>(['public', 'private', ...own])
  const onward = new Set<AddressKind>([
    'public',
    ...(allowPrivateRedirects ? (['private'] as const) : []),
    ...own,
  ])

  return async ({ issuer, thumbprints }) => {
    const signal = AbortSignal.timeout(timeoutMs)
    try {
      const base = issuerUrl(issuer)
      const read = (url: URL) =>
        readDocument(url, { connect, thumbprints, signal, home: base.host, direct, onward })
      const discovery = await read(
        new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`),
      )
      if (discovery.object['issuer'] !== issuer) {
        throw new Unusable('its discovery document names another issuer')
      }
      const keySet = await read(keySetUrl(discovery.object['jwks_uri']))
      const set = readKeySet(keySet.object)
      if (!set) throw new Unusable('its key set is none')
      if (set.keys.length === 0) {
        throw new Unusable(`its key set has no usable key (${set.problems[0] ?? 'it is empty'})`)
      }
      return { kind: 'keys', keys: set.keys, maxAgeMs: keySet.maxAgeMs }
    } catch (cause) {
      return failure(cause)
    }
  }
}

/** What went wrong on the wire is the issuer's; anything else is a bug and flies on. */
function failure(cause: unknown): FetchedKeys {
  if (cause instanceof ThumbprintMismatch) {
    return { kind: 'thumbprint-mismatch', presented: cause.presented }
  }
  if (cause instanceof Unusable) return { kind: 'unavailable', why: cause.message }
  if (cause instanceof Error && !(cause instanceof TypeError)) {
    return { kind: 'unavailable', why: `it does not answer: ${cause.message}` }
  }
  throw cause
}

function issuerUrl(issuer: string): URL {
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined
  if (url?.protocol !== 'https:' || url.username || url.password || /[?#]/.test(issuer)) {
    throw new Unusable('its address is no https URL')
  }
  return url
}

function keySetUrl(text: unknown): URL {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'https:') throw new Unusable('its jwks_uri is no https URL')
  return url
}

interface Way {
  readonly connect: Connect
  readonly thumbprints: readonly string[]
  readonly signal: AbortSignal
  /** Host and port of the issuer. */
  readonly home: string
  readonly direct: ReadonlySet<AddressKind>
  readonly onward: ReadonlySet<AddressKind>
}

async function readDocument(
  url: URL,
  way: Way,
  redirects = 0,
): Promise<{ object: Readonly<Record<string, unknown>>; maxAgeMs: number | undefined }> {
  const response = await ask(url, way)
  const { statusCode = 0, headers } = response
  try {
    if ([301, 302, 303, 307, 308].includes(statusCode)) {
      const target = headers.location
      if (redirects === redirectsMax || !target || !URL.canParse(target, url.href)) {
        throw new Unusable(`${url.pathname} redirects in vain`)
      }
      const next = new URL(target, url)
      if (next.protocol !== 'https:')
        throw new Unusable(`${url.pathname} redirects away from https`)
      return await readDocument(next, way, redirects + 1)
    }
    if (statusCode !== 200) throw new Unusable(`${url.pathname} answers ${statusCode}`)
    const parsed = parseStrictObject(await readBody(response, url))
    if ('problem' in parsed) throw new Unusable(`${url.pathname} ${parsed.problem}`)
    return { object: parsed.object, maxAgeMs: maxAge(headers['cache-control']) }
  } finally {
    response.destroy()
  }
}

async function ask(
  url: URL,
  { connect, thumbprints, signal, home, direct, onward }: Way,
): Promise<IncomingMessage> {
  const allowed = url.host === home ? direct : onward
  const socket = await connect(url, { thumbprints, allowed, signal })
  const request = httpRequest({
    createConnection: () => socket,
    method: 'GET',
    path: `${url.pathname}${url.search}`,
    headers: { Host: url.host, Accept: 'application/json', Connection: 'close' },
    maxHeaderSize: 16_384,
  })
  // Once the response has begun, its reader hears of errors.
  request.on('error', () => {})
  request.end()
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return response
}

async function readBody(response: IncomingMessage, url: URL): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > documentBytesMax)
      throw new Unusable(`${url.pathname} is larger than ${documentBytesMax} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function maxAge(cacheControl: string | undefined): number | undefined {
  if (!cacheControl) return undefined
  if (/\bno-(store|cache)\b/i.test(cacheControl)) return 0
  const seconds = /\bmax-age=(\d{1,9})\b/i.exec(cacheControl)?.[1]
  return seconds === undefined ? undefined : Number(seconds) * 1000
}
