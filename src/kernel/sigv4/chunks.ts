/**
 * Decodes `aws-chunked` bodies as they stream: plain chunks, signed chunks, and trailing headers, signed or not.
 * Never throws: what is wrong with the body is an answer.
 */
import { createHash, type Hash, hash, type KeyObject } from 'node:crypto'
import { emptyHash } from './canonical-request.ts'
import { signatureOf } from './signing-key.ts'
import { equalInConstantTime } from './verify.ts'

/** What signed chunks chain on: the request's own signature, its time, scope and key. */
export interface ChunkSigning {
  readonly key: KeyObject
  readonly amzDate: string
  /** `20150830/us-east-1/s3/aws4_request`. */
  readonly scope: string
  readonly seedSignature: string
}

export type ChunkProblem = 'malformed' | 'bad-signature' | 'incomplete' | 'malformed-trailer'

export interface ChunkedForm {
  /** Absent: the chunks are not signed. */
  readonly signing?: ChunkSigning
  /** Lower-case names announced in `x-amz-trailer`; none: the body ends with its last chunk. */
  readonly trailers: readonly string[]
  /** `x-amz-decoded-content-length`. */
  readonly decodedLength: number
}

const maxLineBytes = 1024
const maxTrailerBytes = 8192

type State = 'size' | 'data' | 'data-end' | 'trailer' | 'done'

/** A decoder for one body. Feed it with `push`, then call `end` once. */
export class ChunkDecoder {
  readonly #form: ChunkedForm
  #state: State = 'size'
  #line = ''
  #left = 0
  #total = 0
  #hash: Hash | undefined
  #claimed = ''
  #previous: string
  #trailerBytes = 0
  readonly trailers = new Map<string, string>()

  constructor(form: ChunkedForm) {
    this.#form = form
    this.#previous = form.signing?.seedSignature ?? ''
  }

  /** Takes bytes as received; returns the payload among them, or what is wrong. */
  push(bytes: Buffer): readonly Buffer[] | ChunkProblem {
    const payload: Buffer[] = []
    let at = 0
    while (at < bytes.length) {
      if (this.#state === 'data') {
        const piece = bytes.subarray(at, at + this.#left)
        at += piece.length
        this.#left -= piece.length
        this.#hash?.update(piece)
        payload.push(piece)
        if (this.#left === 0) this.#state = 'data-end'
        continue
      }
      const newline = bytes.indexOf(10, at)
      const stop = newline < 0 ? bytes.length : newline
      this.#line += bytes.toString('latin1', at, stop)
      if (this.#line.length > maxLineBytes) return 'malformed'
      at = stop + 1
      if (newline < 0) break
      const line = this.#line.endsWith('\r') ? this.#line.slice(0, -1) : this.#line
      this.#line = ''
      const problem = this.#takeLine(line)
      if (problem) return problem
    }
    return payload
  }

  /** The body is over: says whether it was whole. */
  end(): ChunkProblem | undefined {
    if (this.#state === 'trailer' && this.#form.trailers.length === 0) this.#state = 'done'
    if (this.#state !== 'done') {
      return this.#state === 'trailer' ? 'malformed-trailer' : 'incomplete'
    }
    return this.#total === this.#form.decodedLength ? undefined : 'incomplete'
  }

  #takeLine(line: string): ChunkProblem | undefined {
    switch (this.#state) {
      case 'size':
        return this.#takeSize(line)
      case 'data-end':
        if (line !== '') return 'malformed'
        this.#state = 'size'
        return this.#checkChunk()
      case 'trailer':
        return this.#takeTrailer(line)
      case 'data':
        return 'malformed'
      case 'done':
        // Some clients end with one empty line more.
        return line === '' ? undefined : 'malformed'
    }
  }

  #takeSize(line: string): ChunkProblem | undefined {
    const match = /^([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?\s*$/.exec(line)
    if (!match?.[1]) return 'malformed'
    const { signing } = this.#form
    if (signing && match[2] === undefined) return 'bad-signature'
    this.#left = Number.parseInt(match[1], 16)
    this.#total += this.#left
    if (this.#total > this.#form.decodedLength) return 'incomplete'
    this.#claimed = match[2] ?? ''
    if (this.#left > 0) {
      this.#hash = signing && createHash('sha256')
      this.#state = 'data'
      return undefined
    }
    this.#hash = signing && createHash('sha256')
    this.#state = 'trailer'
    return this.#checkChunk()
  }

  #checkChunk(): ChunkProblem | undefined {
    const { signing } = this.#form
    if (!signing || !this.#hash) return undefined
    const text = `AWS4-HMAC-SHA256-PAYLOAD\n${signing.amzDate}\n${signing.scope}\n${this.#previous}\n${emptyHash}\n${this.#hash.digest('hex')}`
    const signature = signatureOf(signing.key, text)
    this.#hash = undefined
    this.#previous = signature
    return equalInConstantTime(signature, this.#claimed) ? undefined : 'bad-signature'
  }

  #takeTrailer(line: string): ChunkProblem | undefined {
    this.#trailerBytes += line.length
    if (this.#trailerBytes > maxTrailerBytes) return 'malformed-trailer'
    if (line === '') {
      // Between the last chunk and its trailers some clients send an empty line.
      return this.trailers.size === 0 && this.#form.trailers.length > 0 ? undefined : this.#finish()
    }
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    if (colon < 1 || this.trailers.has(name)) return 'malformed-trailer'
    const known = name === 'x-amz-trailer-signature' || this.#form.trailers.includes(name)
    if (!known) return 'malformed-trailer'
    this.trailers.set(name, line.slice(colon + 1).trim())
    const wanted = this.#form.trailers.length + (this.#form.signing ? 1 : 0)
    return this.trailers.size === wanted ? this.#finish() : undefined
  }

  #finish(): ChunkProblem | undefined {
    this.#state = 'done'
    const { signing, trailers } = this.#form
    if (trailers.some((name) => !this.trailers.has(name))) return 'malformed-trailer'
    if (!signing || trailers.length === 0) return undefined
    const claimed = this.trailers.get('x-amz-trailer-signature')
    this.trailers.delete('x-amz-trailer-signature')
    const lines = trailers.map((name) => `${name}:${this.trailers.get(name) ?? ''}\n`).join('')
    const text = `AWS4-HMAC-SHA256-TRAILER\n${signing.amzDate}\n${signing.scope}\n${this.#previous}\n${hash('sha256', Buffer.from(lines, 'latin1'), 'hex')}`
    const matches = equalInConstantTime(signatureOf(signing.key, text), claimed ?? '')
    return matches ? undefined : 'bad-signature'
  }
}

/** Signs one chunk for the sending side; returns its signature, which the next chunk chains on. */
export function chunkSignature(signing: ChunkSigning, previous: string, chunk: Uint8Array): string {
  const text = `AWS4-HMAC-SHA256-PAYLOAD\n${signing.amzDate}\n${signing.scope}\n${previous}\n${emptyHash}\n${hash('sha256', chunk, 'hex')}`
  return signatureOf(signing.key, text)
}
