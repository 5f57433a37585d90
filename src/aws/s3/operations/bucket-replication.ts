import {
  aboutBucket,
  deleteSetting,
  getSetting,
  putSetting,
  type SettingKind,
} from '../bucket-setting.ts'
import { refuse } from '../refusals.ts'
import { childrenOf, readXml, requiredText, writeTree } from '../xml.ts'

/** Kept and given back; nothing is replicated. */
const kind: SettingKind = {
  setting: 'replication',
  actions: { get: 'GetReplicationConfiguration', put: 'PutReplicationConfiguration' },
  absent: (bucket) => refuse.ReplicationConfigurationNotFoundError({}, aboutBucket(bucket)),
  read(body, bucket) {
    if (bucket.versioning !== 'Enabled') {
      const message =
        "Versioning must be 'Enabled' on the bucket to apply a replication configuration"
      throw refuse.InvalidRequest({}, { message })
    }
    const tree = readXml(body, 'ReplicationConfiguration')
    requiredText(tree, 'Role')
    if (childrenOf(tree, 'Rule').length === 0) throw refuse.MalformedXML()
    return writeTree(tree)
  },
}

export const getBucketReplication = getSetting('GetBucketReplication', kind)
export const putBucketReplication = putSetting('PutBucketReplication', kind)
export const deleteBucketReplication = deleteSetting('DeleteBucketReplication', kind)
