/** Form fields (`application/x-www-form-urlencoded`), as the Query protocol has them in bodies and query strings. */
import { Refusal } from '../../kernel/refusal.ts'

/** Fields by name; of a name given twice the first value counts. `URLSearchParams` is one too. */
export interface Form extends Iterable<[name: string, value: string]> {
  get(name: string): string | null | undefined
}

/** Fields of one request: more is no honest request (the largest lists have 1,000 items). */
const fieldsMax = 8_192

/** Reads a form as `URLSearchParams` does (WHATWG URL §5.1), in a fraction of its time; refuses too many fields. */
export function parseForm(text: string): Form {
  const form = new Map<string, string>()
  const pairs = text.split('&', fieldsMax + 1)
  if (pairs.length > fieldsMax) {
    throw new Refusal(`The request is malformed: more than ${fieldsMax} parameters.`, {
      code: 'MalformedInput',
      status: 400,
    })
  }
  for (const pair of pairs) {
    if (pair === '') continue
    const mark = pair.indexOf('=')
    const name = decode(mark < 0 ? pair : pair.slice(0, mark))
    if (!form.has(name)) form.set(name, mark < 0 ? '' : decode(pair.slice(mark + 1)))
  }
  return form
}

function decode(text: string): string {
  const plain = text.includes('+') ? text.replaceAll('+', ' ') : text
  if (!plain.includes('%')) return plain
  try {
    return decodeURIComponent(plain)
  } catch {
    // Not every `%` begins a byte, or the bytes are no UTF-8: these are read leniently.
    return new URLSearchParams(`value=${text}`).get('value') ?? ''
  }
}
