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
  const problem = findAmbiguity(text, value)
  return problem ? { problem } : { object: value as Record<string, unknown> }
}

const quote = 0x22
const colon = 0x3a
const minus = 0x2d
const zero = 0x30
const nine = 0x39
const numericMarks = [...'.eE+'].map((mark) => mark.charCodeAt(0))
const openBracket = 0x5b
const backslash = 0x5c
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

/** Walks the characters of a text that JSON.parse has accepted, each once. */
function findAmbiguity(text: string, value: unknown): string | undefined {
  let depth = 0
  let names = 0
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at)
    if (character === quote) {
      at = stringEnd(text, at + 1)
    } else if (character === colon) {
      names++
    } else if (character === openBrace || character === openBracket) {
      depth++
      if (depth > depthMax) return 'is nested too deeply'
    } else if (character === closeBrace || character === closeBracket) {
      depth--
    } else if (character === minus || (character >= zero && character <= nine)) {
      const end = numberEnd(text, at)
      if (!isExact(text, at, end)) {
        return `has a number that is too large: ${text.slice(at, Math.min(end, at + 40))}`
      }
      at = end - 1
    }
  }
  // Of a name given twice JSON.parse keeps one member.
  return names === countMembers(value) ? undefined : 'has a member twice'
}

/** Members of all objects in a value, at any depth. */
function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let count = 0
  if (Array.isArray(value)) {
    for (const item of value) count += countMembers(item)
    return count
  }
  for (const name in value) count += 1 + countMembers((value as Record<string, unknown>)[name])
  return count
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
  while (at < text.length && isNumeric(text.charCodeAt(at))) at++
  return at
}

function isNumeric(character: number): boolean {
  if (character >= zero && character <= nine) return true
  return character === minus || numericMarks.includes(character)
}

/** Up to 15 characters without an exponent are never too large. */
function isExact(text: string, from: number, to: number): boolean {
  const number = text.slice(from, to)
  if (number.length <= 15 && !/e/i.test(number)) return true
  return Math.abs(Number(number)) <= Number.MAX_SAFE_INTEGER
}
