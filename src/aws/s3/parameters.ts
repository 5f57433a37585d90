/** Parameters of the query, read and checked. */
import { invalidArgument } from './refusals.ts'
import type { S3Request } from './request.ts'
import { isVersionId } from './storage/version-id.ts'

/** A whole number of a parameter. Throws InvalidArgument. */
export function wholeNumber(
  text: string | undefined,
  name: string,
  fallback: number,
  max: number,
): number {
  if (text === undefined || text === '') return fallback
  if (!/^\d{1,10}$/.test(text) || Number(text) > 2_147_483_647) {
    const message = `Provided ${name} not an integer or within integer range`
    throw invalidArgument(message, name, text)
  }
  return Math.min(Number(text), max)
}

/** The parameter `versionId`. Throws InvalidArgument where it can be no version's. */
export function versionIdOf({ query }: S3Request): string | undefined {
  const versionId = query.get('versionId')
  if (versionId === undefined) return undefined
  if (versionId === '') {
    const message = 'Version id cannot be the empty string'
    throw invalidArgument(message, 'versionId', versionId)
  }
  if (isVersionId(versionId)) return versionId
  throw invalidArgument('Invalid version id specified', 'versionId', versionId)
}

/** `encoding-type`: true for `url`. Throws InvalidArgument for anything else. */
export function wantsUrlEncoding({ query }: S3Request): boolean {
  const type = query.get('encoding-type')
  if (type === undefined || type === '') return false
  if (type === 'url') return true
  const message = 'Invalid Encoding Method specified in Request'
  throw invalidArgument(message, 'encoding-type', type)
}

/** Percent-encoding as S3 uses it in lists: slashes stay, blanks are `+`. */
export function urlEncode(text: string): string {
  if (/^[\w\-.~*/]*$/.test(text)) return text
  return encodeURIComponent(text)
    .replace(/[!'()]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%2F', '/')
    .replaceAll('%20', '+')
}
