import { bucketOf } from '../access.ts'
import {
  listNeeds,
  readListParameters,
  readToken,
  writeEntry,
  writePrefixes,
  writeToken,
} from '../list-answer.ts'
import type { S3Operation } from '../operation.ts'
import { invalidArgument } from '../refusals.ts'
import { leaf, xmlDocument } from '../xml.ts'

/** Lists current objects in the byte order of their keys, prefixes rolled up, a page at a time. */
export const listObjectsV2: S3Operation = {
  name: 'ListObjectsV2',
  access: (request, call, deps) => listNeeds(request, call, deps, 's3:ListBucket'),
  async handle(request, _call, deps) {
    const { query } = request
    const bucket = bucketOf(request, deps)
    const parameters = readListParameters(request)
    const { prefix, delimiter, limit, text, urlEncoded } = parameters
    const startAfter = query.get('start-after')
    const token = query.get('continuation-token')
    if (token === '') {
      const message = 'The continuation token provided is incorrect'
      throw invalidArgument(message, 'continuation-token', token)
    }
    const after = readToken(token) ?? (startAfter ? { key: startAfter } : undefined)
    const page =
      limit === 0
        ? { items: [], prefixes: [] }
        : await deps.storage.list(bucket.name, {
            prefix,
            delimiter,
            limit,
            ...(after && { after }),
          })
    const owner = query.get('fetch-owner') === 'true' ? bucket.account : undefined
    const next = 'next' in page ? page.next : undefined
    const body =
      leaf('Name', bucket.name) +
      leaf('Prefix', text(prefix)) +
      leaf('StartAfter', startAfter && text(startAfter)) +
      leaf('ContinuationToken', token) +
      leaf('NextContinuationToken', writeToken(next)) +
      leaf('KeyCount', page.items.length + page.prefixes.length) +
      leaf('MaxKeys', limit) +
      leaf('Delimiter', delimiter === '' ? undefined : text(delimiter)) +
      leaf('EncodingType', urlEncoded ? 'url' : undefined) +
      leaf('IsTruncated', next !== undefined) +
      page.items
        .map((item) => writeEntry('Contents', item, parameters, { owner, versioned: false }))
        .join('') +
      writePrefixes(page.prefixes, parameters)
    return { body: xmlDocument('ListBucketResult', body) }
  },
}
