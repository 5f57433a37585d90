import {
  aboutBucket,
  deleteSetting,
  getSetting,
  putSetting,
  type SettingKind,
} from '../bucket-setting.ts'
import { readCors } from '../cors.ts'
import { refuse } from '../refusals.ts'
import { readXml, writeTree } from '../xml.ts'

const kind: SettingKind = {
  setting: 'cors',
  actions: { get: 'GetBucketCORS', put: 'PutBucketCORS' },
  absent: (bucket) => refuse.NoSuchCORSConfiguration({}, aboutBucket(bucket)),
  read(body) {
    readCors(body)
    return writeTree(readXml(body, 'CORSConfiguration'))
  },
}

export const getBucketCors = getSetting('GetBucketCors', kind)
export const putBucketCors = putSetting('PutBucketCors', kind)
export const deleteBucketCors = deleteSetting('DeleteBucketCors', kind)
