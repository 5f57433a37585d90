import { getSetting, putSetting, type SettingKind } from '../bucket-setting.ts'
import { readXml, writeTree, xmlDocument } from '../xml.ts'

/** Kept and given back; nobody is told. */
const kind: SettingKind = {
  setting: 'notification',
  actions: { get: 'GetBucketNotification', put: 'PutBucketNotification' },
  checksumRequired: false,
  absent: () => xmlDocument('NotificationConfiguration', ''),
  read: (body) => writeTree(readXml(body, 'NotificationConfiguration')),
}

export const getBucketNotificationConfiguration = getSetting(
  'GetBucketNotificationConfiguration',
  kind,
)
export const putBucketNotificationConfiguration = putSetting(
  'PutBucketNotificationConfiguration',
  kind,
)
