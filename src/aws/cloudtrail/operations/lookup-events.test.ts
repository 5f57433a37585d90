import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AuditQuery, AuditRecord } from '../../../audit/audit-log.ts'
import { openAuditLog } from '../../../audit/segmented-audit-log.ts'
import type { Call } from '../../operation.ts'
import { lookupEvents } from './lookup-events.ts'

const at = Date.UTC(2026, 5, 1)
const call = { at, account: '111122223333' } as Call

function record(n: number): AuditRecord {
  return {
    requestId: `r${n}`,
    at: at - n,
    region: 'ap-northeast-1',
    account: '111122223333',
    service: 's3',
    operation: 'GetObject',
    resource: 'arn:aws:s3:::b/k',
    caller: { type: 'user', arn: 'arn:aws:iam::111122223333:user/alice', accessKeyId: 'AKIA1' },
    sourceIp: '127.0.0.1',
    userAgent: 'test',
    outcome: 'denied',
    status: 403,
    links: [],
  }
}

type Input = Parameters<typeof lookupEvents.handle>[0]

async function lookup(input: Input, audit: { find(query: AuditQuery): AuditRecord[] }) {
  return lookupEvents.handle(input, call, { audit })
}

describe('LookupEvents', () => {
  it('pages through the log without gaps or repeats', async () => {
    using audit = openAuditLog({ limit: 100 })
    for (let n = 5; n >= 1; n--) audit.record(record(n))
    const seen: unknown[] = []
    let NextToken: string | undefined
    do {
      const page = await lookup({ MaxResults: 2, ...(NextToken ? { NextToken } : {}) }, audit)
      seen.push(...page.Events.map((event) => event['EventId']))
      NextToken = page.NextToken
    } while (NextToken)
    assert.deepEqual(seen, ['r1', 'r2', 'r3', 'r4', 'r5'])
  })

  it('asks the log for the own account, the attribute and the time', async () => {
    const queries: AuditQuery[] = []
    const find = (query: AuditQuery): AuditRecord[] => {
      queries.push(query)
      return []
    }
    const audit = { find }
    const cases: [string, string, AuditQuery][] = [
      ['EventId', 'r1', { requestId: 'r1' }],
      ['EventName', 'GetObject', { operation: 'GetObject' }],
      ['EventSource', 's3.amazonaws.com', { service: 's3' }],
      ['Username', 'alice', { userName: 'alice' }],
      ['AccessKeyId', 'AKIA1', { accessKeyId: 'AKIA1' }],
      ['ReadOnly', 'false', { readOnly: false }],
      ['ResourceName', 'b', { resourceName: 'b' }],
    ]
    for (const [AttributeKey, AttributeValue, expect] of cases) {
      await lookup({ LookupAttributes: [{ AttributeKey, AttributeValue }] }, audit)
      const since = at - 90 * 86_400_000
      assert.deepEqual(queries.pop(), { ...expect, account: '111122223333', since, limit: 51 })
    }
  })

  it('refuses what AWS refuses', async () => {
    const audit = { find: () => [] }
    const attribute = { AttributeKey: 'EventName', AttributeValue: 'x' }
    const cases: [Input, string][] = [
      [{ MaxResults: 0 }, 'InvalidMaxResultsException'],
      [{ MaxResults: 51 }, 'InvalidMaxResultsException'],
      [{ NextToken: 'x' }, 'InvalidNextTokenException'],
      [{ StartTime: new Date(2), EndTime: new Date(1) }, 'InvalidTimeRangeException'],
      [{ LookupAttributes: [attribute, attribute] }, 'InvalidLookupAttributesException'],
      [
        { LookupAttributes: [{ ...attribute, AttributeKey: 'x' }] },
        'InvalidLookupAttributesException',
      ],
    ]
    for (const [input, code] of cases) await assert.rejects(lookup(input, audit), { code })
  })
})
