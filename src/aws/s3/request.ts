/** A request as S3 sees it: bucket, key and parameters, taken from path or host once and never normalised. */
import type { AwsRequest, VerifiedBody } from '../operation.ts'
import { refuse } from './refusals.ts'
import type { StoredVersion } from './storage/storage.ts'

export type Level = 'service' | 'bucket' | 'object'

/** Where a request points. '' for what is not named. */
export interface Target {
  readonly bucket: string
  readonly key: string
  readonly query: ReadonlyMap<string, string>
}

/** The input of every operation. */
export interface S3Request extends Target {
  readonly method: string
  /** Lower-case names, values as UTF-8 text. */
  readonly headers: ReadonlyMap<string, string>
  readonly secure: boolean
  readonly host: string
  /** Empty for operations whose body is streamed. */
  readonly body: Uint8Array
  readonly stream: VerifiedBody | undefined
  /** The object as `access` found it, so that the handler need not look again. */
  found?: StoredVersion | undefined
}

const maxKeyBytes = 1024

/** Finds bucket, key and parameters. `bases`: host names under which `bucket.base` is a virtual host. Throws InvalidURI, KeyTooLongError. */
export function readTarget(request: AwsRequest, bases: readonly string[]): Target {
  const query = readQuery(request.rawQuery)
  const path = request.rawPath.slice(1)
  const fromHost = bucketOfHost(request.headers.get('host') ?? '', bases)
  if (fromHost !== undefined) return checked({ bucket: fromHost, key: decode(path), query })
  // Split before decoding: an encoded slash is part of a name, not its end.
  const slash = path.indexOf('/')
  return slash < 0
    ? { bucket: decode(path), key: '', query }
    : checked({ bucket: decode(path.slice(0, slash)), key: decode(path.slice(slash + 1)), query })
}

/** What stands before a base in the host's name; undefined where the host is a base or an address itself. */
export function bucketOfHost(host: string, bases: readonly string[]): string | undefined {
  const name = host.replace(/:\d+$/, '').toLowerCase()
  if (bases.includes(name)) return undefined
  const base = bases
    .filter((candidate) => name.endsWith(`.${candidate}`))
    .sort((a, b) => b.length - a.length)[0]
  return base === undefined ? undefined : name.slice(0, -base.length - 1)
}

/** Reads the body's and target's parts into the operations' input. */
export function readRequest(
  request: AwsRequest,
  target: Target,
  body: Uint8Array,
  stream: VerifiedBody | undefined,
): S3Request {
  return {
    ...target,
    method: request.method,
    headers: new Utf8Headers(request.headers),
    secure: request.secure,
    host: request.headers.get('host') ?? '',
    body,
    stream,
  }
}

export function levelOf({ bucket, key }: Target): Level {
  if (key !== '') return 'object'
  return bucket === '' ? 'service' : 'bucket'
}

/** Headers come as latin-1 characters, one a byte, because the signature covers bytes; here they are text. */
class Utf8Headers extends Map<string, string> {
  constructor(raw: ReadonlyMap<string, string>) {
    super()
    for (const [name, value] of raw) {
      const ascii = /^[\t -~]*$/.test(value)
      this.set(name, ascii ? value : Buffer.from(value, 'latin1').toString('utf8'))
    }
  }
}

function checked(target: Target): Target {
  const size = Buffer.byteLength(target.key)
  if (size <= maxKeyBytes) return target
  const members = { Size: size, MaxSizeAllowed: maxKeyBytes }
  throw refuse.KeyTooLongError({}, { members })
}

function readQuery(raw: string): ReadonlyMap<string, string> {
  const query = new Map<string, string>()
  if (raw === '') return query
  for (const pair of raw.split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = equals < 0 ? pair : pair.slice(0, equals)
    const value = equals < 0 ? '' : pair.slice(equals + 1)
    query.set(decode(name.replaceAll('+', ' ')), decode(value.replaceAll('+', ' ')))
  }
  return query
}

/** One level of percent-encoding off; a plus stays a plus. */
function decode(text: string): string {
  if (!text.includes('%') && /^[ -~]*$/.test(text)) return text
  try {
    // Raw bytes above ASCII arrive as latin-1 characters.
    const encoded = text.replace(
      /[^ -~]/g,
      (c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`,
    )
    return decodeURIComponent(encoded)
  } catch (cause) {
    if (cause instanceof URIError) throw refuse.InvalidURI({}, { members: { URI: text } })
    throw cause
  }
}
