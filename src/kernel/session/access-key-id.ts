/**
 * Access key ids as AWS builds them: four letters of kind, then sixteen of base32, in which the account id is
 * recoverable (bits 1 to 40), so that GetAccessKeyInfo needs no table.
 */

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** How many random bytes `makeAccessKeyId` wants. */
export const accessKeyIdRandomBytes = 5

/** `AKIA…` (long-term) or `ASIA…` (temporary) for a 12-digit account. */
export function makeAccessKeyId(
  kind: 'AKIA' | 'ASIA',
  account: string,
  random: Uint8Array,
): string {
  let noise = 0
  for (const byte of random) noise = noise * 256 + byte
  const number = Number(account)
  // 80 bits in two halves that a number holds exactly: 1, the account's first 39; its last one, then 39 of noise.
  const high = 2 ** 39 + Math.floor(number / 2)
  const low = (number % 2) * 2 ** 39 + (noise % 2 ** 39)
  return kind + base32(high) + base32(low)
}

/** The eight characters of 40 bits. */
function base32(bits: number): string {
  let rest = bits
  let text = ''
  for (let i = 0; i < 8; i++) {
    text = (alphabet[rest % 32] ?? 'A') + text
    rest = Math.floor(rest / 32)
  }
  return text
}

/** Numbers of base32 letters that are whole bytes, as AWS insists on. */
const wholeBytes = new Set([0, 2, 4, 5, 7])

/**
 * The account in a key id, as AWS reads it: of ids of any length, whether they were ever given or not. Undefined where
 * the id has not the form; ids from before accounts were in them lack the first bit.
 */
export function accountOfAccessKeyId(accessKeyId: string): string | undefined {
  const letters = /^A[KS]IA([A-Z2-70]{9,})$/.exec(accessKeyId)?.[1]
  if (letters === undefined || !wholeBytes.has(letters.length % 8)) return undefined
  let bits = 0
  // AWS takes a 0, which is no letter of base32, for A. 45 bits hold the first and the account's 40.
  for (const char of letters.slice(0, 9)) bits = bits * 32 + Math.max(0, alphabet.indexOf(char))
  const account = Math.floor(bits / 16) - 2 ** 40
  return account >= 0 ? String(account).padStart(12, '0') : undefined
}
