import { bucketOf, existingObjectNeeds } from '../access.ts'
import { deleteCheck } from '../conditions.ts'
import { checkDeletable } from '../object-lock.ts'
import type { S3Operation } from '../operation.ts'
import { versionIdOf } from '../parameters.ts'
import { noSuchBucket } from '../refusals.ts'
import type { Removal, WriteCheck } from '../storage/storage.ts'

const bypassHeader = 'x-amz-bypass-governance-retention'

/** Deletes an object, makes a delete marker, or deletes one version. A key that is not there is no error. */
export const deleteObject: S3Operation = {
  name: 'DeleteObject',
  access(request, call, deps) {
    const bypass = wantsBypass(request.headers) ? ['s3:BypassGovernanceRetention'] : []
    return existingObjectNeeds(request, call, deps, 's3:DeleteObject', ...bypass)
  },
  async handle(request, call, deps) {
    const { bucket, key, headers } = request
    bucketOf(request, deps)
    const versionId = versionIdOf(request)
    const check = removalCheck(headers.get('if-match'), key, versionId, {
      at: call.at,
      bypass: wantsBypass(headers),
    })
    const removal = await deps.storage.remove(bucket, key, versionId, { at: call.at, check })
    if (!removal) throw noSuchBucket(bucket)
    return { status: 204, headers: removalHeaders(removal) }
  },
}

export function wantsBypass(headers: ReadonlyMap<string, string>): boolean {
  return headers.get(bypassHeader)?.toLowerCase() === 'true'
}

/** What a removal checks in its transaction: the ETag asked for, and that a named version is not locked. */
export function removalCheck(
  match: string | undefined,
  key: string,
  versionId: string | undefined,
  { at, bypass }: { at: number; bypass: boolean },
): WriteCheck {
  const matches = deleteCheck(match, key)
  return (current) => {
    matches?.(current)
    if (versionId !== undefined) checkDeletable(current, at, bypass)
  }
}

function removalHeaders({ marker, versionId }: Removal): Record<string, string> {
  return {
    ...(versionId !== undefined && { 'x-amz-version-id': versionId }),
    ...(marker && { 'x-amz-delete-marker': 'true' }),
  }
}
