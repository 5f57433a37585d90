import {
  aboutBucket,
  deleteSetting,
  getSetting,
  putSetting,
  type SettingKind,
} from '../bucket-setting.ts'
import { readOwnership, writeOwnership } from '../ownership.ts'
import { refuse } from '../refusals.ts'

const kind: SettingKind = {
  setting: 'ownershipControls',
  actions: { get: 'GetBucketOwnershipControls', put: 'PutBucketOwnershipControls' },
  absent: (bucket) => refuse.OwnershipControlsNotFoundError({}, aboutBucket(bucket)),
  read: (body) => writeOwnership(readOwnership(body)),
}

export const getBucketOwnershipControls = getSetting('GetBucketOwnershipControls', kind)
export const putBucketOwnershipControls = putSetting('PutBucketOwnershipControls', kind)
export const deleteBucketOwnershipControls = deleteSetting('DeleteBucketOwnershipControls', kind)
