import { bucketOf, existingObjectNeeds } from '../access.ts'
import { isNotModified } from '../conditions.ts'
import { checksumLeaf, checksumLeaves } from '../multipart.ts'
import { versionHeader } from '../object-headers.ts'
import type { S3Operation } from '../operation.ts'
import { wholeNumber } from '../parameters.ts'
import { requireObject } from '../read-object.ts'
import { invalidArgument, refuse } from '../refusals.ts'
import type { S3Request } from '../request.ts'
import type { StoredObject } from '../storage/storage.ts'
import { element, httpTime, leaf, xmlDocument } from '../xml.ts'

const known = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize']

/** Tells only what the header names; here the ETag has no quotes. */
export const getObjectAttributes: S3Operation = {
  name: 'GetObjectAttributes',
  access: (request, call, deps) =>
    existingObjectNeeds(request, call, deps, 's3:GetObject', 's3:GetObjectAttributes'),
  async handle(request, call, deps) {
    const wanted = readWanted(request)
    const object = await requireObject(request, call, deps)
    isNotModified(request.headers, object)
    const body =
      (wanted.has('ETag') ? leaf('ETag', object.etag) : '') +
      (wanted.has('Checksum') && object.checksum
        ? element('Checksum', checksumLeaves(object.checksum))
        : '') +
      (wanted.has('ObjectParts') ? writeParts(object, request) : '') +
      (wanted.has('StorageClass') ? leaf('StorageClass', object.storageClass) : '') +
      (wanted.has('ObjectSize') ? leaf('ObjectSize', object.size) : '')
    return {
      headers: {
        'last-modified': httpTime(object.modifiedAt),
        ...versionHeader(object, bucketOf(request, deps)),
      },
      body: xmlDocument('GetObjectAttributesResponse', body),
    }
  },
}

function readWanted({ headers }: S3Request): ReadonlySet<string> {
  const name = 'x-amz-object-attributes'
  const text = headers.get(name) ?? ''
  const wanted = text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
  if (wanted.length === 0) {
    const message = 'Missing required header for this request: x-amz-object-attributes'
    throw refuse.InvalidRequest({}, { message })
  }
  const unknown = wanted.find((one) => !known.includes(one))
  if (unknown !== undefined)
    throw invalidArgument('Invalid attribute name specified.', name, unknown)
  return new Set(wanted)
}

/** The parts themselves are told only where they have sums. */
function writeParts({ parts, checksum }: StoredObject, { headers }: S3Request): string {
  if (!parts) return ''
  const marker = wholeNumber(
    headers.get('x-amz-part-number-marker'),
    'part-number-marker',
    0,
    10_000,
  )
  const limit = wholeNumber(headers.get('x-amz-max-parts'), 'max-parts', 1000, 1000)
  const after = parts.filter((part) => part.number > marker)
  const page = after.slice(0, limit)
  const listed = parts.some((part) => part.checksum !== undefined)
  const content =
    leaf('PartsCount', parts.length) +
    (listed
      ? leaf('PartNumberMarker', marker) +
        leaf('NextPartNumberMarker', page.at(-1)?.number ?? 0) +
        leaf('MaxParts', limit) +
        leaf('IsTruncated', after.length > page.length) +
        page
          .map(({ number, size, checksum: sum }) =>
            element(
              'Part',
              leaf('PartNumber', number) +
                leaf('Size', size) +
                checksumLeaf(checksum?.algorithm, sum),
            ),
          )
          .join('')
      : '')
  return element('ObjectParts', content)
}
