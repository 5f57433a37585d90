/** Tags as RDS takes and shows them. */
import { refuse } from './errors.ts'
import type { Tags } from './records.ts'

export type TagList = readonly { readonly Key?: string; readonly Value?: string }[]

const tagsMax = 50
const keyCharsMax = 128
const valueCharsMax = 256

/** Adds tags to those there are; later ones of the same key win. */
export function addTags(old: Tags, added: TagList | undefined): Tags {
  const tags: Record<string, string> = { ...old }
  for (const { Key = '', Value = '' } of added ?? []) {
    if (Key === '' || Key.length > keyCharsMax || Value.length > valueCharsMax) {
      throw refuse.InvalidParameterValue({
        text: `Tag keys have 1 to ${keyCharsMax} characters, values at most ${valueCharsMax}.`,
      })
    }
    if (/^(aws|rds):/i.test(Key)) {
      throw refuse.InvalidParameterValue({ text: `Tag key ${Key} uses a reserved prefix.` })
    }
    tags[Key] = Value
  }
  if (Object.keys(tags).length > tagsMax) {
    throw refuse.InvalidParameterValue({ text: `A resource can have at most ${tagsMax} tags.` })
  }
  return tags
}

export function showTags(tags: Tags): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
}
