/** Reads a JSON object that two readers cannot understand differently: no duplicate members, no number beyond exactness. */
// biome-ignore lint/style/noRestrictedImports: of its functions only this one, which is pure
import { isUtf8 } from 'node:buffer'

/** A JSON object, or why it is refused. */
export type StrictJson =
  | { readonly object: Readonly<Record<string, unknown>> }
  | { readonly problem: string }

/** Deeper nesting is refused. */
const depthMax = 16

/** Parses UTF-8 bytes holding one JSON object. Never throws. */
export function parseStrictObject(bytes: Uint8Array): StrictJson {
  if (!isUtf8(bytes)) return { problem: 'is not UTF-8' }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { problem: 'is not JSON' }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { problem: 'is not a JSON object' }
  }
  const problem = findAmbiguity(text)
  return problem ? { problem } : { object: value as Record<string, unknown> }
}

const quote = 0x22
const comma = 0x2c
const minus = 0x2d
const zero = 0x30
const nine = 0x39
const openBracket = 0x5b
const backslash = 0x5c
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

/** Walks the characters of a text that JSON.parse has accepted, each once. */
function findAmbiguity(text: string): string | undefined {
  // One entry a nesting level: the names seen so far in an object, undefined in an array.
  const levels: (Set<string> | undefined)[] = []
  let nameExpected = false
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at)
    if (character === quote) {
      const end = stringEnd(text, at + 1)
      if (nameExpected) {
        const names = levels.at(-1)
        const raw = text.slice(at, end + 1)
        const name = raw.includes('\\') ? (JSON.parse(raw) as string) : raw.slice(1, -1)
        if (names?.has(name)) return `has the member \`${name.slice(0, 64)}\` twice`
        names?.add(name)
        nameExpected = false
      }
      at = end
    } else if (character === openBrace || character === openBracket) {
      if (levels.length === depthMax) return 'is nested too deeply'
      nameExpected = character === openBrace
      levels.push(nameExpected ? new Set() : undefined)
    } else if (character === closeBrace || character === closeBracket) {
      levels.pop()
      nameExpected = false
    } else if (character === comma) {
      nameExpected = levels.at(-1) !== undefined
    } else if (character === minus || (character >= zero && character <= nine)) {
      const end = numberEnd(text, at)
      const number = text.slice(at, end)
      if (!isExact(number)) return `has a number that is too large: ${number.slice(0, 40)}`
      at = end - 1
    }
  }
  return undefined
}

/** Where the quote is that ends a string; `from` is after its first. */
function stringEnd(text: string, from: number): number {
  let at = from
  for (let character = text.charCodeAt(at); character !== quote; character = text.charCodeAt(at)) {
    at += character === backslash ? 2 : 1
    if (at > text.length) return text.length
  }
  return at
}

/** After the last character of a number. */
function numberEnd(text: string, from: number): number {
  let at = from + 1
  while (at < text.length && /[\d.eE+-]/.test(text.charAt(at))) at++
  return at
}

function isExact(number: string): boolean {
  const value = Number(number)
  return Math.abs(value) <= Number.MAX_SAFE_INTEGER
}
