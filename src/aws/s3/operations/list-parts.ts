import { bucketOf, objectNeed } from '../access.ts'
import { checksumLeaf, requireUpload } from '../multipart.ts'
import type { S3Operation } from '../operation.ts'
import { ownerContent } from '../owner.ts'
import { wholeNumber } from '../parameters.ts'
import { element, isoTime, leaf, xmlDocument } from '../xml.ts'

/** Lists the parts of an upload in progress, by their numbers. */
export const listParts: S3Operation = {
  name: 'ListParts',
  access: (request, call, deps) => [
    objectNeed(request, call, bucketOf(request, deps), 's3:ListMultipartUploadParts'),
  ],
  async handle(request, _call, deps) {
    const { query } = request
    const limit = wholeNumber(query.get('max-parts'), 'max-parts', 1000, 1000)
    const marker = wholeNumber(query.get('part-number-marker'), 'part-number-marker', 0, 100_000)
    const { upload, bucket } = await requireUpload(request, deps)
    const found = await deps.storage.uploads.parts(upload, marker, limit + 1)
    const parts = found.slice(0, limit)
    const truncated = limit > 0 && found.length > limit
    const { checksumAlgorithm: algorithm } = upload
    const body =
      leaf('Bucket', bucket.name) +
      leaf('Key', upload.key) +
      leaf('UploadId', upload.uploadId) +
      element('Initiator', ownerContent(bucket.account)) +
      element('Owner', ownerContent(bucket.account)) +
      leaf('StorageClass', upload.storageClass) +
      leaf('PartNumberMarker', marker) +
      leaf('NextPartNumberMarker', parts.at(-1)?.number ?? 0) +
      leaf('MaxParts', limit) +
      leaf('IsTruncated', truncated) +
      leaf('ChecksumAlgorithm', algorithm) +
      leaf('ChecksumType', upload.checksumType) +
      parts
        .map((part) =>
          element(
            'Part',
            leaf('PartNumber', part.number) +
              leaf('LastModified', isoTime(part.modifiedAt)) +
              leaf('ETag', `"${part.etag}"`) +
              leaf('Size', part.size) +
              checksumLeaf(algorithm, part.checksum),
          ),
        )
        .join('')
    return { body: xmlDocument('ListPartsResult', body) }
  },
}
