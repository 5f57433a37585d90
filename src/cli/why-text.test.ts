import assert from 'node:assert/strict'
import { test } from 'node:test'
import { differenceMarks } from './why-text.ts'

test('only the parts that differ are marked, below where they stand', () => {
  assert.equal(
    differenceMarks('system:serviceaccount:default:my-sa', 'system:serviceaccount:other:thief'),
    '                      ━━━━━ ━━━━━',
  )
  assert.equal(differenceMarks('a', 'b'), '')
  assert.equal(differenceMarks('same:same', 'same:same'), '')
})
