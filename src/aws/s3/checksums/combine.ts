/** The CRC of a whole from the CRCs of its parts, without reading the bytes again. */
import { crc64Polynomial } from './crc64nvme.ts'

const polynomials = {
  CRC32: { width: 32n, polynomial: 0xedb88320n },
  CRC32C: { width: 32n, polynomial: 0x82f63b78n },
  CRC64NVME: { width: 64n, polynomial: crc64Polynomial },
} as const

export type CombinableAlgorithm = keyof typeof polynomials

/** A part's CRC (big-endian bytes) and how many bytes it covers. */
export interface PartCrc {
  readonly crc: Uint8Array
  readonly size: number
}

/** CRC of all parts one after another, big-endian bytes. An empty list gives the CRC of nothing. */
export function combineCrcs(algorithm: CombinableAlgorithm, parts: readonly PartCrc[]): Buffer {
  const { width, polynomial } = polynomials[algorithm]
  const one = 1n << (width - 1n)
  const shifts = new Map<number, bigint>()
  let total = 0n
  for (const { crc, size } of parts) {
    let shift = shifts.get(size)
    if (shift === undefined) {
      shift = power(one >> 1n, BigInt(size) * 8n)
      shifts.set(size, shift)
    }
    total = multiply(total, shift) ^ BigInt(`0x${Buffer.from(crc).toString('hex')}`)
  }
  return Buffer.from(total.toString(16).padStart(Number(width) / 4, '0'), 'hex')

  /** Product modulo the polynomial; reflected, so the highest bit is x⁰. */
  function multiply(a: bigint, b: bigint): bigint {
    let product = 0n
    for (let bit = one, term = b; bit > 0n; bit >>= 1n) {
      if (a & bit) product ^= term
      term = term & 1n ? (term >> 1n) ^ polynomial : term >> 1n
    }
    return product
  }

  function power(base: bigint, exponent: bigint): bigint {
    let result = one
    let square = base
    for (let rest = exponent; rest > 0n; rest >>= 1n) {
      if (rest & 1n) result = multiply(result, square)
      square = multiply(square, square)
    }
    return result
  }
}
