import { bucketOf } from '../access.ts'
import { listNeeds, readListParameters, writeEntry, writePrefixes } from '../list-answer.ts'
import type { S3Operation } from '../operation.ts'
import { invalidArgument } from '../refusals.ts'
import { leaf, xmlDocument } from '../xml.ts'
import { markerPosition } from './list-objects.ts'

/** Lists every version and delete marker, for each key the newest first. */
export const listObjectVersions: S3Operation = {
  name: 'ListObjectVersions',
  access: (request, call, deps) => listNeeds(request, call, deps, 's3:ListBucketVersions'),
  async handle(request, _call, deps) {
    const { query } = request
    const bucket = bucketOf(request, deps)
    const parameters = readListParameters(request)
    const { prefix, delimiter, limit, text, urlEncoded } = parameters
    const keyMarker = query.get('key-marker') ?? ''
    const idMarker = query.get('version-id-marker') ?? ''
    if (idMarker !== '' && keyMarker === '') {
      const message = 'A version-id marker cannot be specified without a key marker.'
      throw invalidArgument(message, 'version-id-marker', idMarker)
    }
    const after =
      idMarker === ''
        ? markerPosition(keyMarker, prefix, delimiter)
        : { key: keyMarker, id: idMarker }
    const page =
      limit === 0
        ? { items: [], prefixes: [] }
        : await deps.storage.listVersions(bucket.name, {
            prefix,
            delimiter,
            limit,
            ...(after && { after }),
          })
    const next = 'next' in page ? page.next : undefined
    const options = { owner: bucket.account, versioned: true }
    const body =
      leaf('Name', bucket.name) +
      leaf('Prefix', text(prefix)) +
      leaf('KeyMarker', text(keyMarker)) +
      leaf('VersionIdMarker', idMarker) +
      leaf('NextKeyMarker', next && text(next.key)) +
      leaf('NextVersionIdMarker', next?.id) +
      leaf('MaxKeys', limit) +
      leaf('Delimiter', delimiter === '' ? undefined : text(delimiter)) +
      leaf('EncodingType', urlEncoded ? 'url' : undefined) +
      leaf('IsTruncated', next !== undefined) +
      page.items
        .map((item) =>
          writeEntry(item.marker ? 'DeleteMarker' : 'Version', item, parameters, options),
        )
        .join('') +
      writePrefixes(page.prefixes, parameters)
    return { body: xmlDocument('ListVersionsResult', body) }
  },
}
