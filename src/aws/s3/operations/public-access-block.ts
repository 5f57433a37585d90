import {
  aboutBucket,
  deleteSetting,
  getSetting,
  putSetting,
  type SettingKind,
} from '../bucket-setting.ts'
import { readPublicAccessBlock, writePublicAccessBlock } from '../public-access.ts'
import { refuse } from '../refusals.ts'

const kind: SettingKind = {
  setting: 'publicAccessBlock',
  actions: { get: 'GetBucketPublicAccessBlock', put: 'PutBucketPublicAccessBlock' },
  absent: (bucket) => refuse.NoSuchPublicAccessBlockConfiguration({}, aboutBucket(bucket)),
  read: (body) => writePublicAccessBlock(readPublicAccessBlock(body)),
}

export const getPublicAccessBlock = getSetting('GetPublicAccessBlock', kind)
export const putPublicAccessBlock = putSetting('PutPublicAccessBlock', kind)
export const deletePublicAccessBlock = deleteSetting('DeletePublicAccessBlock', kind)
