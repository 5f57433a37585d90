import type { XmlElement } from '../../protocol/xml-reader.ts'
import {
  aboutBucket,
  deleteSetting,
  getSetting,
  putSetting,
  type SettingKind,
} from '../bucket-setting.ts'
import { invalidArgument, refuse } from '../refusals.ts'
import { childrenOf, optionalText, readXml, requiredText, writeTree } from '../xml.ts'

const kind: SettingKind = {
  setting: 'lifecycle',
  actions: { get: 'GetLifecycleConfiguration', put: 'PutLifecycleConfiguration' },
  absent: (bucket) => refuse.NoSuchLifecycleConfiguration({}, aboutBucket(bucket)),
  headers: { 'x-amz-transition-default-minimum-object-size': 'all_storage_classes_128K' },
  read(body) {
    const root = readXml(body, 'LifecycleConfiguration')
    const rules = childrenOf(root, 'Rule')
    if (rules.length === 0 || rules.length > 1000) throw refuse.MalformedXML()
    const ids = new Set<string>()
    for (const [index, rule] of rules.entries()) checkRule(rule, index, ids)
    return writeTree(root)
  },
}

const actions = [
  'Expiration',
  'Transition',
  'NoncurrentVersionExpiration',
  'NoncurrentVersionTransition',
  'AbortIncompleteMultipartUpload',
]

/** Checks one rule; a rule without an id gets one, as it is given back. */
function checkRule(rule: XmlElement, index: number, ids: Set<string>): void {
  const status = requiredText(rule, 'Status')
  if (status !== 'Enabled' && status !== 'Disabled') throw refuse.MalformedXML()
  const hasScope = ['Filter', 'Prefix'].some((name) => childrenOf(rule, name).length > 0)
  const hasAction = actions.some((name) => childrenOf(rule, name).length > 0)
  if (!hasScope || !hasAction) throw refuse.MalformedXML()
  const id = optionalText(rule, 'ID') || `rule-${index + 1}`
  if (id.length > 255)
    throw invalidArgument('ID length should not exceed allowed limit of 255', 'ID', id)
  if (ids.has(id))
    throw invalidArgument('Rule ID must be unique. Found same ID for more than one rule', 'ID', id)
  ids.add(id)
  if (!optionalText(rule, 'ID'))
    rule.children.unshift({ name: 'ID', attributes: {}, text: id, children: [] })
  for (const name of [
    'Expiration',
    'NoncurrentVersionExpiration',
    'AbortIncompleteMultipartUpload',
  ]) {
    for (const action of childrenOf(rule, name)) checkDays(action)
  }
}

function checkDays(action: XmlElement): void {
  for (const { name, text } of action.children) {
    if (!/Days(AfterInitiation)?$/.test(name) || /^[1-9]\d{0,8}$/.test(text.trim())) continue
    throw invalidArgument(
      `'${name}' for ${action.name} action must be a positive integer`,
      name,
      text,
    )
  }
}

export const getBucketLifecycleConfiguration = getSetting('GetBucketLifecycleConfiguration', kind)
export const putBucketLifecycleConfiguration = putSetting('PutBucketLifecycleConfiguration', kind)
export const deleteBucketLifecycle = deleteSetting('DeleteBucketLifecycle', kind)
