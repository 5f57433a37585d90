import { getSetting, putSetting, type SettingKind } from '../bucket-setting.ts'
import { readXml, writeTree, xmlDocument } from '../xml.ts'

/** Kept and given back; no log is written. */
const kind: SettingKind = {
  setting: 'logging',
  actions: { get: 'GetBucketLogging', put: 'PutBucketLogging' },
  absent: () => xmlDocument('BucketLoggingStatus', ''),
  read: (body) => writeTree(readXml(body, 'BucketLoggingStatus')),
}

export const getBucketLogging = getSetting('GetBucketLogging', kind)
export const putBucketLogging = putSetting('PutBucketLogging', kind)
