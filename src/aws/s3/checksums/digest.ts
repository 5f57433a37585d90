/** Running checksums of the kinds that S3 knows. */
import { createHash, type Hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { crc32c } from './crc32c.ts'
import { Crc64Nvme } from './crc64nvme.ts'

/** S3's names, and how many bytes each sum has. */
export const checksumBytes = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
  SHA512: 64,
  MD5: 16,
} as const

export type ChecksumAlgorithm = keyof typeof checksumBytes

export interface Digest {
  update(data: Uint8Array): void
  /** The sum, big-endian; called once. */
  digest(): Buffer
}

/** True for an algorithm served here. */
export function isChecksumAlgorithm(name: string): name is ChecksumAlgorithm {
  return Object.hasOwn(checksumBytes, name)
}

/** Starts one sum. */
export function startDigest(algorithm: ChecksumAlgorithm): Digest {
  switch (algorithm) {
    case 'CRC32':
      return new Crc32Digest(crc32)
    case 'CRC32C':
      return new Crc32Digest(crc32c)
    case 'CRC64NVME':
      return new Crc64Nvme()
    default:
      return new HashDigest(createHash(algorithm.toLowerCase()))
  }
}

/** The sum of bytes at hand. */
export function digestOf(algorithm: ChecksumAlgorithm, data: Uint8Array): Buffer {
  const digest = startDigest(algorithm)
  digest.update(data)
  return digest.digest()
}

class Crc32Digest implements Digest {
  readonly #step: (data: Uint8Array, previous: number) => number
  #value = 0
  constructor(step: (data: Uint8Array, previous: number) => number) {
    this.#step = step
  }
  update(data: Uint8Array): void {
    this.#value = this.#step(data, this.#value)
  }
  digest(): Buffer {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(this.#value)
    return bytes
  }
}

class HashDigest implements Digest {
  readonly #hash: Hash
  constructor(hash: Hash) {
    this.#hash = hash
  }
  update(data: Uint8Array): void {
    this.#hash.update(data)
  }
  digest(): Buffer {
    return this.#hash.digest()
  }
}
