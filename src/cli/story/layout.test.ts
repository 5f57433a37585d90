import assert from 'node:assert/strict'
import { test } from 'node:test'
import { padTo, widthOf, wrap } from './layout.ts'

test('letters of Chinese, Japanese and Korean take two columns', () => {
  assert.equal(widthOf('Pod 2 の権限'), 12)
  assert.equal(padTo('権限', 6), '権限  ')
  assert.equal(widthOf('✔ ①'), 3)
})

test('lines break at blanks and between wide letters, and no line is wider', () => {
  assert.deepEqual(wrap('one two three', 7), ['one two', 'three'])
  assert.deepEqual(wrap('役割の鎖と輪', 6), ['役割の', '鎖と輪'])
  assert.deepEqual(wrap('abcdefgh', 3), ['abc', 'def', 'gh'])
})

test('marks stay with the letter that they belong to', () => {
  assert.deepEqual(wrap('鎖です。輪', 6), ['鎖で', 'す。輪'])
  assert.deepEqual(wrap('あ(い', 3), ['あ', '(い'])
})
