/** Scalars as text: what stands in a form field, a header, a query string or an XML element. */
import { isoMillis, isoSeconds } from '../../kernel/iso-time.ts'
import type { Refusal } from '../../kernel/refusal.ts'
import type { ScalarShape, TimestampFormat } from './model.ts'

/** Members of a structure as handlers see them; dates are `Date`, blobs `Uint8Array`. */
export type Values = Record<string, unknown>

/** Why a value of the wire could not be read. */
export type Malformation =
  | 'number'
  | 'boolean'
  | 'timestamp'
  | 'blob'
  | 'string'
  | 'list'
  | 'map'
  | 'structure'

/** Makes the protocol's refusal for a value that is not what the model says. `name` is the wire's. */
export type Malformed = (wanted: Malformation, name: string, given: string) => Refusal

/** Reads a scalar; throws what `malformed` makes where the text is none. `fallback` is the place's timestamp format. */
export function readScalar(
  shape: ScalarShape,
  text: string,
  name: string,
  malformed: Malformed,
): unknown {
  switch (shape.kind) {
    case 'number':
      if (!/^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text)) throw malformed('number', name, text)
      return Number(text)
    case 'boolean': {
      const word = text.toLowerCase()
      if (word !== 'true' && word !== 'false') throw malformed('boolean', name, text)
      return word === 'true'
    }
    case 'timestamp': {
      const at = readTimestamp(text)
      if (at === undefined) throw malformed('timestamp', name, text)
      return new Date(at)
    }
    case 'blob':
      if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text)) throw malformed('blob', name, text)
      return new Uint8Array(Buffer.from(text, 'base64'))
    default:
      return text
  }
}

/** Milliseconds since the epoch of an ISO date, an HTTP date or epoch seconds; undefined where it is none of them. */
export function readTimestamp(text: string): number | undefined {
  const at = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text)
  return Number.isFinite(at) && Math.abs(at) <= 8.64e15 ? Math.round(at) : undefined
}

/** A scalar as text. `format` is used where the shape names none; `milliseconds` adds `.000` to ISO dates. */
export function writeScalar(
  shape: ScalarShape,
  value: unknown,
  format: TimestampFormat,
  milliseconds = false,
): string {
  if (shape.kind === 'timestamp') {
    return writeTimestamp(value as Date, shape.format ?? format, milliseconds)
  }
  if (shape.kind === 'blob') return Buffer.from(value as Uint8Array).toString('base64')
  return String(value)
}

function writeTimestamp(at: Date, format: TimestampFormat, milliseconds: boolean): string {
  if (format === 'http-date') return at.toUTCString()
  if (format === 'epoch-seconds') return String(at.getTime() / 1000)
  const ms = at.getTime()
  return milliseconds || ms % 1000 !== 0 ? isoMillis(ms) : isoSeconds(ms)
}
