import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DocumentCache } from './document-cache.ts'
import { createEvaluator } from './evaluate.ts'

const document = (i: number) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: { Sid: `S${i}`, Effect: 'Allow', Action: 's3:*', Resource: `arn:aws:s3:::b${i}/*` },
  })

describe('DocumentCache', () => {
  it('gives one compiled document for one text', () => {
    const cache = new DocumentCache(1e9)
    assert.equal(cache.get(document(1)), cache.get(`${document(1)} `.trim()))
    assert.notEqual(cache.get(document(1)), cache.get(document(2)))
  })

  it('keeps within its bound, whatever passes through', () => {
    const cache = new DocumentCache(20_000)
    for (let i = 0; i < 1000; i++) {
      cache.get(document(i))
      assert.ok(cache.bytes <= 20_000 + 2_000)
    }
  })

  it('keeps what is used over what is not', () => {
    const cache = new DocumentCache(20_000)
    const favourite = cache.get(document(0))
    for (let i = 1; i < 1000; i++) {
      cache.get(document(i))
      assert.equal(cache.get(document(0)), favourite)
    }
  })

  it('keeps one document larger than the bound', () => {
    const cache = new DocumentCache(10)
    const only = cache.get(document(0))
    assert.equal(cache.get(document(0)), only)
    assert.notEqual(cache.get(document(1)), only)
  })
})

describe('createEvaluator', () => {
  it('answers the same with hardly any cache', () => {
    const evaluate = createEvaluator({ cacheBytes: 1 })
    for (let i = 0; i < 50; i++) {
      const identity = [0, 1, 2].map((k) => ({ name: `p${k}`, document: document(i + k) }))
      const principal = {
        kind: 'user',
        account: '1',
        arn: 'arn:aws:iam::1:user/a',
        id: 'A',
      } as const
      const request = { principal, action: 's3:GetObject', context: {} }
      const resource = `arn:aws:s3:::b${i + 2}/k`
      assert.equal(evaluate({ ...request, resource }, { identity }).decision, 'allowed')
      const other = { ...request, resource: `arn:aws:s3:::b${i + 3}/k` }
      assert.equal(evaluate(other, { identity }).decision, 'implicitDeny')
    }
  })
})
