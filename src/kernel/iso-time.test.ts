import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isoMillis, isoSeconds } from './iso-time.ts'

test('times are written as Date writes them', () => {
  const edges = [
    ...[0, -1, 1, 999, 1000, -1000, -86_400_001, 8.64e15, -8.64e15],
    ...['0001-01-01', '0999-12-31T23:59:59.999Z', '1000-01-01', '1600-02-29', '1900-03-01'],
    ...['1970-12-31T23:59:59.999Z', '2000-02-29', '2024-02-29T23:59:59.999Z', '2100-02-28'],
    ...['9999-12-31T23:59:59.999Z', '+010000-01-01T00:00:00.000Z'],
  ]
  for (const edge of edges) check(typeof edge === 'number' ? edge : Date.parse(edge))
  fc.assert(fc.property(fc.date({ noInvalidDate: true }), (date) => check(date.getTime())))
  const usual = fc.integer({ min: Date.UTC(1900), max: Date.UTC(2200) })
  fc.assert(
    fc.property(usual, (ms) => check(ms)),
    { numRuns: 1000 },
  )
})

test('every day of 400 years has its date', () => {
  for (let day = 0; day < 146_097; day++) check(Date.UTC(1800, 0, 1 + day))
})

test('parts of a millisecond are dropped, and what is no time is refused', () => {
  assert.equal(isoMillis(1_795_669_416_525.9), '2026-11-26T05:03:36.525Z')
  for (const none of [Number.NaN, Number.POSITIVE_INFINITY, 9e15]) {
    assert.throws(() => isoMillis(none), RangeError)
    assert.throws(() => isoSeconds(none), RangeError)
  }
})

function check(ms: number): void {
  const iso = new Date(ms).toISOString()
  assert.equal(isoMillis(ms), iso)
  assert.equal(isoSeconds(ms), `${iso.slice(0, -5)}Z`)
}
