/** The first packet of a connection, which has no type byte: encryption, cancellation or a login. Pure. */
import { encode, int32, type LoginError } from './wire.ts'

/** PostgreSQL's own limit (`MAX_STARTUP_PACKET_LENGTH`). */
export const startupBytesMax = 10_000
const cancelKeyBytesMax = 256

const major3 = 3
const codes = { cancel: 80_877_102, ssl: 80_877_103, gss: 80_877_104 } as const

export type StartupPacket =
  | { readonly kind: 'ssl' | 'gss' }
  /** `key` is process id and secret as the client sent them: what `K` gave it. */
  | { readonly kind: 'cancel'; readonly key: Buffer }
  | { readonly kind: 'login'; readonly startup: Startup }
  /** Nothing can be answered: the connection is closed. */
  | { readonly kind: 'garbage' }
  | { readonly kind: 'refused'; readonly error: LoginError }

export interface Startup {
  /** The minor version asked for: 0, or 2 of protocol 3.2. */
  readonly minor: number
  readonly user: string
  readonly database: string
  /** All parameters in the order sent, `_pq_.` options left out. */
  readonly parameters: readonly (readonly [name: string, value: string])[]
  /** Protocol options (`_pq_.…`) that the client would like. */
  readonly options: readonly string[]
}

/** The length that the packet says it has, itself included; undefined where no packet is that long. */
export function startupLength(head: Buffer): number | undefined {
  const length = head.readUInt32BE(0)
  return length >= 8 && length <= startupBytesMax ? length : undefined
}

/** Reads a packet without its length. */
export function readStartup(packet: Buffer): StartupPacket {
  if (packet.length < 4) return { kind: 'garbage' }
  const code = packet.readUInt32BE(0)
  const rest = packet.subarray(4)
  switch (code) {
    case codes.ssl:
      return rest.length === 0 ? { kind: 'ssl' } : { kind: 'garbage' }
    case codes.gss:
      return rest.length === 0 ? { kind: 'gss' } : { kind: 'garbage' }
    case codes.cancel:
      return rest.length >= 8 && rest.length <= 4 + cancelKeyBytesMax
        ? { kind: 'cancel', key: rest }
        : { kind: 'garbage' }
  }
  if (code >>> 16 !== major3) {
    return refused(
      '0A000',
      `unsupported frontend protocol ${code >>> 16}.${code & 0xffff}: server supports 3.0 to 3.2`,
    )
  }
  return readLogin(code & 0xffff, rest)
}

function readLogin(minor: number, rest: Buffer): StartupPacket {
  const texts = rest.toString('utf8').split('\0')
  // Pairs, each ended by NUL, then one NUL more: two empty texts at the end.
  if (texts.length < 2 || texts.length % 2 !== 0 || texts.at(-1) !== '' || texts.at(-2) !== '') {
    return refused('08P01', 'invalid startup packet layout: expected terminator as last byte')
  }
  const parameters: [string, string][] = []
  const options: string[] = []
  for (let i = 0; i < texts.length - 2; i += 2) {
    const name = texts[i] ?? ''
    const value = texts[i + 1] ?? ''
    if (name === '') {
      return refused('08P01', 'invalid startup packet layout: expected terminator as last byte')
    }
    if (name.startsWith('_pq_.')) options.push(name)
    else parameters.push([name, value])
  }
  const last = (name: string) => parameters.findLast(([n]) => n === name)?.[1]
  const user = last('user') ?? ''
  if (user === '') return refused('28000', 'no PostgreSQL user name specified in startup packet')
  const database = last('database') || user
  return { kind: 'login', startup: { minor, user, database, parameters, options } }
}

/** The packet that asks the server behind for the same login: `minor` is what both sides speak, `added` comes last. */
export function writeStartup(
  startup: Pick<Startup, 'parameters'>,
  minor: number,
  added: readonly (readonly [string, string])[] = [],
): Buffer {
  const texts = [...startup.parameters, ...added].flat()
  const body = Buffer.from(`${texts.map((text) => `${text}\0`).join('')}\0`)
  return Buffer.concat([int32(8 + body.length), int32((major3 << 16) | minor), body])
}

/**
 * What both sides speak, and the NegotiateProtocolVersion message (`v`) that tells the client where it is less than it
 * asked for. `newest` is the newest minor version of the server behind.
 */
export function negotiate(
  { minor, options }: Pick<Startup, 'minor' | 'options'>,
  newest: number,
): { minor: number; answer?: Buffer } {
  // 3.1 was never used; a server that knows 3.2 takes it for 3.0.
  const spoken = minor <= newest ? (minor === 1 ? 0 : minor) : newest
  if (spoken === minor && options.length === 0) return { minor: spoken }
  const names = options.map((name) => `${name}\0`).join('')
  const version = (major3 << 16) | spoken
  return { minor: spoken, answer: encode('v', int32(version), int32(options.length), names) }
}

/** The packet with which a query is cancelled: on a connection of its own. */
export function cancelRequest(key: Buffer): Buffer {
  return Buffer.concat([int32(8 + key.length), int32(codes.cancel), key])
}

function refused(code: string, message: string): StartupPacket {
  return { kind: 'refused', error: { code, message } }
}
