/** CRC32C (Castagnoli), eight bytes a step. */

const polynomial = 0x82f63b78
const tables = makeTables()

function makeTables(): Uint32Array[] {
  const first = new Uint32Array(256)
  for (let byte = 0; byte < 256; byte++) {
    let value = byte
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1
    first[byte] = value
  }
  const all = [first]
  for (let slice = 1; slice < 8; slice++) {
    const before = all[slice - 1] as Uint32Array
    all.push(before.map((value) => (value >>> 8) ^ (first[value & 255] as number)))
  }
  return all
}

/** CRC32C of `data` going on from `previous` (0 to begin), as an unsigned number. */
export function crc32c(data: Uint8Array, previous = 0): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ]
  let crc = ~previous
  let at = 0
  const whole = data.length - (data.length % 8)
  // Indexes are in range by construction: bytes index 256-entry tables, `at` stays below the length.
  for (; at < whole; at += 8) {
    crc ^= word(data, at)
    crc =
      (t7[crc & 255] as number) ^
      (t6[(crc >>> 8) & 255] as number) ^
      (t5[(crc >>> 16) & 255] as number) ^
      (t4[crc >>> 24] as number) ^
      (t3[data[at + 4] as number] as number) ^
      (t2[data[at + 5] as number] as number) ^
      (t1[data[at + 6] as number] as number) ^
      (t0[data[at + 7] as number] as number)
  }
  for (; at < data.length; at++) {
    crc = (crc >>> 8) ^ (t0[(crc ^ (data[at] as number)) & 255] as number)
  }
  return ~crc >>> 0
}

function word(data: Uint8Array, at: number): number {
  return (
    (data[at] as number) |
    ((data[at + 1] as number) << 8) |
    ((data[at + 2] as number) << 16) |
    ((data[at + 3] as number) << 24)
  )
}
