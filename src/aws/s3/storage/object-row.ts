/** How a version stands in its row. */
import type { ChecksumAlgorithm } from '../checksums/digest.ts'
import type { BlobRef } from './blobs.ts'
import type { Row, Value } from './database.ts'
import type {
  ListedVersion,
  NewObject,
  ObjectFacts,
  PartFacts,
  StoredChecksum,
  StoredObject,
  StoredVersion,
} from './storage.ts'

/** The columns that lists need. */
const listedNames = [
  'key',
  'seq',
  'version_id',
  'latest',
  'marker',
  'size',
  'etag',
  'modified',
  'storage_class',
  'checksum',
] as const

export const listedColumns = listedNames.join(', ')

/** What `StoredObject.content` holds on disk. */
export interface DiskContent {
  readonly blobs: readonly BlobRef[]
}

/** The blobs of a version, also of one that another storage's type hides. */
export function blobsOf(object: StoredObject): readonly BlobRef[] {
  return (object.content as DiskContent).blobs
}

export function keyText(row: Row): string {
  return utf8(row['key'] as Uint8Array)
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
}

/** The narrow part, out of `listedColumns`. */
export function listedVersion(columns: readonly Value[]): ListedVersion {
  const [key, , id, latest, marker, size, etag, modified, storageClass, checksum] = columns
  const sum = checksum === null ? undefined : readChecksum(checksum)
  return {
    key: utf8(key as Uint8Array),
    versionId: id as string,
    isLatest: latest === 1,
    marker: marker === 1,
    size: size as number,
    etag: etag as string,
    modifiedAt: modified as number,
    storageClass: storageClass as string,
    ...(sum && { checksum: sum }),
  }
}

/** The whole version. */
export function storedVersion(row: Row): StoredVersion {
  const { marker, ...listed } = listedVersion(listedNames.map((name) => row[name] ?? null))
  if (marker) {
    const { key, versionId, isLatest, modifiedAt } = listed
    return { marker: true, key, versionId, isLatest, modifiedAt }
  }
  const parts = row['parts']
  const lock = row['lock']
  return {
    ...listed,
    marker: false,
    ...readFacts(row),
    ...(typeof lock === 'string' && { lock: JSON.parse(lock) }),
    ...(typeof parts === 'string' && { parts: readParts(parts) }),
    content: { blobs: rowBlobs(row) } satisfies DiskContent,
  }
}

/** The blobs that a row refers to. */
export function rowBlobs(row: Row): readonly BlobRef[] {
  if (typeof row['blob'] === 'number') return [{ id: row['blob'], size: Number(row['size']) }]
  return typeof row['blobs'] === 'string' ? readBlobs(row['blobs']) : []
}

export function readBlobs(text: string): readonly BlobRef[] {
  return (JSON.parse(text) as [number, number][]).map(([id, size]) => ({ id, size }))
}

export function writeBlobs(blobs: readonly BlobRef[]): string {
  return JSON.stringify(blobs.map(({ id, size }) => [id, size]))
}

/** The columns from `checksum` on, in their order, for an INSERT. */
export function contentColumns(
  object: NewObject,
  blobs: readonly BlobRef[],
  parts: readonly PartFacts[] | undefined,
): (string | number | null)[] {
  const [only] = blobs
  const single = blobs.length === 1 && only
  return [
    object.checksum ? writeChecksum(object.checksum) : null,
    single ? single.id : null,
    single ? null : writeBlobs(blobs),
    parts ? JSON.stringify(parts.map((p) => [p.number, p.size, p.etag, p.checksum ?? null])) : null,
    ...factColumns(object),
  ]
}

function factColumns({ headers, metadata, tags, lock }: ObjectFacts): (string | null)[] {
  return [
    JSON.stringify([headers, metadata]),
    Object.keys(tags).length > 0 ? JSON.stringify(tags) : null,
    lock ? JSON.stringify(lock) : null,
  ]
}

function readFacts(row: Row): Pick<ObjectFacts, 'headers' | 'metadata' | 'tags'> {
  const [headers, metadata] = JSON.parse(String(row['facts'])) as [
    Record<string, string>,
    Record<string, string>,
  ]
  const tags = row['tags']
  return { headers, metadata, tags: typeof tags === 'string' ? JSON.parse(tags) : {} }
}

function readParts(text: string): PartFacts[] {
  const rows = JSON.parse(text) as [number, number, string, string | null][]
  return rows.map(([number, size, etag, checksum]) => ({
    number,
    size,
    etag,
    ...(checksum !== null && { checksum }),
  }))
}

function writeChecksum({ algorithm, type, value }: StoredChecksum): string {
  return `${algorithm} ${type} ${value}`
}

function readChecksum(text: unknown): StoredChecksum | undefined {
  if (typeof text !== 'string') return undefined
  const [algorithm, type, value = ''] = text.split(' ')
  return {
    algorithm: algorithm as ChecksumAlgorithm,
    type: type as StoredChecksum['type'],
    value,
  }
}
