import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearest } from './nearest.ts'

test('a slip of the fingers finds the word that was meant, another word does not', () => {
  assert.equal(nearest('isra', ['irsa', 'prod']), 'irsa')
  assert.equal(nearest('prd', ['irsa', 'prod']), 'prod')
  assert.equal(nearest('staging', ['irsa', 'prod']), undefined)
  assert.equal(nearest('x', []), undefined)
})
