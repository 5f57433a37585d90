import { bucketOf, objectNeed, requestTags } from '../access.ts'
import { checkAclHeaders } from '../acl.ts'
import type { ChecksumAlgorithm } from '../checksums/digest.ts'
import { isChecksumAlgorithm } from '../checksums/digest.ts'
import { writeCheck } from '../conditions.ts'
import { digestObject, readCopySource, requireSource, sourceNeeds } from '../copy-source.ts'
import { maxUploadBytes } from '../integrity.ts'
import { checksumLeaves } from '../multipart.ts'
import {
  describeWrite,
  readDescription,
  readObjectFacts,
  readStorageClass,
} from '../object-headers.ts'
import type { S3Deps, S3Operation } from '../operation.ts'
import {
  headerNotImplemented,
  invalidArgument,
  noSuchBucket,
  noSuchKey,
  refuse,
} from '../refusals.ts'
import type { S3Request } from '../request.ts'
import { SourceGoneError } from '../storage/content.ts'
import type { Bucket, NewObject, ObjectFacts, StoredObject } from '../storage/storage.ts'
import { refuseCustomerKeys, writeNeeds } from '../write-object.ts'
import { isoTime, leaf, xmlDocument } from '../xml.ts'

/** Makes an object of another one's bytes, with its description or a new one. */
export const copyObject: S3Operation = {
  name: 'CopyObject',
  async access(request, call, deps) {
    const bucket = bucketOf(request, deps)
    const copiesTags = directive(request, 'x-amz-tagging-directive') === 'COPY'
    const { needs, found } = await sourceNeeds(request, call, deps, copiesTags)
    const tags = copiesTags && found && !found.marker ? found.tags : {}
    const context = requestTags(tags)
    const writes = writeNeeds(request, call, deps, context)
    if (Object.keys(tags).length > 0) {
      writes.push(objectNeed(request, call, bucket, 's3:PutObjectTagging', context))
    }
    return [...needs, ...writes]
  },
  async handle(request, call, deps) {
    const { key, headers } = request
    const bucket = bucketOf(request, deps)
    refuseCustomerKeys(request)
    checkAclHeaders(request, bucket)
    const source = await requireSource(request, call, deps)
    checkCopy(request, source)
    const facts = copiedFacts(request, source, bucket, call.at)
    const object = { ...facts, ...(await sums(headers, source, deps)) }
    const check = writeCheck(headers, key)
    const stored = await deps.storage
      .put(bucket.name, key, source, object, { at: call.at, ...(check && { check }) })
      .catch((cause) => {
        throw cause instanceof SourceGoneError ? noSuchKey(source.key) : cause
      })
    if (!stored) throw noSuchBucket(bucket.name)
    const from = deps.storage.buckets.get(readCopySource(request).bucket)
    const { etag: _, ...written } = describeWrite(stored, bucket)
    const body =
      leaf('ETag', `"${stored.etag}"`) +
      leaf('LastModified', isoTime(stored.modifiedAt)) +
      checksumLeaves(stored.checksum)
    return {
      headers: {
        ...written,
        ...(from &&
          from.versioning !== 'unset' && {
            'x-amz-copy-source-version-id': source.versionId,
          }),
      },
      body: xmlDocument('CopyObjectResult', body),
    }
  },
}

/** Throws InvalidRequest where nothing would change, or the source is too large for one copy. */
function checkCopy(request: S3Request, source: StoredObject): void {
  const { headers } = request
  const from = readCopySource(request)
  const onItself = from.bucket === request.bucket && from.key === request.key && source.isLatest
  const changes =
    directive(request, 'x-amz-metadata-directive') === 'REPLACE' ||
    ['x-amz-storage-class', 'x-amz-website-redirect-location', 'x-amz-server-side-encryption'].some(
      (name) => headers.has(name),
    )
  if (onItself && !changes) {
    const message =
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes."
    throw refuse.InvalidRequest({}, { message })
  }
  if (source.size > maxUploadBytes) {
    const message =
      'The specified copy source is larger than the maximum allowable size for a copy source: 5368709120'
    throw refuse.InvalidRequest({}, { message })
  }
}

function copiedFacts(
  request: S3Request,
  source: StoredObject,
  bucket: Bucket,
  at: number,
): ObjectFacts {
  const { tags, ...anew } = readObjectFacts(request, bucket, at)
  const description =
    directive(request, 'x-amz-metadata-directive') === 'REPLACE'
      ? readDescription(request)
      : { headers: source.headers, metadata: source.metadata }
  return {
    ...anew,
    ...description,
    storageClass: readStorageClass(request),
    tags: directive(request, 'x-amz-tagging-directive') === 'REPLACE' ? tags : source.tags,
  }
}

/** A copy has a plain MD5 and a sum over the whole, also where its source was uploaded in parts. */
async function sums(
  headers: ReadonlyMap<string, string>,
  source: StoredObject,
  deps: S3Deps,
): Promise<Pick<NewObject, 'etag' | 'checksum'>> {
  const asked = askedAlgorithm(headers)
  const algorithm = asked ?? source.checksum?.algorithm
  const same =
    algorithm === undefined ||
    (algorithm === source.checksum?.algorithm && source.checksum.type === 'FULL_OBJECT')
  if (same && !source.etag.includes('-')) {
    return { etag: source.etag, ...(source.checksum && { checksum: source.checksum }) }
  }
  const { md5, sum } = await digestObject(source, deps, algorithm)
  return {
    etag: md5,
    ...(algorithm &&
      sum !== undefined && {
        checksum: { algorithm, value: sum, type: 'FULL_OBJECT' as const },
      }),
  }
}

function askedAlgorithm(headers: ReadonlyMap<string, string>): ChecksumAlgorithm | undefined {
  const asked = headers.get('x-amz-checksum-algorithm')?.toUpperCase()
  if (asked === undefined) return undefined
  if (!isChecksumAlgorithm(asked)) throw headerNotImplemented('x-amz-checksum-algorithm')
  return asked
}

function directive({ headers }: S3Request, name: string): 'COPY' | 'REPLACE' {
  const value = headers.get(name) ?? 'COPY'
  if (value === 'COPY' || value === 'REPLACE') return value
  throw invalidArgument(`Unknown ${name.replace('x-amz-', '')}.`, name, value)
}
