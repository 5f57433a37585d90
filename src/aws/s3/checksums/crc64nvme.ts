/** CRC64NVME (reflected polynomial 9a6c9329ac4bc9b5), as two 32-bit halves, eight bytes a step. */

export const crc64Polynomial = 0x9a6c9329ac4bc9b5n

/** Slice tables: 8 × 256 low halves, 8 × 256 high halves. */
const low = new Uint32Array(8 * 256)
const high = new Uint32Array(8 * 256)
fillTables()

function fillTables(): void {
  for (let byte = 0; byte < 256; byte++) {
    let value = BigInt(byte)
    for (let bit = 0; bit < 8; bit++) {
      value = value & 1n ? (value >> 1n) ^ crc64Polynomial : value >> 1n
    }
    set(byte, value)
  }
  for (let slice = 1; slice < 8; slice++) {
    for (let byte = 0; byte < 256; byte++) {
      const before = get((slice - 1) * 256 + byte)
      set(slice * 256 + byte, (before >> 8n) ^ get(Number(before & 255n)))
    }
  }
}

function get(index: number): bigint {
  return (BigInt(high[index] ?? 0) << 32n) | BigInt(low[index] ?? 0)
}

function set(index: number, value: bigint): void {
  low[index] = Number(value & 0xffffffffn)
  high[index] = Number(value >> 32n)
}

/** A running CRC64NVME. */
export class Crc64Nvme {
  #low = 0xffffffff
  #high = 0xffffffff

  update(data: Uint8Array): void {
    let lo = this.#low
    let hi = this.#high
    let at = 0
    const whole = data.length - (data.length % 8)
    // Indexes are in range by construction: eight tables of 256, `at` stays below the length.
    for (; at < whole; at += 8) {
      const a = lo ^ word(data, at)
      const b = hi ^ word(data, at + 4)
      const i0 = 1792 + (a & 255)
      const i1 = 1536 + ((a >>> 8) & 255)
      const i2 = 1280 + ((a >>> 16) & 255)
      const i3 = 1024 + (a >>> 24)
      const i4 = 768 + (b & 255)
      const i5 = 512 + ((b >>> 8) & 255)
      const i6 = 256 + ((b >>> 16) & 255)
      const i7 = b >>> 24
      lo = fold(low, i0, i1, i2, i3) ^ fold(low, i4, i5, i6, i7)
      hi = fold(high, i0, i1, i2, i3) ^ fold(high, i4, i5, i6, i7)
    }
    for (; at < data.length; at++) {
      const index = (lo ^ (data[at] as number)) & 255
      lo = ((lo >>> 8) | (hi << 24)) ^ (low[index] as number)
      hi = (hi >>> 8) ^ (high[index] as number)
    }
    this.#low = lo
    this.#high = hi
  }

  /** Eight bytes, big-endian. */
  digest(): Buffer {
    const bytes = Buffer.alloc(8)
    bytes.writeUInt32BE(~this.#high >>> 0, 0)
    bytes.writeUInt32BE(~this.#low >>> 0, 4)
    return bytes
  }
}

function fold(table: Uint32Array, a: number, b: number, c: number, d: number): number {
  return (table[a] as number) ^ (table[b] as number) ^ (table[c] as number) ^ (table[d] as number)
}

function word(data: Uint8Array, at: number): number {
  return (
    (data[at] as number) |
    ((data[at + 1] as number) << 8) |
    ((data[at + 2] as number) << 16) |
    ((data[at + 3] as number) << 24)
  )
}
