import { getSetting, putSetting, type SettingKind } from '../bucket-setting.ts'
import { leaf, readXml, writeTree, xmlDocument } from '../xml.ts'

/** Kept and given back; nothing is billed. */
const kind: SettingKind = {
  setting: 'requestPayment',
  actions: { get: 'GetBucketRequestPayment', put: 'PutBucketRequestPayment' },
  absent: () => xmlDocument('RequestPaymentConfiguration', leaf('Payer', 'BucketOwner')),
  read: (body) => writeTree(readXml(body, 'RequestPaymentConfiguration')),
}

export const getBucketRequestPayment = getSetting('GetBucketRequestPayment', kind)
export const putBucketRequestPayment = putSetting('PutBucketRequestPayment', kind)
