/** Base64url without padding, read strictly: one text for each sequence of bytes (RFC 7515 §2, RFC 4648 §3.5). */

/** The bytes; undefined for a foreign character, padding, an impossible length, or unused bits that are not zero. */
export function decodeBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  // The decoder is lenient in all of these; what it read is written in one way only.
  return bytes.toString('base64url') === text ? bytes : undefined
}
