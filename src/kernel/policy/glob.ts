/** Patterns with `*` and `?`, matched chunk by chunk from the left: linear in the number of stars, without RegExp. */

/** A piece of a pattern: literal text, `*`, or `?`. */
export type GlobPiece = string | typeof STAR | typeof ONE
export const STAR: unique symbol = Symbol('*')
export const ONE: unique symbol = Symbol('?')

/** A compiled pattern. */
export interface Glob {
  matches(text: string): boolean
}

/** Takes a pattern apart where every `*` and `?` is a wildcard. */
export function globPieces(pattern: string): GlobPiece[] {
  const pieces: GlobPiece[] = []
  let plain = 0
  for (let at = 0; at < pattern.length; at++) {
    const code = pattern.charCodeAt(at)
    if (code !== 42 && code !== 63) continue
    if (at > plain) pieces.push(pattern.slice(plain, at))
    pieces.push(code === 42 ? STAR : ONE)
    plain = at + 1
  }
  if (plain < pattern.length) pieces.push(pattern.slice(plain))
  return pieces
}

/** Compiles pieces to the cheapest matcher that does. */
export function compileGlob(pieces: readonly GlobPiece[]): Glob {
  const chunks = chunksOf(pieces)
  const [first, second] = chunks
  if (first && !chunks.some((chunk) => chunk.ones)) {
    if (chunks.length === 1) return new Exact(first.text)
    if (chunks.length === 2 && second) {
      if (first.text === '' && second.text === '') return anything
      if (second.text === '') return new Prefix(first.text)
      if (first.text === '') return new Suffix(second.text)
      return new Both(first.text, second.text)
    }
  }
  return new Chunks(chunks)
}

/** `*`. */
export const anything: Glob = { matches: () => true }

class Exact implements Glob {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
  matches(text: string): boolean {
    return text === this.text
  }
}

class Prefix implements Glob {
  readonly prefix: string
  constructor(prefix: string) {
    this.prefix = prefix
  }
  matches(text: string): boolean {
    return beginsWith(text, this.prefix)
  }
}

class Suffix implements Glob {
  readonly suffix: string
  constructor(suffix: string) {
    this.suffix = suffix
  }
  matches(text: string): boolean {
    return text.endsWith(this.suffix)
  }
}

class Both implements Glob {
  readonly prefix: string
  readonly suffix: string
  constructor(prefix: string, suffix: string) {
    this.prefix = prefix
    this.suffix = suffix
  }
  matches(text: string): boolean {
    return (
      text.length >= this.prefix.length + this.suffix.length &&
      beginsWith(text, this.prefix) &&
      text.endsWith(this.suffix)
    )
  }
}

/** `startsWith`, looked at from its end: ARNs share their beginnings, so a mismatch shows after a character or two. */
export function beginsWith(text: string, prefix: string): boolean {
  let at = prefix.length
  if (text.length < at) return false
  while (--at >= 0) if (text.charCodeAt(at) !== prefix.charCodeAt(at)) return false
  return true
}

/** Text between two stars; `ones` are the offsets at which any one character will do. */
interface Chunk {
  readonly text: string
  readonly ones: ReadonlySet<number> | undefined
}

/** The general case: first chunk anchored at the start, last at the end, the others as far left as they go. */
class Chunks implements Glob {
  readonly #chunks: readonly Chunk[]
  constructor(chunks: readonly Chunk[]) {
    this.#chunks = chunks
  }

  matches(text: string): boolean {
    const chunks = this.#chunks
    const last = chunks.length - 1
    const head = chunks[0]
    const tail = chunks[last]
    if (!head || !tail) return text === ''
    if (last === 0) return text.length === head.text.length && standsAt(text, 0, head)
    const end = text.length - tail.text.length
    let at = head.text.length
    if (end < at || !standsAt(text, 0, head) || !standsAt(text, end, tail)) return false
    for (let i = 1; i < last; i++) {
      const chunk = chunks[i] as Chunk // inside the array's bounds
      at = find(text, at, end - chunk.text.length, chunk)
      if (at < 0) return false
      at += chunk.text.length
    }
    return true
  }
}

function chunksOf(pieces: readonly GlobPiece[]): Chunk[] {
  const chunks: Chunk[] = []
  let text = ''
  let ones: Set<number> | undefined
  const close = () => {
    chunks.push({ text, ones })
    text = ''
    ones = undefined
  }
  pieces.forEach((piece, i) => {
    if (piece === STAR) {
      if (pieces[i - 1] !== STAR) close()
    } else if (piece === ONE) {
      ones ??= new Set()
      ones.add(text.length)
      text += '?'
    } else text += piece
  })
  close()
  return chunks
}

function standsAt(text: string, at: number, chunk: Chunk): boolean {
  if (!chunk.ones) return text.startsWith(chunk.text, at)
  for (let i = 0; i < chunk.text.length; i++) {
    if (text.charCodeAt(at + i) !== chunk.text.charCodeAt(i) && !chunk.ones.has(i)) return false
  }
  return true
}

/** The first place from `from` to `limit` where the chunk stands, or -1. */
function find(text: string, from: number, limit: number, chunk: Chunk): number {
  if (!chunk.ones) {
    const at = from <= limit ? text.indexOf(chunk.text, from) : -1
    return at <= limit ? at : -1
  }
  for (let at = from; at <= limit; at++) if (standsAt(text, at, chunk)) return at
  return -1
}
