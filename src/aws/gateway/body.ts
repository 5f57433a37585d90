/** Reads bodies: buffered with a limit, or as a stream that fails when its hash, chunk signatures or length do not hold. */
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { PassThrough, type Readable, Transform, type TransformCallback } from 'node:stream'
import { Refusal } from '../../kernel/refusal.ts'
import { ChunkDecoder, type ChunkedForm, type ChunkProblem } from '../../kernel/sigv4/chunks.ts'
import type { AuthenticationFailure, VerifiedBody } from '../operation.ts'

/** How the body announces itself, found out while authenticating. */
export type BodyForm =
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'hashed'; readonly sha256: string }
  | { readonly kind: 'chunked'; readonly chunked: ChunkedForm }

/** Makes the refusal of an authentication failure in the service's words. */
export type RefuseAuthentication = (
  failure: AuthenticationFailure,
  facts?: Readonly<Record<string, string>>,
) => Refusal

/** Wraps the message's body. Reading the stream to its end without an error means that it is what was signed. */
export function verifiedBody(
  message: IncomingMessage,
  form: BodyForm,
  refuse: RefuseAuthentication,
): VerifiedBody {
  if (form.kind === 'chunked') {
    const decoder = new ChunkDecoder(form.chunked)
    const stream = piped(message, new DechunkingStream(decoder, refuse))
    return { stream, length: form.chunked.decodedLength, trailers: () => decoder.trailers }
  }
  const length = announcedLength(message)
  const stream =
    form.kind === 'hashed'
      ? piped(message, new HashingStream(form.sha256, refuse))
      : piped(message, new PassThrough())
  return { stream, length, trailers: () => new Map() }
}

/** The body where all of it has come already; undefined where some is still to come. Nothing may listen to it yet. */
export function wholeBody(message: IncomingMessage): Buffer | undefined {
  if (!message.complete) return undefined
  const body: Buffer | null = message.read()
  return body ?? Buffer.alloc(0)
}

/** Reads a stream to its end; refuses as soon as `maxBytes` is passed. */
export function readAll(stream: Readable, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    let total = 0
    const take = (piece: Buffer): void => {
      total += piece.length
      pieces.push(piece)
      if (total <= maxBytes) return
      stream.off('data', take)
      stream.pause()
      reject(tooLarge(maxBytes))
    }
    stream.on('data', take)
    let ended = false
    stream.on('end', () => {
      ended = true
      resolve(pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces, total))
    })
    stream.on('error', (cause) => reject(isReset(cause) ? incomplete() : cause))
    stream.on('close', () => ended || reject(incomplete()))
  })
}

/** Bytes announced by Content-Length; 0 where the request has no body, undefined where it comes in HTTP chunks. */
export function announcedLength(message: IncomingMessage): number | undefined {
  const length = message.headers['content-length']
  if (length !== undefined) return Number(length)
  return message.headers['transfer-encoding'] === undefined ? 0 : undefined
}

export function tooLarge(maxBytes: number): Refusal {
  return new Refusal('Your request was too big.', {
    code: 'MaxMessageLengthExceeded',
    status: 400,
    members: { MaxMessageLengthBytes: String(maxBytes) },
  })
}

/** True where the client broke off in the middle of its body. */
function isReset(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNRESET'
}

/** `pipe` forgets errors and early ends of the source; this hands them on. */
function piped(message: IncomingMessage, stream: Transform): Transform {
  message.once('error', () => stream.destroy(incomplete()))
  message.once('aborted', () => stream.destroy(incomplete()))
  message.pipe(stream)
  return stream
}

class HashingStream extends Transform {
  readonly #hash = createHash('sha256')
  readonly #sent: string
  readonly #refuse: RefuseAuthentication

  constructor(sent: string, refuse: RefuseAuthentication) {
    super()
    this.#sent = sent
    this.#refuse = refuse
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    this.#hash.update(chunk)
    done(null, chunk)
  }

  override _flush(done: TransformCallback): void {
    const computed = this.#hash.digest('hex')
    const same = computed === this.#sent
    done(same ? null : this.#refuse('wrong-payload-hash', { sent: this.#sent, computed }))
  }
}

class DechunkingStream extends Transform {
  readonly #decoder: ChunkDecoder
  readonly #refuse: RefuseAuthentication

  constructor(decoder: ChunkDecoder, refuse: RefuseAuthentication) {
    super()
    this.#decoder = decoder
    this.#refuse = refuse
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    const payload = this.#decoder.push(chunk)
    if (typeof payload === 'string') {
      done(this.#problem(payload))
      return
    }
    for (const piece of payload) this.push(piece)
    done()
  }

  override _flush(done: TransformCallback): void {
    const problem = this.#decoder.end()
    done(problem ? this.#problem(problem) : null)
  }

  #problem(problem: ChunkProblem): Refusal {
    switch (problem) {
      case 'bad-signature':
        return this.#refuse('bad-signature')
      case 'incomplete':
        return incomplete()
      case 'malformed':
        return new Refusal('The request body is not a valid aws-chunked body.', {
          code: 'InvalidRequest',
          status: 400,
        })
      case 'malformed-trailer':
        return new Refusal(
          'The request contained trailing data that was not well-formed or did not conform to our published schema.',
          { code: 'MalformedTrailerError', status: 400 },
        )
    }
  }
}

/** The client broke off in the middle of its body. */
export function incomplete(): Refusal {
  return new Refusal(
    'You did not provide the number of bytes specified by the Content-Length HTTP header',
    { code: 'IncompleteBody', status: 400 },
  )
}
