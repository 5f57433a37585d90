import { getSetting, putSetting, type SettingKind } from '../bucket-setting.ts'
import { readXml, writeTree, xmlDocument } from '../xml.ts'

/** Kept and given back; there is no accelerated endpoint. */
const kind: SettingKind = {
  setting: 'accelerate',
  actions: { get: 'GetAccelerateConfiguration', put: 'PutAccelerateConfiguration' },
  checksumRequired: false,
  absent: () => xmlDocument('AccelerateConfiguration', ''),
  read: (body) => writeTree(readXml(body, 'AccelerateConfiguration')),
}

export const getBucketAccelerateConfiguration = getSetting('GetBucketAccelerateConfiguration', kind)
export const putBucketAccelerateConfiguration = putSetting('PutBucketAccelerateConfiguration', kind)
