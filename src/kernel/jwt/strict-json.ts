/** Reads a JSON object that two readers cannot understand differently: no duplicate members, no number beyond exactness. */

/** A JSON object, or why it is refused. */
export type StrictJson =
  | { readonly object: Readonly<Record<string, unknown>> }
  | { readonly problem: string }

/** Deeper nesting is refused. */
const depthMax = 16

/** Made once: that costs more than a token's decoding. Without `stream` it keeps nothing between calls. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Parses UTF-8 bytes holding one JSON object. Never throws. */
export function parseStrictObject(bytes: Uint8Array): StrictJson {
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    return { problem: 'is not UTF-8' }
  }
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

/** Walks the tokens of a text that JSON.parse has accepted. */
function findAmbiguity(text: string): string | undefined {
  // One entry a nesting level: the names seen so far in an object, undefined in an array.
  const levels: (Set<string> | undefined)[] = []
  let nameExpected = false
  const token = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|[{}[\],]/g
  for (let match = token.exec(text); match; match = token.exec(text)) {
    const [found] = match
    const names = levels.at(-1)
    switch (found) {
      case '{':
      case '[':
        if (levels.length === depthMax) return 'is nested too deeply'
        levels.push(found === '{' ? new Set() : undefined)
        nameExpected = found === '{'
        break
      case '}':
      case ']':
        levels.pop()
        nameExpected = false
        break
      case ',':
        nameExpected = names !== undefined
        break
      default:
        if (found[0] !== '"') {
          if (!isExact(found)) return `has a number that is too large: ${found.slice(0, 40)}`
        } else if (names && nameExpected) {
          const name = found.includes('\\') ? (JSON.parse(found) as string) : found.slice(1, -1)
          if (names.has(name)) return `has the member \`${name.slice(0, 64)}\` twice`
          names.add(name)
          nameExpected = false
        }
    }
  }
  return undefined
}

function isExact(number: string): boolean {
  const value = Number(number)
  return Math.abs(value) <= Number.MAX_SAFE_INTEGER
}
