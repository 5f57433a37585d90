/** How many bytes compiled documents hold, by estimate: each keeps its own account, a cache their total. */

export interface ByteTotal {
  bytes: number
}

/** The account of one document; charged as its statements are compiled on demand. */
export class ByteAccount {
  #held = 0
  #total: ByteTotal | undefined

  constructor(total: ByteTotal) {
    this.#total = total
  }

  charge(bytes: number): void {
    this.#held += bytes
    if (this.#total) this.#total.bytes += bytes
  }

  /** Takes the document out of the total; what it may still compile, for a request under way, counts no more. */
  close(): void {
    if (this.#total) this.#total.bytes -= this.#held
    this.#total = undefined
  }
}
