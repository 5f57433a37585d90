import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { brotliDecompressSync } from 'node:zlib'
import type { PolicyKind } from './decision.ts'
import { readVectors } from './testing/vectors.ts'
import { validatePolicy } from './validate.ts'
import { validateBucketPolicy } from './validate-bucket.ts'

interface ValidationVector {
  readonly kind: PolicyKind
  readonly document: unknown
  readonly message: string | null
  readonly code?: string
  readonly at?: string
}

describe('validatePolicy', () => {
  for (const vector of readVectors<ValidationVector>('validation')) {
    it(`${vector.kind}: ${vector.name}`, () => {
      const { kind, document, message, code = 'MalformedPolicyDocument', at } = vector
      const text = typeof document === 'string' ? document : JSON.stringify(document)
      const [problem] = validatePolicy(text, kind)
      assert.equal(problem?.message ?? null, message)
      if (!problem) return
      assert.equal(problem.code, code)
      assert.ok(problem.span)
      if (at !== undefined) assert.equal(text.slice(problem.span.start, problem.span.end), at)
    })
  }

  it('takes every policy that AWS manages', () => {
    const file = new URL('../../../data/managed-policies.json.br', import.meta.url)
    const { policies } = JSON.parse(brotliDecompressSync(readFileSync(file)).toString()) as {
      policies: readonly (readonly [string, string, number, number, string])[]
    }
    const refused = policies.filter(([, , , , text]) => validatePolicy(text, 'identity').length > 0)
    assert.deepEqual(
      refused.map(([name]) => name),
      [],
    )
    assert.ok(policies.length > 1000)
  })

  it("refuses another bucket's resources where the bucket is known", () => {
    const statement = {
      Effect: 'Allow',
      Principal: '*',
      Action: 's3:*',
      Resource: 'arn:aws:s3:::b/*',
    }
    const text = JSON.stringify({ Version: '2012-10-17', Statement: statement })
    assert.deepEqual(validateBucketPolicy(text, 'arn:aws:s3:::b'), [])
    const [problem] = validateBucketPolicy(text, 'arn:aws:s3:::bb')
    assert.equal(problem?.message, 'Policy has invalid resource')
  })
})
