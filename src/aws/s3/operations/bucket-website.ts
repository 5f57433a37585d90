import {
  aboutBucket,
  deleteSetting,
  getSetting,
  putSetting,
  type SettingKind,
} from '../bucket-setting.ts'
import { refuse } from '../refusals.ts'
import { readXml, writeTree } from '../xml.ts'

/** Kept and given back; pages are not served. */
const kind: SettingKind = {
  setting: 'website',
  actions: {
    get: 'GetBucketWebsite',
    put: 'PutBucketWebsite',
    delete: 'DeleteBucketWebsite',
  },
  absent: (bucket) => refuse.NoSuchWebsiteConfiguration({}, aboutBucket(bucket)),
  read(body) {
    const tree = readXml(body, 'WebsiteConfiguration')
    if (tree.children.length === 0) throw refuse.MalformedXML()
    return writeTree(tree)
  },
}

export const getBucketWebsite = getSetting('GetBucketWebsite', kind)
export const putBucketWebsite = putSetting('PutBucketWebsite', kind)
export const deleteBucketWebsite = deleteSetting('DeleteBucketWebsite', kind)
