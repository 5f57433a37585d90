/** JSON read with the place of every value: policies are explained and refused by their character spans. */

export interface Span {
  readonly start: number
  readonly end: number
}

/** A member of an object; its span runs from the key's quote to the value's end. */
export class JsonMember implements Span {
  readonly key: string
  readonly start: number
  readonly keyEnd: number
  readonly value: JsonNode

  constructor(key: JsonScalar, value: JsonNode) {
    this.key = key.text
    this.start = key.start
    this.keyEnd = key.end
    this.value = value
  }

  get end(): number {
    return this.value.end
  }

  get keySpan(): Span {
    return { start: this.start, end: this.keyEnd }
  }
}

export interface JsonObject extends Span {
  readonly kind: 'object'
  readonly members: readonly JsonMember[]
}

export interface JsonArray extends Span {
  readonly kind: 'array'
  readonly items: readonly JsonNode[]
}

/** A string, or a number, boolean or null: `text` is the string's value or the literal as written. */
export interface JsonScalar extends Span {
  readonly kind: 'string' | 'number' | 'boolean' | 'null'
  readonly text: string
}

export type JsonNode = JsonObject | JsonArray | JsonScalar

export interface JsonProblem {
  readonly reason: 'syntax' | 'duplicate-key' | 'too-deep' | 'too-long'
  /** What was found, for people: `unexpected "x"`. */
  readonly detail: string
  readonly span: Span
}

export type JsonResult =
  | { readonly node: JsonNode; readonly problem?: undefined }
  | { readonly node?: undefined; readonly problem: JsonProblem }

export interface JsonLimits {
  readonly depthMax: number
  /** UTF-16 code units. */
  readonly lengthMax: number
}

/** A policy nests seven deep; AWS's largest document is far below a mebibyte. */
export const policyJsonLimits: JsonLimits = { depthMax: 32, lengthMax: 1 << 20 }

/** Reads a whole JSON text. Never throws: what is wrong comes back as a problem with its place. */
export function parseJson(text: string, limits: JsonLimits = policyJsonLimits): JsonResult {
  if (text.length > limits.lengthMax) {
    const detail = `longer than ${limits.lengthMax} characters`
    return { problem: { reason: 'too-long', detail, span: { start: 0, end: text.length } } }
  }
  const reader = new Reader(text, limits.depthMax)
  const node = reader.document()
  return node === undefined || reader.problem !== undefined
    ? { problem: reader.problem ?? reader.syntax(0) }
    : { node }
}

/** Reads the one value that starts at `start` of a text which `parseJson` has already taken. */
export function parseJsonAt(text: string, start: number): JsonNode | undefined {
  return new Reader(text, policyJsonLimits.depthMax, start).value(0)
}

const [TAB, LF, CR, SPACE, QUOTE, COMMA] = [9, 10, 13, 32, 34, 44] as const
const [COLON, OPEN_LIST, BACKSLASH, CLOSE_LIST, OPEN, CLOSE] = [58, 91, 92, 93, 123, 125] as const
const numberForm = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const escapes = new Map([...'"\\/bfnrt'].map((name, i) => [name, '"\\/\b\f\n\r\t'.charAt(i)]))

class Reader {
  problem: JsonProblem | undefined
  readonly #text: string
  readonly #depthMax: number
  #at: number

  constructor(text: string, depthMax: number, at = 0) {
    this.#text = text
    this.#depthMax = depthMax
    this.#at = at
  }

  document(): JsonNode | undefined {
    this.#space()
    const node = this.value(0)
    this.#space()
    if (node && this.#at < this.#text.length) this.syntax(this.#at)
    return node
  }

  syntax(at: number): JsonProblem {
    const found = this.#text.slice(at, at + 12)
    const detail = found ? `unexpected ${JSON.stringify(found)}` : 'the text ends too early'
    return this.#fail('syntax', detail, at, Math.min(at + 1, this.#text.length))
  }

  value(depth: number): JsonNode | undefined {
    if (depth > this.#depthMax) {
      this.#fail('too-deep', `nested more than ${this.#depthMax} deep`, this.#at, this.#at + 1)
      return undefined
    }
    const code = this.#text.charCodeAt(this.#at)
    if (code === QUOTE) return this.#string()
    if (code === OPEN) return this.#object(depth)
    if (code === OPEN_LIST) return this.#array(depth)
    return this.#literal()
  }

  #fail(reason: JsonProblem['reason'], detail: string, start: number, end: number): JsonProblem {
    this.problem ??= { reason, detail, span: { start, end } }
    return this.problem
  }

  #space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== SPACE && code !== LF && code !== CR && code !== TAB) return
      this.#at++
    }
  }

  #take(code: number): boolean {
    this.#space()
    if (this.#text.charCodeAt(this.#at) !== code) return false
    this.#at++
    return true
  }

  #object(depth: number): JsonObject | undefined {
    const start = this.#at++
    const members: JsonMember[] = []
    let seen: Set<string> | undefined
    if (this.#take(CLOSE)) return { kind: 'object', start, end: this.#at, members }
    for (;;) {
      this.#space()
      const name = this.#text.charCodeAt(this.#at) === QUOTE ? this.#string() : undefined
      if (!name || !this.#take(COLON)) {
        this.syntax(this.#at)
        return undefined
      }
      // Most objects are small: only large ones are worth a set.
      if (members.length === 16) seen = new Set(members.map(({ key }) => key))
      if (seen ? seen.has(name.text) : members.some(({ key }) => key === name.text)) {
        this.#fail('duplicate-key', `${JSON.stringify(name.text)} twice`, name.start, name.end)
        return undefined
      }
      seen?.add(name.text)
      this.#space()
      const value = this.value(depth + 1)
      if (!value) return undefined
      members.push(new JsonMember(name, value))
      if (this.#take(COMMA)) continue
      if (this.#take(CLOSE)) return { kind: 'object', start, end: this.#at, members }
      this.syntax(this.#at)
      return undefined
    }
  }

  #array(depth: number): JsonArray | undefined {
    const start = this.#at++
    const items: JsonNode[] = []
    if (this.#take(CLOSE_LIST)) return { kind: 'array', start, end: this.#at, items }
    for (;;) {
      this.#space()
      const value = this.value(depth + 1)
      if (!value) return undefined
      items.push(value)
      if (this.#take(COMMA)) continue
      if (this.#take(CLOSE_LIST)) return { kind: 'array', start, end: this.#at, items }
      this.syntax(this.#at)
      return undefined
    }
  }

  #string(): JsonScalar | undefined {
    const text = this.#text
    const start = this.#at
    let plain = start + 1
    let value = ''
    for (let at = plain; ; at++) {
      const code = text.charCodeAt(at)
      if (code === QUOTE) {
        value = value === '' ? text.slice(plain, at) : value + text.slice(plain, at)
        this.#at = at + 1
        return { kind: 'string', text: value, start, end: this.#at }
      }
      if (code === BACKSLASH) {
        const escaped = this.#escape(at)
        if (escaped === undefined) return undefined
        value += text.slice(plain, at) + escaped
        at += text.charAt(at + 1) === 'u' ? 5 : 1
        plain = at + 1
      } else if (!(code >= SPACE)) {
        // A control character, or the end of the text (NaN).
        this.syntax(at)
        return undefined
      }
    }
  }

  #escape(at: number): string | undefined {
    const name = this.#text.charAt(at + 1)
    if (name === 'u') {
      const hex = this.#text.slice(at + 2, at + 6)
      if (/^[0-9a-fA-F]{4}$/.test(hex)) return String.fromCharCode(Number.parseInt(hex, 16))
    }
    const plain = escapes.get(name)
    if (plain === undefined) this.syntax(at)
    return plain
  }

  #literal(): JsonScalar | undefined {
    const start = this.#at
    for (const word of ['true', 'false', 'null'] as const) {
      if (!this.#text.startsWith(word, start)) continue
      this.#at += word.length
      return { kind: word === 'null' ? 'null' : 'boolean', text: word, start, end: this.#at }
    }
    numberForm.lastIndex = start
    const [number] = numberForm.exec(this.#text) ?? []
    if (number === undefined) {
      this.syntax(start)
      return undefined
    }
    this.#at += number.length
    return { kind: 'number', text: number, start, end: this.#at }
  }
}
