/** What the four lists of keys have in common: parameters in, entries out. */

import type { Call, Need } from '../operation.ts'
import { bucketNeed, bucketOf } from './access.ts'
import type { S3Deps } from './operation.ts'
import { ownerContent } from './owner.ts'
import { urlEncode, wantsUrlEncoding, wholeNumber } from './parameters.ts'
import { invalidArgument } from './refusals.ts'
import type { S3Request } from './request.ts'
import type { ListedVersion, ListPosition } from './storage/storage.ts'
import { element, isoTime, leaf } from './xml.ts'

const maxKeys = 1000

export interface ListParameters {
  readonly prefix: string
  readonly delimiter: string
  /** At most 1,000. */
  readonly limit: number
  readonly urlEncoded: boolean
  /** Writes a key or prefix as the client wants it. */
  readonly text: (key: string) => string
  /** Writes a time; neighbours often have the same. */
  readonly time: (at: number) => string
}

/** Reads prefix, delimiter, page size (`max-keys` or `max-uploads`) and encoding. Throws InvalidArgument. */
export function readListParameters(request: S3Request, sizeName = 'max-keys'): ListParameters {
  const { query } = request
  const urlEncoded = wantsUrlEncoding(request)
  return {
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    limit: wholeNumber(query.get(sizeName), sizeName, maxKeys, maxKeys),
    urlEncoded,
    text: urlEncoded ? urlEncode : (key) => key,
    time: lastTime(),
  }
}

function lastTime(): (at: number) => string {
  let last = Number.NaN
  let text = ''
  return (at) => {
    if (at !== last) {
      last = at
      text = isoTime(at)
    }
    return text
  }
}

/** The need of a list: its parameters are condition keys, as far as they were given. */
export function listNeeds(
  request: S3Request,
  call: Call,
  deps: S3Deps,
  action: string,
): readonly Need[] {
  const context: Record<string, string> = {}
  for (const name of ['prefix', 'delimiter', 'max-keys']) {
    const value = request.query.get(name)
    if (value !== undefined) context[`s3:${name}`] = value
  }
  return [bucketNeed(request, call, bucketOf(request, deps), action, context)]
}

/** A `Contents`, `Version` or `DeleteMarker` entry; `owner` is left out where undefined. */
export function writeEntry(
  name: string,
  version: ListedVersion,
  parameters: ListParameters,
  options: { owner?: string | undefined; versioned: boolean },
): string {
  const { checksum } = version
  const bytes = version.marker
    ? ''
    : // Hex digits and a count: nothing to escape.
      `<ETag>&quot;${version.etag}&quot;</ETag>` +
      (checksum
        ? leaf('ChecksumAlgorithm', checksum.algorithm) + leaf('ChecksumType', checksum.type)
        : '') +
      leaf('Size', version.size) +
      leaf('StorageClass', version.storageClass)
  const versioned = options.versioned
    ? leaf('VersionId', version.versionId) + leaf('IsLatest', version.isLatest)
    : ''
  return element(
    name,
    leaf('Key', parameters.text(version.key)) +
      versioned +
      `<LastModified>${parameters.time(version.modifiedAt)}</LastModified>` +
      bytes +
      (options.owner === undefined ? '' : element('Owner', ownerContent(options.owner))),
  )
}

export function writePrefixes(prefixes: readonly string[], { text }: ListParameters): string {
  return prefixes.map((prefix) => element('CommonPrefixes', leaf('Prefix', text(prefix)))).join('')
}

/** Tokens mean nothing to clients; they carry the place where the next page begins. */
export function writeToken(position: ListPosition | undefined): string | undefined {
  return position && Buffer.from(JSON.stringify(position)).toString('base64url')
}

/** Throws InvalidArgument where the token is none of ours. */
export function readToken(token: string | undefined): ListPosition | undefined {
  if (token === undefined) return undefined
  const position = parse(Buffer.from(token, 'base64url').toString('utf8'))
  if (position) return position
  const message = 'The continuation token provided is incorrect'
  throw invalidArgument(message, 'continuation-token', token)
}

function parse(text: string): ListPosition | undefined {
  try {
    const value = JSON.parse(text) as Partial<ListPosition> | null
    return typeof value?.key === 'string'
      ? { key: value.key, ...(value.isPrefix === true && { isPrefix: true }) }
      : undefined
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined
    throw cause
  }
}
