/** What S3 asks of the place where buckets and objects lie. The disk is one; another S3 behind us can be another. */
import type { Readable } from 'node:stream'
import type { ChecksumAlgorithm } from '../checksums/digest.ts'

/** The sub-resources of a bucket that are kept as text: the policy as JSON, all others as XML. */
export type BucketSetting =
  | 'accelerate'
  | 'acl'
  | 'cors'
  | 'encryption'
  | 'lifecycle'
  | 'logging'
  | 'notification'
  | 'object-lock'
  | 'ownershipControls'
  | 'policy'
  | 'publicAccessBlock'
  | 'replication'
  | 'requestPayment'
  | 'tagging'
  | 'website'

export type Versioning = 'unset' | 'Enabled' | 'Suspended'

/** A bucket. Its name is taken in all accounts. Times are ms since the epoch. */
export interface Bucket {
  readonly name: string
  readonly account: string
  readonly region: string
  readonly createdAt: number
  readonly versioning: Versioning
  readonly settings: Readonly<Partial<Record<BucketSetting, string>>>
}

/** The buckets of all accounts. Reads are answered from memory and show every write that resolved before. */
export interface Buckets {
  get(name: string): Bucket | undefined
  /** Of every account, as they are now. */
  all(): readonly Bucket[]
  /** In order of their names. */
  list(account: string): readonly Bucket[]
  create(bucket: Bucket): Promise<'created' | 'exists'>
  delete(name: string): Promise<'deleted' | 'not-empty' | 'missing'>
  /** Changes versioning or a setting; `undefined` takes a setting away. False where the bucket is gone. */
  change(name: string, change: BucketChange): Promise<boolean>
}

export interface BucketChange {
  readonly versioning?: Versioning
  readonly settings?: Readonly<Partial<Record<BucketSetting, string | undefined>>>
}

export interface StoredChecksum {
  readonly algorithm: ChecksumAlgorithm
  /** Base64; of composite ones with `-N`. */
  readonly value: string
  readonly type: 'FULL_OBJECT' | 'COMPOSITE'
}

/** Retention of a version under object lock; `until` in ms since the epoch. */
export interface ObjectLock {
  readonly mode?: 'GOVERNANCE' | 'COMPLIANCE'
  readonly until?: number
  readonly legalHold?: boolean
}

/** What a writer says about an object beside its bytes. */
export interface ObjectFacts {
  /** Content headers to give back, lower-case names: content-type, cache-control, … */
  readonly headers: Readonly<Record<string, string>>
  /** User metadata without its `x-amz-meta-`, lower-case names. */
  readonly metadata: Readonly<Record<string, string>>
  readonly storageClass: string
  readonly tags: Readonly<Record<string, string>>
  readonly lock?: ObjectLock
}

/** One part of an object made by a multipart upload. */
export interface PartFacts {
  readonly number: number
  readonly size: number
  /** Hex MD5. */
  readonly etag: string
  readonly checksum?: string
}

interface VersionFacts {
  readonly key: string
  /** `null` in buckets that never had versioning, and for writes while it is suspended. */
  readonly versionId: string
  readonly isLatest: boolean
  readonly modifiedAt: number
}

/** A version with bytes. */
export interface StoredObject extends VersionFacts, ObjectFacts {
  readonly marker: false
  readonly size: number
  /** Without quotes. */
  readonly etag: string
  readonly checksum?: StoredChecksum
  /** Only of multipart objects, in order. */
  readonly parts?: readonly PartFacts[]
  /** Where the bytes are; means nothing outside the storage that gave it. */
  readonly content: unknown
}

/** A deletion in a bucket with versioning. */
export interface DeleteMarker extends VersionFacts {
  readonly marker: true
}

export type StoredVersion = StoredObject | DeleteMarker

/** An entry of a list: the narrow part of an object. */
export interface ListedVersion extends VersionFacts {
  readonly marker: boolean
  readonly size: number
  readonly etag: string
  readonly storageClass: string
  readonly checksum?: StoredChecksum
}

/** A page of a list: items in the byte order of their keys, prefixes beside them. */
export interface Listed<Item> {
  readonly items: readonly Item[]
  readonly prefixes: readonly string[]
  /** Where the next page begins; absent on the last page. */
  readonly next?: ListPosition
}

/** A place in a list: after all of `key`, or after one version or upload of it, or after all keys that begin so. */
export interface ListPosition {
  readonly key: string
  readonly id?: string
  readonly isPrefix?: boolean
}

export interface ListQuery {
  readonly prefix: string
  /** '' for none. */
  readonly delimiter: string
  readonly after?: ListPosition
  readonly limit: number
}

/** Bytes that have arrived and are durable but belong to no object yet. */
export interface Staged {
  readonly size: number
  readonly md5: Buffer
  readonly sums: ReadonlyMap<ChecksumAlgorithm, Buffer>
  /** Throws the bytes away; nothing happens once they belong to an object. */
  discard(): Promise<void>
}

export interface StagePlan {
  /** Sums to take beside the MD5. */
  readonly algorithms: readonly ChecksumAlgorithm[]
  /** Bytes. */
  readonly limit: number
  readonly tooLarge: () => Error
}

/** What a write demands of the object that is there: checked in the write's own transaction. */
export type WriteCheck = (current: StoredVersion | undefined) => void

export interface WriteOptions {
  /** ms since the epoch. */
  readonly at: number
  /** Throws a Refusal where the write must not happen. */
  readonly check?: WriteCheck
}

/** The bytes and facts of a new version. */
export interface NewObject extends ObjectFacts {
  readonly etag: string
  readonly checksum?: StoredChecksum
}

export interface Removal {
  /** The marker or version that this call made or took away; absent in buckets without versioning. */
  readonly versionId?: string
  /** True where a marker was made or taken away. */
  readonly marker: boolean
}

export interface Upload extends ObjectFacts {
  readonly bucket: string
  readonly key: string
  readonly uploadId: string
  readonly startedAt: number
  readonly checksumAlgorithm?: ChecksumAlgorithm
  readonly checksumType?: StoredChecksum['type']
}

export interface UploadedPart extends PartFacts {
  readonly modifiedAt: number
}

/** Multipart uploads in progress. */
export interface Uploads {
  create(upload: Omit<Upload, 'uploadId'>): Promise<Upload>
  find(bucket: string, key: string, uploadId: string): Promise<Upload | undefined>
  /** Stores or replaces a part. False where the upload is gone. */
  putPart(upload: Upload, part: UploadedPart, content: Staged | StoredObject): Promise<boolean>
  parts(upload: Upload, after: number, limit: number): Promise<readonly UploadedPart[]>
  /** Makes the object of these parts and drops the others. Undefined where the upload or one of the parts has changed meanwhile. */
  complete(
    upload: Upload,
    parts: readonly UploadedPart[],
    object: NewObject,
    options: WriteOptions,
  ): Promise<StoredObject | undefined>
  /** The version that an upload already became, where it did not long ago. */
  completed(bucket: string, key: string, uploadId: string): Promise<StoredObject | undefined>
  abort(bucket: string, key: string, uploadId: string): Promise<boolean>
  list(bucket: string, query: ListQuery): Promise<Listed<Upload>>
}

/** A byte range, both ends inclusive. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

export interface ObjectStorage extends AsyncDisposable {
  readonly buckets: Buckets
  readonly uploads: Uploads
  /** The newest version, or the one named. */
  find(bucket: string, key: string, versionId?: string): Promise<StoredVersion | undefined>
  /** The bytes, whole or a range; undefined where the version has gone since it was found. */
  open(object: StoredObject, range?: ByteRange): Uint8Array | Readable | undefined
  /** Takes in bytes, hashing as they come. Throws what the stream throws, and `tooLarge()` beyond `limit` bytes. */
  stage(source: AsyncIterable<Uint8Array>, plan: StagePlan): Promise<Staged>
  /** Makes a version of staged bytes, or of another object's bytes without copying them. Undefined: no such bucket. */
  put(
    bucket: string,
    key: string,
    content: Staged | StoredObject,
    object: NewObject,
    options: WriteOptions,
  ): Promise<StoredObject | undefined>
  /** Deletes as S3 does: a version when named, else the object or, with versioning, by a marker. */
  remove(
    bucket: string,
    key: string,
    versionId: string | undefined,
    options: WriteOptions,
  ): Promise<Removal | undefined>
  /** Changes tags or lock of a version that is there; false where it is gone. */
  amend(
    bucket: string,
    key: string,
    versionId: string,
    change: { tags?: Readonly<Record<string, string>>; lock?: ObjectLock },
  ): Promise<boolean>
  /** Current objects only. */
  list(bucket: string, query: ListQuery): Promise<Listed<ListedVersion>>
  /** Every version and marker, newest first for each key. */
  listVersions(bucket: string, query: ListQuery): Promise<Listed<ListedVersion>>
}
