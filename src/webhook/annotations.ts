/** Reads the annotations' values as AWS's webhook reads them. */
import { tokenExpirationSecondsMin } from './settings.ts'

const int64Max = 2n ** 63n - 1n

/** A lifetime in seconds, raised to the least one; undefined for what is no base-10 64-bit integer: that is ignored. */
export function readExpiration(text: string | undefined): number | undefined {
  if (text === undefined || !/^[+-]?\d+$/.test(text) || text.length > 32) return undefined
  const value = BigInt(text)
  if (value > int64Max || value < -int64Max - 1n) return undefined
  return Math.max(tokenExpirationSecondsMin, Number(value))
}

const truths: Readonly<Record<string, boolean | undefined>> = {
  1: true,
  t: true,
  T: true,
  true: true,
  TRUE: true,
  True: true,
  0: false,
  f: false,
  F: false,
  false: false,
  FALSE: false,
  False: false,
}

/** The words that Go's ParseBool knows; undefined for others. */
export function readBoolean(text: string | undefined): boolean | undefined {
  return text !== undefined && Object.hasOwn(truths, text) ? truths[text] : undefined
}

/**
 * Names of containers: the first line as one CSV record, quotes honoured, blanks around names dropped (AWS's webhook
 * keeps them, so that `a, b` means only `a`). Empty where the record is malformed.
 */
export function readNames(text: string | undefined): ReadonlySet<string> {
  const names = new Set<string>()
  const line = text?.split(/\r?\n/, 1)[0] ?? ''
  const field = /(?:[ \t]*"((?:[^"]|"")*)"[ \t]*|([^",]*))(?:,|$)/y
  while (field.lastIndex < line.length) {
    const match = field.exec(line)
    if (!match) return new Set()
    const name = (match[1]?.replaceAll('""', '"') ?? match[2] ?? '').trim()
    if (name) names.add(name)
  }
  return names
}
