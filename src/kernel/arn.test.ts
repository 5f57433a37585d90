import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseArn } from './arn.ts'

/** The same as a pattern, which is easier to believe and slower. */
const form = /^arn:([^:]+):([^:]+):([^:]*):([^:]*):([\s\S]+)$/

test('an ARN is taken apart at its first five colons, and nothing else is one', () => {
  const piece = fc.constantFrom(
    '',
    'arn',
    'aws',
    'iam',
    's3',
    '111122223333',
    'role/a',
    'a:b',
    '\n',
  )
  const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(':'))
  fc.assert(
    fc.property(text, (arn) => {
      const [, partition, service, region, account, resource] = form.exec(arn) ?? []
      const expected =
        partition === undefined ? undefined : { partition, service, region, account, resource }
      assert.deepEqual(parseArn(arn), expected)
    }),
    { numRuns: 2_000 },
  )
})
