import { type Call, Refusal } from '../../operation.ts'
import { bucketOf, denied, existingTags, objectNeed, versionContext } from '../access.ts'
import type { S3Deps, S3Operation } from '../operation.ts'
import { noSuchBucket, noSuchVersion, refuse } from '../refusals.ts'
import type { S3Request } from '../request.ts'
import type { Bucket, Removal } from '../storage/storage.ts'
import { isVersionId } from '../storage/version-id.ts'
import { childrenOf, element, leaf, optionalText, readXml, xmlDocument } from '../xml.ts'
import { removalCheck, wantsBypass } from './delete-object.ts'

interface Entry {
  readonly key: string
  readonly versionId: string | undefined
  readonly match: string | undefined
}

const maxEntries = 1000

/** Deletes up to 1,000 keys; each is decided by itself, and a refused one is an entry of the answer. */
export const deleteObjects: S3Operation = {
  name: 'DeleteObjects',
  maxBodyBytes: 8 * 1024 * 1024,
  checksumRequired: true,
  access(request, _call, deps) {
    bucketOf(request, deps)
    return []
  },
  async handle(request, call, deps) {
    const bucket = bucketOf(request, deps)
    const root = readXml(request.body, 'Delete')
    const quiet = optionalText(root, 'Quiet')?.toLowerCase() === 'true'
    const entries = childrenOf(root, 'Object').map((child): Entry => {
      const [key] = childrenOf(child, 'Key')
      if (!key || key.text === '') throw refuse.MalformedXML()
      const versionId = optionalText(child, 'VersionId') || undefined
      return { key: key.text, versionId, match: optionalText(child, 'ETag') }
    })
    if (entries.length === 0 || entries.length > maxEntries) throw refuse.MalformedXML()
    // All at once: their writes share commits.
    const answers = await Promise.all(
      entries.map((entry) => removeEntry(entry, quiet, request, call, deps, bucket)),
    )
    return { body: xmlDocument('DeleteResult', answers.join('')) }
  },
}

async function removeEntry(
  entry: Entry,
  quiet: boolean,
  request: S3Request,
  call: Call,
  deps: S3Deps,
  bucket: Bucket,
): Promise<string> {
  const { key, versionId, match } = entry
  try {
    await authorise(entry, request, call, deps, bucket)
    if (versionId !== undefined && !isVersionId(versionId)) {
      throw noSuchVersion(key, versionId)
    }
    const bypass = wantsBypass(request.headers)
    const check = removalCheck(match, key, versionId, { at: call.at, bypass })
    const removal = await deps.storage.remove(bucket.name, key, versionId, { at: call.at, check })
    if (!removal) throw noSuchBucket(bucket.name)
    return quiet ? '' : writeDeleted(entry, removal)
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause
    const id = leaf('VersionId', versionId)
    const content =
      leaf('Key', key) + id + leaf('Code', cause.code) + leaf('Message', cause.message)
    return element('Error', content)
  }
}

async function authorise(
  { key, versionId }: Entry,
  request: S3Request,
  call: Call,
  { storage }: S3Deps,
  bucket: Bucket,
): Promise<void> {
  const found = await storage.find(bucket.name, key, versionId)
  const context = { ...existingTags(found), ...versionContext(versionId) }
  const actions = [versionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion']
  if (wantsBypass(request.headers)) actions.push('s3:BypassGovernanceRetention')
  for (const action of actions) {
    const need = objectNeed(request, call, bucket, action, context, key)
    const { allowed, message } = call.authorise(need)
    if (allowed) continue
    const { message: text, code, status } = denied(message, need, call.caller)
    throw new Refusal(text, { code, status })
  }
}

function writeDeleted({ key, versionId }: Entry, removal: Removal): string {
  const marker = removal.marker
    ? leaf('DeleteMarker', true) + leaf('DeleteMarkerVersionId', removal.versionId)
    : ''
  return element('Deleted', leaf('Key', key) + leaf('VersionId', versionId) + marker)
}
