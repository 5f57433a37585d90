import {
  aboutBucket,
  deleteSetting,
  getSetting,
  putSetting,
  type SettingKind,
} from '../bucket-setting.ts'
import { refuse } from '../refusals.ts'
import { maxBucketTags, readTagging, writeTagging } from '../tags.ts'
import { readXml } from '../xml.ts'

const kind: SettingKind = {
  setting: 'tagging',
  actions: { get: 'GetBucketTagging', put: 'PutBucketTagging' },
  absent: (bucket) => refuse.NoSuchTagSet({}, aboutBucket(bucket)),
  read: (body) => writeTagging(readTagging(readXml(body, 'Tagging'), maxBucketTags)),
  putStatus: 204,
}

export const getBucketTagging = getSetting('GetBucketTagging', kind)
export const putBucketTagging = putSetting('PutBucketTagging', kind)
export const deleteBucketTagging = deleteSetting('DeleteBucketTagging', kind)
