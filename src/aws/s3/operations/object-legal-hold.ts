import { bucketOf, objectNeed, versionContext } from '../access.ts'
import { requireObjectLock } from '../object-lock.ts'
import type { S3Operation } from '../operation.ts'
import { requireObject } from '../read-object.ts'
import { noSuchKey, refuse } from '../refusals.ts'
import { leaf, readXml, requiredText, xmlDocument } from '../xml.ts'

/** Whether a version is held until somebody lets it go. */
export const getObjectLegalHold: S3Operation = {
  name: 'GetObjectLegalHold',
  access: (request, call, deps) => [
    objectNeed(
      request,
      call,
      bucketOf(request, deps),
      's3:GetObjectLegalHold',
      versionContext(request.query.get('versionId')),
    ),
  ],
  async handle(request, call, deps) {
    requireObjectLock(bucketOf(request, deps))
    const { lock } = await requireObject(request, call, deps)
    if (lock?.legalHold === undefined) throw refuse.NoSuchObjectLockConfiguration()
    return { body: xmlDocument('LegalHold', leaf('Status', lock.legalHold ? 'ON' : 'OFF')) }
  },
}

export const putObjectLegalHold: S3Operation = {
  name: 'PutObjectLegalHold',
  checksumRequired: true,
  access: (request, call, deps) => [
    objectNeed(
      request,
      call,
      bucketOf(request, deps),
      's3:PutObjectLegalHold',
      versionContext(request.query.get('versionId')),
    ),
  ],
  async handle(request, call, deps) {
    const { bucket, key } = request
    requireObjectLock(bucketOf(request, deps))
    const object = await requireObject(request, call, deps)
    const status = requiredText(readXml(request.body, 'LegalHold'), 'Status')
    if (status !== 'ON' && status !== 'OFF') throw refuse.MalformedXML()
    const lock = { ...object.lock, legalHold: status === 'ON' }
    if (!(await deps.storage.amend(bucket, key, object.versionId, { lock }))) throw noSuchKey(key)
    return {}
  },
}
