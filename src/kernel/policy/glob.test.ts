import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { compileGlob, globPieces } from './glob.ts'

/** Another way to say the same, fit for short texts. */
function byRegExp(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 's').test(text)
}

describe('compileGlob', () => {
  it('matches as a regular expression would', () => {
    const pattern = fc.string({
      unit: fc.constantFrom('a', 'b', '*', '?', '\n', '.'),
      maxLength: 8,
    })
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '.', '*'), maxLength: 10 })
    fc.assert(
      fc.property(
        pattern,
        text,
        (p, t) => compileGlob(globPieces(p)).matches(t) === byRegExp(p, t),
      ),
      { numRuns: 5000 },
    )
  })

  it('matches the text that a pattern was made from', () => {
    const part = fc.string({ maxLength: 5 })
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), part, (parts, filler) => {
        const plain = parts.map((each) => each.replace(/[*?]/g, ''))
        assert.ok(compileGlob(globPieces(plain.join('*'))).matches(plain.join(filler)))
      }),
    )
  })
})
