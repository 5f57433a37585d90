import assert from 'node:assert/strict'
import { test } from 'node:test'
import { base32 } from './ids.ts'
import { areConsecutive, codeAt, driftOf, newSeed, stepOf } from './totp.ts'

const seed = base32(Buffer.from('12345678901234567890'))

test('codes are those of RFC 6238, appendix B', () => {
  for (const [seconds, code] of [
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ] as const) {
    assert.equal(codeAt(seed, seconds * 1000), code)
  }
})

test('two codes are good where one follows the other about now', () => {
  const now = 1_700_000_000_000
  const at = (steps: number) => codeAt(seed, now + steps * 30_000)
  assert.ok(areConsecutive(seed, at(-1), at(0), now))
  assert.ok(areConsecutive(seed, at(0), at(1), now))
  assert.ok(!areConsecutive(seed, at(0), at(0), now))
  assert.ok(!areConsecutive(seed, at(0), at(-1), now))
  assert.ok(!areConsecutive(seed, at(-20), at(-19), now))
  assert.ok(!areConsecutive(seed, at(20), at(21), now))
})

test('two codes in a row say how far a clock is off, half an hour at most', () => {
  const now = 1_700_000_000_000
  const at = (steps: number) => codeAt(seed, now + steps * 30_000)
  for (const off of [-60, -6, 0, 1, 60]) {
    assert.equal(driftOf(seed, at(off - 1), at(off), now), off)
    assert.equal(stepOf(seed, at(off), now, off), Math.floor(now / 30_000) + off)
  }
  assert.equal(driftOf(seed, at(0), at(0), now), undefined)
  assert.equal(driftOf(seed, at(-62), at(-61), now), undefined)
  assert.equal(stepOf(seed, at(0), now, -6), undefined)
})

test('a code says at which step it is shown, near now only', () => {
  const now = 1_700_000_000_000
  assert.equal(stepOf(seed, codeAt(seed, now), now), Math.floor(now / 30_000))
  assert.equal(stepOf(seed, codeAt(seed, now + 30_000), now), Math.floor(now / 30_000) + 1)
  assert.equal(stepOf(seed, codeAt(seed, now - 300_000), now), undefined)
  assert.match(newSeed(), /^[A-Z2-7]{64}$/)
})
