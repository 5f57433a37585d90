/** Compiled documents by text, bounded by bytes: two generations, of which the older is dropped when the younger is full. */
import { CompiledDocument } from './compiled-document.ts'

/** Estimated bytes that a compiled document holds beside its text, per character of it, and at least. */
const bytesPerCharacter = 3
const bytesAtLeast = 600

export class DocumentCache {
  readonly #bytesMax: number
  #young = new Map<string, CompiledDocument>()
  #old = new Map<string, CompiledDocument>()
  #youngBytes = 0

  /** `bytesMax`: estimated bytes of both generations together. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get(text: string): CompiledDocument {
    const young = this.#young.get(text)
    if (young) return young
    const document = this.#old.get(text) ?? new CompiledDocument(text)
    const bytes = bytesAtLeast + text.length * bytesPerCharacter
    if (this.#youngBytes + bytes > this.#bytesMax / 2) {
      this.#old = this.#young
      this.#young = new Map()
      this.#youngBytes = 0
    }
    this.#young.set(text, document)
    this.#youngBytes += bytes
    return document
  }
}
