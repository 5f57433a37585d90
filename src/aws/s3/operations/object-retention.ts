import { bucketOf, objectNeed, versionContext } from '../access.ts'
import { checkRetention, checkRetentionChange, requireObjectLock } from '../object-lock.ts'
import type { S3Operation } from '../operation.ts'
import { requireObject } from '../read-object.ts'
import { noSuchKey, refuse } from '../refusals.ts'
import type { ObjectLock } from '../storage/storage.ts'
import { leaf, optionalText, readXml, xmlDocument } from '../xml.ts'
import { wantsBypass } from './delete-object.ts'

/** Until when a version is kept, and how strictly. */
export const getObjectRetention: S3Operation = {
  name: 'GetObjectRetention',
  access: (request, call, deps) => [
    objectNeed(
      request,
      call,
      bucketOf(request, deps),
      's3:GetObjectRetention',
      versionContext(request.query.get('versionId')),
    ),
  ],
  async handle(request, call, deps) {
    requireObjectLock(bucketOf(request, deps))
    const { lock } = await requireObject(request, call, deps)
    if (!lock?.mode || lock.until === undefined) throw refuse.NoSuchObjectLockConfiguration()
    const until = leaf('RetainUntilDate', new Date(lock.until).toISOString())
    return { body: xmlDocument('Retention', leaf('Mode', lock.mode) + until) }
  },
}

export const putObjectRetention: S3Operation = {
  name: 'PutObjectRetention',
  checksumRequired: true,
  access(request, call, deps) {
    const actions = ['s3:PutObjectRetention']
    if (wantsBypass(request.headers)) actions.push('s3:BypassGovernanceRetention')
    const context = versionContext(request.query.get('versionId'))
    const bucket = bucketOf(request, deps)
    return actions.map((action) => objectNeed(request, call, bucket, action, context))
  },
  async handle(request, call, deps) {
    const { bucket, key, headers } = request
    requireObjectLock(bucketOf(request, deps))
    const object = await requireObject(request, call, deps)
    const root = readXml(request.body, 'Retention')
    const mode = optionalText(root, 'Mode')
    const until = optionalText(root, 'RetainUntilDate')
    if ((mode === undefined) !== (until === undefined)) throw refuse.MalformedXML()
    if (mode !== undefined && mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') {
      throw refuse.MalformedXML()
    }
    const wanted: ObjectLock =
      mode === undefined || until === undefined ? {} : checkRetention(mode, until, call.at)
    checkRetentionChange(object.lock, wanted, call.at, wantsBypass(headers))
    const hold = object.lock?.legalHold
    const lock = { ...wanted, ...(hold !== undefined && { legalHold: hold }) }
    if (!(await deps.storage.amend(bucket, key, object.versionId, { lock }))) throw noSuchKey(key)
    return {}
  },
}
