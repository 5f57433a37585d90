import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseForm } from './form.ts'

describe('a form', () => {
  const texts = [
    '',
    '&',
    'a',
    'a=',
    '=b',
    'a=1&b=2',
    'a=1&a=2',
    'a=b=c&&d',
    'a+b=c+d',
    'a%20b=%2B%25',
    'a=%E3%81%82%F0%9F%98%80',
    'a=%',
    'a=%zz&b=%4',
    'a=%FF%FE',
    'a=%ED%A0%80',
    'a=あ&%E3%81%82=い',
    '__proto__=1&constructor=2',
    'a=%00%0A',
  ]
  it('reads as URLSearchParams does, the first value of a name counting', () => {
    for (const text of texts) {
      const wanted = new URLSearchParams(text)
      const form = parseForm(text)
      const names = new Set(wanted.keys())
      assert.deepEqual(
        [...form],
        [...names].map((name) => [name, wanted.get(name)]),
        text,
      )
    }
  })

  it('refuses more fields than an honest request has', () => {
    assert.equal([...parseForm(`${'a=1&'.repeat(8191)}b=2`)].length, 2)
    assert.throws(() => parseForm('a=1&'.repeat(8192)), /more than 8192 parameters/)
  })
})
