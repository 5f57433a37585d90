import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDuration } from './duration.ts'

test('durations are read as people type them', () => {
  assert.equal(parseDuration('90s'), 90_000)
  assert.equal(parseDuration('1h30m'), 5_400_000)
  assert.equal(parseDuration('1.5h'), 5_400_000)
  for (const text of ['', '1', 'h', '-1h', '1y', '1h ', '1h 2m']) {
    assert.equal(parseDuration(text), undefined, text)
  }
})
