import { bucketOf } from '../access.ts'
import { listNeeds, readListParameters, writeEntry, writePrefixes } from '../list-answer.ts'
import type { S3Operation } from '../operation.ts'
import type { ListPosition } from '../storage/storage.ts'
import { leaf, xmlDocument } from '../xml.ts'

/** The older list: pages by marker, owners always, NextMarker only with a delimiter. */
export const listObjects: S3Operation = {
  name: 'ListObjects',
  access: (request, call, deps) => listNeeds(request, call, deps, 's3:ListBucket'),
  async handle(request, _call, deps) {
    const bucket = bucketOf(request, deps)
    const parameters = readListParameters(request)
    const { prefix, delimiter, limit, text, urlEncoded } = parameters
    const marker = request.query.get('marker') ?? ''
    const after = markerPosition(marker, prefix, delimiter)
    const page =
      limit === 0
        ? { items: [], prefixes: [] }
        : await deps.storage.list(bucket.name, {
            prefix,
            delimiter,
            limit,
            ...(after && { after }),
          })
    const next = 'next' in page ? page.next : undefined
    const body =
      leaf('Name', bucket.name) +
      leaf('Prefix', text(prefix)) +
      leaf('Marker', text(marker)) +
      leaf('NextMarker', delimiter !== '' && next ? text(next.key) : undefined) +
      leaf('MaxKeys', limit) +
      leaf('Delimiter', delimiter === '' ? undefined : text(delimiter)) +
      leaf('EncodingType', urlEncoded ? 'url' : undefined) +
      leaf('IsTruncated', next !== undefined) +
      page.items
        .map((item) =>
          writeEntry('Contents', item, parameters, { owner: bucket.account, versioned: false }),
        )
        .join('') +
      writePrefixes(page.prefixes, parameters)
    return { body: xmlDocument('ListBucketResult', body) }
  },
}

/** A marker that is itself a common prefix came from NextMarker: the page goes on behind all that it stands for. */
export function markerPosition(
  marker: string,
  prefix: string,
  delimiter: string,
): ListPosition | undefined {
  if (marker === '') return undefined
  const rolled =
    delimiter !== '' &&
    marker.startsWith(prefix) &&
    marker.indexOf(delimiter, prefix.length) === marker.length - delimiter.length &&
    marker.length - delimiter.length >= prefix.length
  return { key: marker, ...(rolled && { isPrefix: true }) }
}
