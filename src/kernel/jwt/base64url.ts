/** Base64url without padding, read strictly: one text for each sequence of bytes (RFC 7515 §2, RFC 4648 §3.5). */

/** The bytes; undefined for a foreign character, padding, an impossible length, or unused bits that are not zero. */
export function decodeBase64url(text: string): Buffer | undefined {
  if (!/^[\w-]*$/.test(text)) return undefined
  const over = text.length % 4
  if (over === 1 || (over > 0 && !lastCharacters[over]?.includes(text.at(-1) ?? ''))) {
    return undefined
  }
  return Buffer.from(text, 'base64url')
}

/** By how many characters stand after the last whole four: those whose unused bits (four, or two) are zero. */
const lastCharacters: Readonly<Record<number, string>> = {
  2: 'AQgw',
  3: 'AEIMQUYcgkosw048',
}
