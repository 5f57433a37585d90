import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { type CombinableAlgorithm, combineCrcs } from './combine.ts'
import { type ChecksumAlgorithm, digestOf, startDigest } from './digest.ts'

const check = Buffer.from('123456789')

test('each checksum gives its catalogue value for 123456789', () => {
  const known: Partial<Record<ChecksumAlgorithm, string>> = {
    CRC32: 'cbf43926',
    CRC32C: 'e3069283',
    CRC64NVME: 'ae8b14860a799888',
    SHA1: 'f7c3bc1d808e04732adf679965ccc34ca7ae3441',
    MD5: '25f9e794323b453885f5181f1b624d0b',
  }
  for (const [algorithm, hex] of Object.entries(known)) {
    assert.equal(digestOf(algorithm as ChecksumAlgorithm, check).toString('hex'), hex, algorithm)
  }
})

test('a sum taken in pieces of any size is the sum of the whole', () => {
  const data = randomBytes(10_007)
  for (const algorithm of ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA256'] as const) {
    for (const step of [1, 3, 8, 1000]) {
      const digest = startDigest(algorithm)
      for (let at = 0; at < data.length; at += step) digest.update(data.subarray(at, at + step))
      assert.deepEqual(digest.digest(), digestOf(algorithm, data), `${algorithm} by ${step}`)
    }
  }
})

test('the CRC of a whole comes out of the CRCs of its parts', () => {
  const data = randomBytes(9_001)
  const cuts = [0, 1, 4096, 8192, 8192, 9001]
  for (const algorithm of ['CRC32', 'CRC32C', 'CRC64NVME'] satisfies CombinableAlgorithm[]) {
    const parts = cuts.slice(1).map((end, index) => {
      const part = data.subarray(cuts[index], end)
      return { crc: digestOf(algorithm, part), size: part.length }
    })
    assert.deepEqual(combineCrcs(algorithm, parts), digestOf(algorithm, data), algorithm)
  }
})
