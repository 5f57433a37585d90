import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { linkNames } from '../chain/verdict.ts'
import type { AuditRecord } from './audit-log.ts'
import { packRecord, unpackRecord } from './packed-record.ts'

const text = fc.string()
const evidence = fc.record(
  { wanted: text, actual: text, key: text, operator: text, source: text },
  { requiredKeys: [], noNullPrototype: true },
)
const verdict = fc.record(
  {
    link: fc.constantFrom(...linkNames),
    verdict: fc.constantFrom('passed', 'refused', 'not-reached', 'not-applicable'),
    summary: text,
    evidence: fc.array(evidence, { maxLength: 4 }),
    fix: text,
  },
  { requiredKeys: ['link', 'verdict', 'summary', 'evidence'], noNullPrototype: true },
)
const free = fc.dictionary(text, fc.oneof(text, fc.integer(), fc.constant(null)), {
  noNullPrototype: true,
})
const record = fc.record(
  {
    requestId: text,
    at: fc.integer(),
    region: text,
    account: text,
    service: text,
    operation: text,
    action: text,
    resource: text,
    caller: fc.record(
      { type: fc.constantFrom('root', 'session', 'anonymous'), arn: text, accessKeyId: text },
      { requiredKeys: ['type'], noNullPrototype: true },
    ),
    subject: fc.record(
      { cluster: text, namespace: text, pod: text, podUid: text, serviceAccount: text },
      { requiredKeys: ['cluster', 'namespace'], noNullPrototype: true },
    ),
    sourceIp: text,
    userAgent: text,
    outcome: fc.constantFrom('allowed', 'denied', 'failed'),
    status: fc.integer(),
    errorCode: text,
    errorMessage: text,
    links: fc.array(verdict, { maxLength: 4 }),
    userIdentity: free,
    requestParameters: free,
    responseElements: free,
    resources: fc.array(fc.record({ arn: text, type: text }, { noNullPrototype: true })),
  },
  {
    requiredKeys: [
      ...(['requestId', 'at', 'region', 'account', 'service', 'operation', 'caller'] as const),
      ...(['sourceIp', 'userAgent', 'outcome', 'status', 'links'] as const),
    ],
    noNullPrototype: true,
  },
)

test('a record comes back from its packed form as it was', () => {
  fc.assert(
    fc.property(record, (given) => {
      const packed = JSON.stringify(packRecord(given as AuditRecord))
      // Of numbers and lone surrogates JSON keeps what it can.
      assert.deepEqual(unpackRecord(JSON.parse(packed)), JSON.parse(JSON.stringify(given)))
    }),
  )
})
