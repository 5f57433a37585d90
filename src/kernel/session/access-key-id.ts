/**
 * Access key ids as AWS builds them: four letters of kind, then sixteen of base32, in which the account id is
 * recoverable (bits 1 to 40), so that GetAccessKeyInfo needs no table.
 */

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const randomBits = 39n

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

/** The 12-digit account in a key id; undefined where the id has not the form. */
export function accountOfAccessKeyId(accessKeyId: string): string | undefined {
  const match = /^A[KS]IA([A-Z2-7]{16})$/.exec(accessKeyId)
  if (!match?.[1]) return undefined
  let bits = 0n
  for (const char of match[1]) bits = (bits << 5n) | BigInt(alphabet.indexOf(char))
  const account = (bits >> randomBits) & ((1n << 40n) - 1n)
  return account < 1_000_000_000_000n ? account.toString().padStart(12, '0') : undefined
}
