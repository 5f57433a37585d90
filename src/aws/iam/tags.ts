/** Tags: keys are told apart by case-insensitive comparison, at most 50 on one entity. */
import type { Tag } from '@aws-sdk/client-iam'
import { refuse } from './errors.ts'
import type { Tags } from './records.ts'

/** A request's tags as a record's: checked for doubles and reserved keys. */
export function readTags(tags: readonly Tag[] | undefined): { readonly tags?: Tags } {
  return tags && tags.length > 0 ? { tags: addTags({}, tags, tags.length) } : {}
}

/** Adds tags, those of the same key replaced; refuses more than `limit`. */
export function addTags(old: Tags, tags: readonly Tag[], limit: number): Tags {
  const given = new Set<string>()
  const result = new Map(Object.entries(old).map((tag) => [tag[0].toLowerCase(), tag]))
  for (const { Key = '', Value = '' } of tags) {
    const folded = Key.toLowerCase()
    if (given.has(folded)) {
      throw refuse.InvalidInput({
        text: 'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
      })
    }
    if (folded.startsWith('aws:')) {
      throw refuse.InvalidInput({ text: `Tag key ${Key} uses the reserved prefix aws:.` })
    }
    given.add(folded)
    result.set(folded, [Key, Value])
  }
  if (result.size > limit) throw refuse.LimitExceeded({ quota: 'TagsPerResource', limit })
  return Object.fromEntries(result.values())
}

export function removeTags(old: Tags, keys: readonly string[]): Tags {
  const gone = new Set(keys.map((key) => key.toLowerCase()))
  return Object.fromEntries(Object.entries(old).filter(([key]) => !gone.has(key.toLowerCase())))
}

/** As answers show them. */
export function showTags(tags: Tags | undefined): Tag[] {
  return Object.entries(tags ?? {}).map(([Key, Value]) => ({ Key, Value }))
}
