import { aboutBucket, getSetting, putSetting, type SettingKind } from '../bucket-setting.ts'
import { readLockConfiguration, writeLockConfiguration } from '../object-lock.ts'
import { refuse } from '../refusals.ts'

const kind: SettingKind = {
  setting: 'object-lock',
  actions: {
    get: 'GetBucketObjectLockConfiguration',
    put: 'PutBucketObjectLockConfiguration',
  },
  absent: (bucket) => refuse.ObjectLockConfigurationNotFoundError({}, aboutBucket(bucket)),
  read(body, bucket) {
    if (bucket.versioning !== 'Enabled') {
      const message =
        "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
      throw refuse.InvalidBucketState({}, { message })
    }
    return writeLockConfiguration(readLockConfiguration(body))
  },
}

export const getObjectLockConfiguration = getSetting('GetObjectLockConfiguration', kind)
export const putObjectLockConfiguration = putSetting('PutObjectLockConfiguration', kind)
