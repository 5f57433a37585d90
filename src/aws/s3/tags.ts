/** Tags of objects and buckets: read from header or body, checked, written. */
import type { XmlElement } from '../protocol/xml-reader.ts'
import { refuse } from './refusals.ts'
import { childrenOf, element, leaf, requiredText, xmlDocument } from './xml.ts'

export type Tags = Readonly<Record<string, string>>

export const maxObjectTags = 10
export const maxBucketTags = 50

/** Reads `k=v&k2=v2` of the header `x-amz-tagging`. Throws InvalidArgument, InvalidTag. */
export function readTagHeader(text: string): Tags {
  const pairs: [string, string][] = []
  for (const pair of text.split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = equals < 0 ? pair : pair.slice(0, equals)
    pairs.push([
      unescapeTag(name, text),
      unescapeTag(equals < 0 ? '' : pair.slice(equals + 1), text),
    ])
  }
  return checked(pairs, maxObjectTags)
}

/** Reads a `Tagging` document. Throws MalformedXML, InvalidTag, BadRequest. */
export function readTagging(root: XmlElement, limit: number): Tags {
  const [set] = childrenOf(root, 'TagSet')
  if (!set) throw refuse.MalformedXML()
  const pairs = childrenOf(set, 'Tag').map((tag): [string, string] => {
    const [value] = childrenOf(tag, 'Value')
    if (!value) throw refuse.MalformedXML()
    return [requiredText(tag, 'Key'), value.text]
  })
  return checked(pairs, limit)
}

export function writeTagging(tags: Tags): string {
  const set = Object.entries(tags).map(([key, value]) =>
    element('Tag', leaf('Key', key) + leaf('Value', value)),
  )
  return xmlDocument('Tagging', element('TagSet', set.join('')))
}

function unescapeTag(text: string, header: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch (cause) {
    if (!(cause instanceof URIError)) throw cause
    throw refuse.InvalidArgument(
      {},
      {
        message:
          "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
        members: { ArgumentName: 'x-amz-tagging', ArgumentValue: header },
      },
    )
  }
}

function checked(pairs: readonly (readonly [string, string])[], limit: number): Tags {
  if (pairs.length > limit) {
    const message =
      limit === maxObjectTags
        ? 'Object tags cannot be greater than 10'
        : `Bucket tag count cannot be greater than ${limit}`
    throw refuse.InvalidTag({}, { code: 'BadRequest', message })
  }
  const tags = new Map<string, string>()
  for (const [key, value] of pairs) {
    const members = { TagKey: key }
    if (key === '' || key.length > 128 || !allowed.test(key))
      throw refuse.InvalidTag({}, { members })
    if (/^aws:/i.test(key)) {
      const message = 'System tags cannot be added/updated by requester'
      throw refuse.InvalidTag({}, { message, members })
    }
    if (value.length > 256 || !allowed.test(value)) {
      const message = 'The TagValue you have provided is invalid'
      throw refuse.InvalidTag({}, { message, members: { TagKey: key, TagValue: value } })
    }
    if (tags.has(key)) {
      const message = 'Cannot provide multiple Tags with the same key'
      throw refuse.InvalidTag({}, { message, members })
    }
    tags.set(key, value)
  }
  return Object.fromEntries(tags)
}

const allowed = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u
