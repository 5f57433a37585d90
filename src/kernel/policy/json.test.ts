import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type JsonNode, parseJson } from './json.ts'

/** The value that a tree stands for. */
function toValue(node: JsonNode): unknown {
  switch (node.kind) {
    case 'object': {
      const entries = node.members.map(({ key, value }) => [key, toValue(value)] as const)
      return Object.fromEntries(entries)
    }
    case 'array':
      return node.items.map(toValue)
    case 'string':
      return node.text
    default:
      return JSON.parse(node.text)
  }
}

describe('parseJson', () => {
  it('reads what JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 2, '\t'), (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        const { node } = parseJson(text)
        assert.ok(node)
        assert.deepEqual(toValue(node), JSON.parse(text))
        assert.deepEqual([node.start, node.end], [0, text.length])
      }),
      { numRuns: 500 },
    )
  })

  it('takes and refuses what JSON.parse takes and refuses, duplicate keys apart', () => {
    const unit = fc.constantFrom(...'{}[]",:\\ntrufalse0123-+.eE \n\t\u0001u')
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 14 }), (text) => {
        let valid = true
        try {
          JSON.parse(text)
        } catch {
          valid = false
        }
        const { problem } = parseJson(text)
        if (problem?.reason !== 'duplicate-key') assert.equal(problem === undefined, valid, text)
      }),
      { numRuns: 5000 },
    )
  })

  it('gives each value its place in the text', () => {
    const text = '{ "a" : [1, "two"] , "b":{"c":null}}'
    const { node } = parseJson(text)
    assert.equal(node?.kind, 'object')
    if (node?.kind !== 'object') return
    const [a, b] = node.members
    assert.equal(text.slice(a?.start, a?.end), '"a" : [1, "two"]')
    assert.equal(text.slice(a?.keySpan.start, a?.keySpan.end), '"a"')
    assert.equal(text.slice(b?.value.start, b?.value.end), '{"c":null}')
  })

  for (const [text, reason, place] of [
    ['{"a":1,"a":2}', 'duplicate-key', '"a"'],
    ['{"a":tru}', 'syntax', 't'],
    ['[1,]', 'syntax', ']'],
  ] as const) {
    it(`says where ${text} is wrong`, () => {
      const { problem } = parseJson(text)
      assert.equal(problem?.reason, reason)
      assert.equal(text.slice(problem?.span.start, problem?.span.end), place)
    })
  }

  it('finds a duplicate among many keys', () => {
    const keys = Array.from({ length: 40 }, (_, i) => `"k${i}":1`)
    assert.ok(parseJson(`{${keys.join()}}`).node)
    assert.equal(parseJson(`{${keys.join()},"k3":1}`).problem?.reason, 'duplicate-key')
    assert.equal(parseJson(`{${keys.join()},"k39":1}`).problem?.reason, 'duplicate-key')
  })
})
