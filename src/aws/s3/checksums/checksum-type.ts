/** Sums of multipart objects: over the whole, or over the sums of the parts. */
import { type CombinableAlgorithm, combineCrcs } from './combine.ts'
import { type ChecksumAlgorithm, digestOf } from './digest.ts'

export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE'

/** What an algorithm gives a multipart object where the client names no type. */
export function defaultChecksumType(algorithm: ChecksumAlgorithm): ChecksumType {
  return algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE'
}

/** Only CRCs can be put together to that of the whole, and CRC64NVME is never composite. */
export function isChecksumType(algorithm: ChecksumAlgorithm, type: string): type is ChecksumType {
  if (type === 'FULL_OBJECT') return isCombinable(algorithm)
  return type === 'COMPOSITE' && algorithm !== 'CRC64NVME'
}

/** The sum of an object made of parts: base64, composite ones with `-N`. `checksum` of each part is base64. */
export function checksumOfParts(
  algorithm: ChecksumAlgorithm,
  type: ChecksumType,
  parts: readonly { readonly checksum: string; readonly size: number }[],
): string {
  const sums = parts.map(({ checksum, size }) => ({ crc: Buffer.from(checksum, 'base64'), size }))
  if (type === 'FULL_OBJECT' && isCombinable(algorithm)) {
    return combineCrcs(algorithm, sums).toString('base64')
  }
  const whole = digestOf(algorithm, Buffer.concat(sums.map(({ crc }) => crc)))
  return `${whole.toString('base64')}-${parts.length}`
}

function isCombinable(algorithm: ChecksumAlgorithm): algorithm is CombinableAlgorithm {
  return algorithm === 'CRC32' || algorithm === 'CRC32C' || algorithm === 'CRC64NVME'
}
