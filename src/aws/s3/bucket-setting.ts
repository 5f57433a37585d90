/** The sub-resources of a bucket that are put, given back and deleted as one document. */
import type { Refusal } from '../operation.ts'
import { bucketNeed, bucketOf } from './access.ts'
import type { S3Operation } from './operation.ts'
import { noSuchBucket } from './refusals.ts'
import type { Bucket, BucketSetting } from './storage/storage.ts'

export interface SettingKind {
  readonly setting: BucketSetting
  /** IAM actions without `s3:`; deleting needs the Put action unless said. */
  readonly actions: { readonly get: string; readonly put: string; readonly delete?: string }
  /** What is answered where it was never set. */
  readonly absent: (bucket: Bucket) => string | Refusal
  /** Checks a body and gives the text to keep. Throws MalformedXML and the like. */
  readonly read: (body: Uint8Array, bucket: Bucket) => string
  /** Further headers of the answer to GET. */
  readonly headers?: Readonly<Record<string, string>>
  /** False where the API model asks for no checksum of the body, so that SDKs send none. */
  readonly checksumRequired?: boolean
  /** Status of a successful PUT; default 200. */
  readonly putStatus?: number
}

export function getSetting(name: string, kind: SettingKind): S3Operation {
  return {
    name,
    access: (request, call, deps) => [
      bucketNeed(request, call, bucketOf(request, deps), `s3:${kind.actions.get}`),
    ],
    handle(request, _call, deps) {
      const bucket = bucketOf(request, deps)
      const text = bucket.settings[kind.setting] ?? kind.absent(bucket)
      if (typeof text !== 'string') throw text
      return { body: text, ...(kind.headers && { headers: kind.headers }) }
    },
  }
}

export function putSetting(name: string, kind: SettingKind): S3Operation {
  return {
    name,
    checksumRequired: kind.checksumRequired ?? true,
    access: (request, call, deps) => [
      bucketNeed(request, call, bucketOf(request, deps), `s3:${kind.actions.put}`),
    ],
    async handle(request, _call, deps) {
      const bucket = bucketOf(request, deps)
      const settings = { [kind.setting]: kind.read(request.body, bucket) }
      if (!(await deps.storage.buckets.change(bucket.name, { settings }))) {
        throw noSuchBucket(bucket.name)
      }
      return { status: kind.putStatus ?? 200 }
    },
  }
}

export function deleteSetting(name: string, kind: SettingKind): S3Operation {
  const action = kind.actions.delete ?? kind.actions.put
  return {
    name,
    access: (request, call, deps) => [
      bucketNeed(request, call, bucketOf(request, deps), `s3:${action}`),
    ],
    async handle({ bucket }, _call, { storage }) {
      const settings = { [kind.setting]: undefined }
      if (!(await storage.buckets.change(bucket, { settings }))) throw noSuchBucket(bucket)
      return { status: 204 }
    },
  }
}

/** Members that tell which bucket a 404 is about. */
export function aboutBucket({ name }: Bucket): { members: { BucketName: string } } {
  return { members: { BucketName: name } }
}
