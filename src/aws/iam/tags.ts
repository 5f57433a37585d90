/** Tags: at most 50 on one entity; the keys of users and roles are the same whatever their case, those of others are not. */
import type { Tag } from '@aws-sdk/client-iam'
import { refuse } from './errors.ts'
import type { Tags } from './records.ts'

/** Whether keys that differ in case alone are two keys. */
export type KeyCase = 'same' | 'differs'

/** A request's tags as a record's: checked for doubles and reserved keys. */
export function readTags(
  tags: readonly Tag[] | undefined,
  keyCase: KeyCase,
): { readonly tags?: Tags } {
  return tags && tags.length > 0 ? { tags: addTags({}, tags, tags.length, keyCase) } : {}
}

/** Adds tags, those of the same key replaced; refuses more than `limit`. */
export function addTags(old: Tags, tags: readonly Tag[], limit: number, keyCase: KeyCase): Tags {
  const given = new Set<string>()
  const result = new Map(Object.entries(old).map((tag) => [folded(tag[0], keyCase), tag]))
  for (const { Key = '', Value = '' } of tags) {
    const key = folded(Key, keyCase)
    if (given.has(key)) {
      const why = keyCase === 'same' ? ' Please note that Tag keys are case insensitive.' : ''
      throw refuse.InvalidInput({ text: `Duplicate tag keys found.${why}` })
    }
    if (/^aws:/i.test(Key)) {
      throw refuse.InvalidInput({ text: `Tag key ${Key} uses the reserved prefix aws:.` })
    }
    given.add(key)
    result.set(key, [Key, Value])
  }
  if (result.size > limit) {
    throw refuse.LimitExceeded({}, { message: 'The number of tags has reached the maximum limit.' })
  }
  return Object.fromEntries(result.values())
}

export function removeTags(old: Tags, keys: readonly string[], keyCase: KeyCase): Tags {
  const gone = new Set(keys.map((key) => folded(key, keyCase)))
  return Object.fromEntries(Object.entries(old).filter(([key]) => !gone.has(folded(key, keyCase))))
}

/** As answers show them. */
export function showTags(tags: Tags | undefined): Tag[] {
  return Object.entries(tags ?? {}).map(([Key, Value]) => ({ Key, Value }))
}

/** By what lists of tags are ordered: where case counts by length first (as AWS was seen to), else by key. */
export function tagOrder({ Key = '' }: Tag, keyCase: KeyCase): string {
  return keyCase === 'same' ? Key : `${String(Key.length).padStart(3, '0')} ${Key}`
}

function folded(key: string, keyCase: KeyCase): string {
  return keyCase === 'same' ? key.toLowerCase() : key
}
