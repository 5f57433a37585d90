/** How IAM words what is wrong with a request's fields: as AWS's IAM was seen to (public recordings of February 2026). */
import type { Wording } from '../protocol/constraints.ts'

const names = '[\\w+=,.@-]+'

export const wording: Wording = {
  hidesValues: true,
  order: (a, b) => bucket(a) - bucket(b),
  form(at, pattern) {
    if (/path$/i.test(at)) {
      return `The specified value for ${at} is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.`
    }
    if (at === 'pathPrefix') {
      return `The specified value for ${at} is invalid. It must begin with the / character and contain only alphanumeric characters and/or / characters.`
    }
    if (pattern !== names || !/name$/i.test(at)) return undefined
    return `The specified value for ${at} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-`
  },
}

/** Where Java's HashMap of 16 buckets keeps a key: the order in which IAM tells several problems. */
function bucket(key: string): number {
  let hash = 0
  for (let at = 0; at < key.length; at += 1) hash = (31 * hash + key.charCodeAt(at)) | 0
  return (hash ^ (hash >>> 16)) & 15
}
