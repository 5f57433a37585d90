import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { accountOfKey, base32, idPrefixes, newId, newSecret } from './ids.ts'

test('ids have AWS’s prefixes and lengths', () => {
  for (const [kind, prefix] of Object.entries(idPrefixes)) {
    const id = newId(kind as keyof typeof idPrefixes, '012345678901')
    const length = kind.endsWith('-key') ? 16 : 17
    assert.match(id, new RegExp(`^${prefix}[A-Z2-7]{${length}}$`))
  }
  assert.match(newSecret(), /^[A-Za-z0-9+/]{40}$/)
})

test('the account of any key can be told from the key', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999_999_999_999 }), (number) => {
      const account = String(number).padStart(12, '0')
      assert.equal(accountOfKey(newId('access-key', account)), account)
      assert.equal(accountOfKey(newId('session-key', account)), account)
    }),
  )
})

test('a key of AWS’s own is read the same way', () => {
  // The example of the access key documentation that Aidan Steele took apart: ASIAQNZGKIQY56JQ7WML is of 029608264753.
  assert.equal(accountOfKey('ASIAQNZGKIQY56JQ7WML'), '029608264753')
})

test('what is no key has no account', () => {
  for (const text of ['', 'AKIA', 'AKIA0000000000000000', 'AROAQNZGKIQY56JQ7WMLA']) {
    assert.equal(accountOfKey(text), undefined)
  }
})

test('ids are not made twice', () => {
  const ids = Array.from({ length: 10_000 }, () => newId('role', '111122223333'))
  assert.equal(new Set(ids).size, ids.length)
})

test('base32 is that of RFC 4648 without padding', () => {
  const vectors = ['', 'MY', 'MZXQ', 'MZXW6', 'MZXW6YQ', 'MZXW6YTB', 'MZXW6YTBOI']
  for (const [length, expected] of vectors.entries()) {
    assert.equal(base32(Buffer.from('foobar'.slice(0, length))), expected)
  }
})
