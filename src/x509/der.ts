/** Writes DER, the byte form of certificates, and finds one's parts: just what a certificate authority needs. */

/** One element: tag, length, content. */
export function element(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(content)
  const length = body.length
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), body])
  const digits: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256)
  return Buffer.concat([Buffer.of(tag, 0x80 | digits.length, ...digits), body])
}

export const sequence = (...content: readonly Uint8Array[]) => element(0x30, ...content)
export const set = (...content: readonly Uint8Array[]) => element(0x31, ...content)
export const octetString = (content: Uint8Array) => element(0x04, content)
export const utf8String = (text: string) => element(0x0c, Buffer.from(text, 'utf8'))
export const boolean = (value: boolean) => element(0x01, Buffer.of(value ? 0xff : 0))

/** Explicit context tag: `[0] { … }`. */
export const explicit = (tag: number, content: Uint8Array) => element(0xa0 | tag, content)

/** Implicit primitive context tag, as GeneralName's choices have. */
export const implicit = (tag: number, content: Uint8Array) => element(0x80 | tag, content)

/** A non-negative integer from big-endian bytes. */
export function integer(bytes: Uint8Array): Uint8Array {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  const digits = bytes.subarray(start)
  const sign = (digits[0] ?? 0) & 0x80 ? Buffer.of(0) : Buffer.alloc(0)
  return element(0x02, sign, digits)
}

/** `unused`: bits at the end that do not count. */
export const bitString = (content: Uint8Array, unused = 0) =>
  element(0x03, Buffer.of(unused), content)

/** An object identifier from its dotted form. */
export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second]
  for (const arc of rest) {
    const groups = [arc & 0x7f]
    for (let high = Math.floor(arc / 128); high > 0; high = Math.floor(high / 128)) {
      groups.unshift((high % 128) | 0x80)
    }
    bytes.push(...groups)
  }
  return element(0x06, Buffer.from(bytes))
}

/** A moment (ms since the epoch) as certificates hold it: UTCTime until 2049, then GeneralizedTime. */
export function time(at: number): Uint8Array {
  const digits = `${new Date(at).toISOString().slice(0, 19).replaceAll(/\D/g, '')}Z`
  return Number(digits.slice(0, 4)) < 2050
    ? element(0x17, Buffer.from(digits.slice(2)))
    : element(0x18, Buffer.from(digits))
}

/** DER in PEM's clothes. */
export function pem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

/**
 * The children of the constructed element at the start of `der`, each whole (tag and length included). Throws
 * RangeError where the bytes are cut short.
 */
export function children(der: Uint8Array): Uint8Array[] {
  const outer = extent(der, 0)
  const parts: Uint8Array[] = []
  for (let at = outer.content; at < outer.end; ) {
    const { end } = extent(der, at)
    parts.push(der.subarray(at, end))
    at = end
  }
  return parts
}

function extent(der: Uint8Array, at: number): { content: number; end: number } {
  const first = der[at + 1] ?? 0
  const digits = first < 0x80 ? 0 : first & 0x7f
  let length = digits === 0 ? first : 0
  for (let i = 0; i < digits; i++) length = length * 256 + (der[at + 2 + i] ?? 0)
  const content = at + 2 + digits
  if (content + length > der.length) throw new RangeError('DER element is cut short')
  return { content, end: content + length }
}
