/** Base64url without padding, read strictly: one text for each sequence of bytes (RFC 7515 §2, RFC 4648 §3.5). */

/** The bytes; undefined for a foreign character, padding, an impossible length, or unused bits that are not zero. */
export function decodeBase64url(text: string): Buffer | undefined {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) return undefined
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}
