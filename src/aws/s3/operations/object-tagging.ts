import { bucketOf, existingObjectNeeds, requestTags } from '../access.ts'
import { versionHeader } from '../object-headers.ts'
import type { S3Operation } from '../operation.ts'
import { requireObject } from '../read-object.ts'
import { noSuchKey } from '../refusals.ts'
import { maxObjectTags, readTagging, writeTagging } from '../tags.ts'
import { readXml } from '../xml.ts'

/** The tags of an object; an empty set where it has none. */
export const getObjectTagging: S3Operation = {
  name: 'GetObjectTagging',
  access: (request, call, deps) => existingObjectNeeds(request, call, deps, 's3:GetObjectTagging'),
  async handle(request, call, deps) {
    const object = await requireObject(request, call, deps)
    return {
      headers: versionHeader(object, bucketOf(request, deps)),
      body: writeTagging(object.tags),
    }
  },
}

export const putObjectTagging: S3Operation = {
  name: 'PutObjectTagging',
  checksumRequired: true,
  async access(request, call, deps) {
    const needs = await existingObjectNeeds(request, call, deps, 's3:PutObjectTagging')
    const tags = readTagging(readXml(request.body, 'Tagging'), maxObjectTags)
    return needs.map((need) => ({ ...need, context: { ...need.context, ...requestTags(tags) } }))
  },
  async handle(request, call, deps) {
    const object = await requireObject(request, call, deps)
    const tags = readTagging(readXml(request.body, 'Tagging'), maxObjectTags)
    const { bucket, key } = request
    if (!(await deps.storage.amend(bucket, key, object.versionId, { tags }))) throw noSuchKey(key)
    return { headers: versionHeader(object, bucketOf(request, deps)) }
  },
}

export const deleteObjectTagging: S3Operation = {
  name: 'DeleteObjectTagging',
  access: (request, call, deps) =>
    existingObjectNeeds(request, call, deps, 's3:DeleteObjectTagging'),
  async handle(request, call, deps) {
    const object = await requireObject(request, call, deps)
    const { bucket, key } = request
    const gone = !(await deps.storage.amend(bucket, key, object.versionId, { tags: {} }))
    if (gone) throw noSuchKey(key)
    return { status: 204, headers: versionHeader(object, bucketOf(request, deps)) }
  },
}
