/** IP addresses and ranges of conditions: v4 and v6 in any spelling, with or without a mask. */

/** An address as 32-bit words: four of IPv6; IPv4 is held as the v4-mapped `::ffff:a.b.c.d`. */
export type IpWords = readonly [number, number, number, number]

export interface IpRange {
  readonly words: IpWords
  /** Of 128. */
  readonly bits: number
}

/** Undefined where the text is no address. `::ffff:10.0.0.1` is 10.0.0.1. */
export function parseIp(text: string): IpWords | undefined {
  if (!text.includes(':')) {
    const word = parseV4(text)
    return word === undefined ? undefined : [0, 0, 0xffff, word]
  }
  return parseV6(text)
}

/** An address, or address and prefix length. */
export function parseRange(text: string): IpRange | undefined {
  const slash = text.indexOf('/')
  const address = slash < 0 ? text : text.slice(0, slash)
  const words = parseIp(address)
  if (!words) return undefined
  if (slash < 0) return { words, bits: 128 }
  const mask = text.slice(slash + 1)
  if (!/^\d{1,3}$/.test(mask)) return undefined
  const v4 = !address.includes(':')
  const bits = Number(mask) + (v4 ? 96 : 0)
  return bits <= 128 ? { words, bits } : undefined
}

export function inRange(words: IpWords, range: IpRange): boolean {
  // `::/0` is all of IPv6; an IPv4 address is in an IPv6 range only where that names the mapped block.
  if (range.bits < 96 && isV4(words)) return false
  let bits = range.bits
  for (let i = 0; i < 4 && bits > 0; i++, bits -= 32) {
    const mask = bits >= 32 ? 0xffffffff : ~(0xffffffff >>> bits)
    if ((((words[i] ?? 0) ^ (range.words[i] ?? 0)) & mask) !== 0) return false
  }
  return true
}

function isV4(words: IpWords): boolean {
  return words[0] === 0 && words[1] === 0 && words[2] === 0xffff
}

/** Four decimal bytes without leading zeros, by hand: it runs for every request that an IpAddress condition meets. */
function parseV4(text: string): number | undefined {
  if (text.length > 15) return undefined
  let word = 0
  let byte = -1
  let dots = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 46) {
      if (byte < 0 || ++dots > 3) return undefined
      word = word * 256 + byte
      byte = -1
    } else if (code >= 48 && code <= 57) {
      if (byte === 0) return undefined
      byte = (byte < 0 ? 0 : byte * 10) + code - 48
      if (byte > 255) return undefined
    } else return undefined
  }
  return dots === 3 && byte >= 0 ? word * 256 + byte : undefined
}

function parseV6(text: string): IpWords | undefined {
  let groups = text
  let tail: number | undefined
  if (groups.includes('.')) {
    const colon = groups.lastIndexOf(':')
    tail = parseV4(groups.slice(colon + 1))
    if (tail === undefined) return undefined
    groups = `${groups.slice(0, colon + 1)}${(tail >>> 16).toString(16)}:${(tail & 0xffff).toString(16)}`
  }
  const halves = groups.split('::', 3)
  if (halves.length > 2) return undefined
  const head = groupList(halves[0] ?? '')
  const rest = halves.length === 2 ? groupList(halves[1] ?? '') : []
  if (!head || !rest) return undefined
  const zeros = 8 - head.length - rest.length
  if (halves.length === 2 ? zeros < 1 : zeros !== 0) return undefined
  const all = [...head, ...new Array<number>(zeros).fill(0), ...rest]
  const word = (i: number) => (((all[i] ?? 0) << 16) | (all[i + 1] ?? 0)) >>> 0
  return [word(0), word(2), word(4), word(6)]
}

function groupList(text: string): number[] | undefined {
  if (text === '') return []
  const parts = text.split(':', 9)
  if (!parts.every((part) => /^[0-9a-fA-F]{1,4}$/.test(part))) return undefined
  return parts.map((part) => Number.parseInt(part, 16))
}
