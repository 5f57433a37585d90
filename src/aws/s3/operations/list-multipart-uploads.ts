import { bucketOf } from '../access.ts'
import { listNeeds, readListParameters, writePrefixes } from '../list-answer.ts'
import type { S3Operation } from '../operation.ts'
import { ownerContent } from '../owner.ts'
import { element, isoTime, leaf, xmlDocument } from '../xml.ts'
import { markerPosition } from './list-objects.ts'

/** Lists uploads in progress, by key and by the time they were begun. */
export const listMultipartUploads: S3Operation = {
  name: 'ListMultipartUploads',
  access: (request, call, deps) => listNeeds(request, call, deps, 's3:ListBucketMultipartUploads'),
  async handle(request, _call, deps) {
    const { query } = request
    const bucket = bucketOf(request, deps)
    const parameters = readListParameters(request, 'max-uploads')
    const { prefix, delimiter, limit, text, urlEncoded } = parameters
    const keyMarker = query.get('key-marker') ?? ''
    // Without a key marker the other one means nothing.
    const idMarker = keyMarker === '' ? '' : (query.get('upload-id-marker') ?? '')
    const after =
      idMarker === ''
        ? markerPosition(keyMarker, prefix, delimiter)
        : { key: keyMarker, id: idMarker }
    const page =
      limit === 0
        ? { items: [], prefixes: [] }
        : await deps.storage.uploads.list(bucket.name, {
            prefix,
            delimiter,
            limit,
            ...(after && { after }),
          })
    const next = 'next' in page ? page.next : undefined
    const owner = ownerContent(bucket.account)
    const body =
      leaf('Bucket', bucket.name) +
      leaf('KeyMarker', text(keyMarker)) +
      leaf('UploadIdMarker', idMarker) +
      leaf('NextKeyMarker', next && text(next.key)) +
      leaf('NextUploadIdMarker', next?.id) +
      leaf('Prefix', text(prefix)) +
      leaf('Delimiter', delimiter === '' ? undefined : text(delimiter)) +
      leaf('EncodingType', urlEncoded ? 'url' : undefined) +
      leaf('MaxUploads', limit) +
      leaf('IsTruncated', next !== undefined) +
      page.items
        .map((upload) =>
          element(
            'Upload',
            leaf('Key', text(upload.key)) +
              leaf('UploadId', upload.uploadId) +
              element('Initiator', owner) +
              element('Owner', owner) +
              leaf('StorageClass', upload.storageClass) +
              leaf('Initiated', isoTime(upload.startedAt)) +
              leaf('ChecksumAlgorithm', upload.checksumAlgorithm) +
              leaf('ChecksumType', upload.checksumType),
          ),
        )
        .join('') +
      writePrefixes(page.prefixes, parameters)
    return { body: xmlDocument('ListMultipartUploadsResult', body) }
  },
}
