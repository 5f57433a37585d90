/** Writes an answer to the socket. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { AwsResponse } from '../operation.ts'

/** What an unread body may still bring, and for how long (ms), before the connection is cut. */
const drainBytes = 1024 * 1024
const drainMs = 2_000

/** Hands the answer to the socket; a promise of that where its body is a stream. `standard` is a header that no answer brings itself. A body is left out for HEAD, its headers stay. */
export function respond(
  message: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: AwsResponse,
  standard: readonly [name: string, value: string],
): Promise<void> | undefined {
  if (response.destroyed || response.headersSent) {
    response.destroy()
    if (body instanceof Readable) body.destroy()
    return undefined
  }
  // In one list: node checks and keeps each header that is set by itself, which takes twice the time.
  const lines: string[] = [...standard]
  let hasLength = false
  for (const name in headers) {
    lines.push(name, toHeaderBytes(headers[name] ?? ''))
    hasLength ||= name.length === 14 && name.toLowerCase() === 'content-length'
  }
  const lingers = !message.complete
  if (lingers) lines.push('connection', 'close')
  const end = lingers ? lingeringEnd(message, response) : endAtOnce(response)
  const mayHaveLength = message.method === 'HEAD' || status === 204 || status === 304
  if (mayHaveLength || body === undefined) {
    if (body instanceof Readable) body.destroy()
    if (!mayHaveLength && !hasLength) lines.push('content-length', '0')
    response.writeHead(status, lines)
    end()
    return undefined
  }
  if (body instanceof Readable) {
    response.writeHead(status, lines)
    return pipeline(body, response)
  }
  const length = Buffer.byteLength(body)
  if (!hasLength) lines.push('content-length', String(length))
  response.writeHead(status, lines)
  end(body, typeof body === 'string' && length === body.length)
  return undefined
}

/** `ascii`: the body is a text of which each character is a byte, which is quicker to send. */
type End = (body?: string | Uint8Array, ascii?: boolean) => void

function endAtOnce(response: ServerResponse): End {
  return (body, ascii) => {
    if (ascii) response.end(body, 'latin1')
    else response.end(body)
  }
}

/**
 * The client may still be sending what nobody will read. It gets the whole answer at once, but the connection is closed
 * only when it has seen it: when its body is over, or after a little more of it. Cut earlier, a client in the middle of
 * sending would report a broken connection instead of our answer.
 */
function lingeringEnd(message: IncomingMessage, response: ServerResponse): End {
  let drained = 0
  message.on('data', (chunk: Buffer) => {
    drained += chunk.length
    if (drained > drainBytes) message.socket.destroy()
  })
  message.on('error', () => message.socket.destroy())
  message.resume()
  return (body) => {
    if (body === undefined) response.flushHeaders()
    else response.write(body)
    const timer = setTimeout(() => response.end(), drainMs)
    message.once('close', () => {
      clearTimeout(timer)
      response.end()
    })
  }
}

/** Header text goes out as UTF-8 bytes, which node writes as latin-1; what is not writable is dropped. */
function toHeaderBytes(value: string): string {
  if (/^[\x20-\x7e]*$/.test(value)) return value
  return Buffer.from(value, 'utf8')
    .toString('latin1')
    .replace(/[\r\n\0]/g, ' ')
}
