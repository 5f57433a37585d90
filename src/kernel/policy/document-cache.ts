/** Compiled documents by text, bounded by bytes; what was not asked for since the last round goes first. */
import type { ByteTotal } from './byte-account.ts'
import { CompiledDocument } from './compiled-document.ts'

export class DocumentCache {
  readonly #bytesMax: number
  readonly #documents = new Map<string, CompiledDocument>()
  readonly #total: ByteTotal = { bytes: 0 }

  /** `bytesMax`: of all compiled documents together, by estimate; the newest is always kept. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get(text: string): CompiledDocument {
    const known = this.#documents.get(text)
    if (known) {
      known.recent = true
      return known
    }
    const document = new CompiledDocument(text, this.#total)
    if (this.#total.bytes > this.#bytesMax) this.#evict()
    this.#documents.set(text, document)
    return document
  }

  /** Estimated bytes held. */
  get bytes(): number {
    return this.#total.bytes
  }

  /** A second chance for what was used again since it was last looked at: it goes to the end of the queue, once. */
  #evict(): void {
    for (const [text, document] of this.#documents) {
      if (this.#total.bytes <= this.#bytesMax) return
      this.#documents.delete(text)
      if (document.recent) {
        document.recent = false
        this.#documents.set(text, document)
      } else document.account.close()
    }
  }
}
