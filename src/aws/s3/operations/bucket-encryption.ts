import { deleteSetting, getSetting, putSetting, type SettingKind } from '../bucket-setting.ts'
import { refuse } from '../refusals.ts'
import { childrenOf, element, leaf, readXml, requiredText, writeTree, xmlDocument } from '../xml.ts'

const root = 'ServerSideEncryptionConfiguration'

/** Since January 2023 every bucket encrypts, whether or not it was ever told to. */
const byDefault = xmlDocument(
  root,
  element(
    'Rule',
    element('ApplyServerSideEncryptionByDefault', leaf('SSEAlgorithm', 'AES256')) +
      leaf('BucketKeyEnabled', false),
  ),
)

const kind: SettingKind = {
  setting: 'encryption',
  actions: { get: 'GetEncryptionConfiguration', put: 'PutEncryptionConfiguration' },
  absent: () => byDefault,
  read(body) {
    const tree = readXml(body, root)
    const [rule, ...more] = childrenOf(tree, 'Rule')
    if (!rule || more.length > 0) throw refuse.MalformedXML()
    for (const choice of childrenOf(rule, 'ApplyServerSideEncryptionByDefault')) {
      const algorithm = requiredText(choice, 'SSEAlgorithm')
      if (!['AES256', 'aws:kms', 'aws:kms:dsse'].includes(algorithm)) throw refuse.MalformedXML()
    }
    return writeTree(tree)
  },
}

export const getBucketEncryption = getSetting('GetBucketEncryption', kind)
export const putBucketEncryption = putSetting('PutBucketEncryption', kind)
export const deleteBucketEncryption = deleteSetting('DeleteBucketEncryption', kind)
