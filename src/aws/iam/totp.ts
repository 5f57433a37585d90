/** The codes of virtual MFA devices: TOTP (RFC 6238), SHA-1, six digits, 30 seconds. */
import { createHmac, randomBytes } from 'node:crypto'
import { base32 } from './ids.ts'

const stepMs = 30_000
/** How many steps a device's clock may be off. */
const drift = 2
/** How many it may be off when it is told anew: half an hour. Two codes in a row are not guessed. */
const resyncDrift = 60

/** A new seed: 64 base32 characters, as AWS's are. */
export function newSeed(): string {
  return base32(randomBytes(40))
}

/** The code of a seed at a time (ms since the epoch). */
export function codeAt(seed: string, at: number): string {
  return codeOf(seed, Math.floor(at / stepMs))
}

/**
 * The step (of 30 s since the epoch) at which a device shows this code around `at` (ms), where its clock is known to be
 * `off` by so many steps; undefined: it does not.
 */
export function stepOf(seed: string, code: string, at: number, off = 0): number | undefined {
  const now = Math.floor(at / stepMs) + off
  for (let step = now - drift; step <= now + drift; step += 1) {
    if (codeOf(seed, step) === code) return step
  }
  return undefined
}

/** True where the two codes follow each other around `at`. */
export function areConsecutive(seed: string, first: string, second: string, at: number): boolean {
  return stepsOff(seed, first, second, at, drift) !== undefined
}

/** By how many steps the clock of a device is off that shows the two codes one after the other; undefined: by too many. */
export function driftOf(
  seed: string,
  first: string,
  second: string,
  at: number,
): number | undefined {
  return stepsOff(seed, first, second, at, resyncDrift)
}

/** The nearest answer counts. */
function stepsOff(
  seed: string,
  first: string,
  second: string,
  at: number,
  most: number,
): number | undefined {
  const now = Math.floor(at / stepMs)
  for (let distance = 0; distance <= most; distance += 1) {
    for (const off of new Set([-distance, distance])) {
      const step = now + off
      if (codeOf(seed, step) === second && codeOf(seed, step - 1) === first) return off
    }
  }
  return undefined
}

function codeOf(seed: string, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.max(0, step)))
  const mac = createHmac('sha1', bytesOf(seed)).update(counter).digest()
  const offset = (mac.at(-1) ?? 0) & 15
  const number = mac.readUInt32BE(offset) & 0x7fffffff
  return String(number % 1_000_000).padStart(6, '0')
}

/** The bytes of base32 text (RFC 4648, no padding). */
function bytesOf(text: string): Buffer {
  const bytes: number[] = []
  let bits = 0
  let value = 0
  for (const letter of text) {
    value = ((value << 5) | 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter)) & 0xfff
    bits += 5
    if (bits < 8) continue
    bits -= 8
    bytes.push((value >> bits) & 0xff)
  }
  return Buffer.from(bytes)
}
