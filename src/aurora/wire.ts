/** Messages of the PostgreSQL protocol, version 3, as far as a login needs them. Pure. */

/** A message with a type byte: all but the very first packet of a connection. */
export interface Message {
  /** One ASCII letter. */
  readonly type: string
  /** Without type and length. */
  readonly body: Buffer
}

/** What the server says of a login's failure. The text is PostgreSQL's own; `detail` may hold our request id. */
export interface LoginError {
  /** SQLSTATE, five characters. */
  readonly code: string
  readonly message: string
  readonly detail?: string
}

/** What an `R` message asks for, by its first four bytes. */
export const authentication = {
  ok: 0,
  cleartextPassword: 3,
  md5Password: 5,
  sasl: 10,
  saslContinue: 11,
  saslFinal: 12,
} as const

/** A whole message: type byte, length, body. */
export function encode(type: string, ...parts: readonly (Uint8Array | string)[]): Buffer {
  const bodies = parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))
  const head = Buffer.alloc(5)
  head.write(type, 0, 'latin1')
  head.writeUInt32BE(4 + bodies.reduce((sum, body) => sum + body.length, 0), 1)
  return Buffer.concat([head, ...bodies])
}

/** A four-byte big-endian number. */
export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value >>> 0)
  return bytes
}

/** `E`: a login is over. */
export function fatal({ code, message, detail }: LoginError): Buffer {
  const fields = [`SFATAL`, `VFATAL`, `C${code}`, `M${message}`]
  if (detail !== undefined) fields.push(`D${detail}`)
  return encode('E', `${fields.join('\0')}\0\0`)
}

/** The code of an `R` message; undefined where it is too short to have one. */
export function authenticationCode({ type, body }: Message): number | undefined {
  return type === 'R' && body.length >= 4 ? body.readUInt32BE(0) : undefined
}

/** Text up to its NUL; undefined where there is none, or where more follows it. */
export function onlyText(body: Buffer): string | undefined {
  const end = body.indexOf(0)
  return end >= 0 && end === body.length - 1 ? body.toString('utf8', 0, end) : undefined
}
