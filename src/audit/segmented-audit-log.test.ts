import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { AuditRecord } from './audit-log.ts'
import { createPinoLog } from './pino-log.ts'
import { openAuditLog } from './segmented-audit-log.ts'

function record(n: number, more: Partial<AuditRecord> = {}): AuditRecord {
  return {
    requestId: `r${n}`,
    at: n,
    region: 'ap-northeast-1',
    account: '111122223333',
    service: 's3',
    operation: 'GetObject',
    caller: {
      type: 'session',
      arn: 'arn:aws:sts::111122223333:assumed-role/irsa/sess',
      accessKeyId: 'ASIA1',
    },
    sourceIp: '127.0.0.1',
    userAgent: 'test',
    outcome: 'allowed',
    status: 200,
    links: [{ link: 'session', verdict: 'passed', summary: 'valid', evidence: [] }],
    ...more,
  }
}

function ids(records: readonly AuditRecord[]): string[] {
  return records.map(({ requestId }) => requestId)
}

describe('the audit log', () => {
  it('gives records back whole, newest first, page by page', () => {
    using log = openAuditLog({ limit: 100 })
    for (let n = 1; n <= 5; n++) log.record(record(n))
    const [newest] = log.find({ limit: 1 })
    assert.deepEqual(newest, { ...record(5), sequence: 5 })
    const page = log.find({ limit: 2 })
    assert.deepEqual(ids(page), ['r5', 'r4'])
    assert.deepEqual(ids(log.find({ limit: 2, beforeSequence: page[1]?.sequence ?? 0 })), [
      'r3',
      'r2',
    ])
  })

  it('finds by every field', () => {
    using log = openAuditLog({ limit: 100 })
    const subject = { cluster: 'demo', namespace: 'default', pod: 'pod-after', podUid: 'u1' }
    const resources = [{ arn: 'arn:aws:iam::111122223333:role/irsa', type: 'AWS::IAM::Role' }]
    log.record(record(1, { outcome: 'denied', subject, resource: 'arn:aws:s3:::b/k' }))
    log.record(
      record(2, {
        service: 'iam',
        operation: 'CreateRole',
        resources,
        userIdentity: { userName: 'alice' },
      }),
    )
    log.record(
      record(3, { account: '222233334444', caller: { type: 'root', accessKeyId: 'AKIA2' } }),
    )
    const cases: [Parameters<typeof log.find>[0], string[]][] = [
      [{ requestId: 'r1' }, ['r1']],
      [{ outcome: 'denied' }, ['r1']],
      [{ cluster: 'demo', namespace: 'default', pod: 'pod-after' }, ['r1']],
      [{ podUid: 'u1' }, ['r1']],
      [{ podUid: 'u2' }, []],
      [{ operation: 'CreateRole' }, ['r2']],
      [{ service: 'iam' }, ['r2']],
      [{ readOnly: false }, ['r2']],
      [{ readOnly: true }, ['r3', 'r1']],
      [{ userName: 'alice' }, ['r2']],
      [{ userName: 'sess' }, ['r1']],
      [{ userName: 'root' }, ['r3']],
      [{ accessKeyId: 'AKIA2' }, ['r3']],
      [{ account: '222233334444' }, ['r3']],
      [{ resourceName: 'irsa' }, ['r2']],
      [{ resourceName: 'AWS::IAM::Role' }, ['r2']],
      [{ resourceName: 'arn:aws:s3:::b/k' }, ['r1']],
      [{ resourceName: "'; DROP TABLE event; --" }, []],
      [{ since: 2, until: 2 }, ['r2']],
    ]
    for (const [query, expect] of cases)
      assert.deepEqual(ids(log.find(query)), expect, JSON.stringify(query))
  })

  it('keeps the newest only, within a tenth of its limit', () => {
    using log = openAuditLog({ limit: 100 })
    for (let n = 1; n <= 1000; n++) {
      log.record(record(n))
      if (n % 10 === 0) log.find({ limit: 1 })
    }
    const all = log.find({})
    assert.ok(all.length >= 100 && all.length <= 110, String(all.length))
    assert.equal(all[0]?.requestId, 'r1000')
  })

  it('is still there when it is opened again', () => {
    const folder = mkdtempSync(join(tmpdir(), 'podpass-audit-'))
    {
      using log = openAuditLog({ folder, limit: 100 })
      for (let n = 1; n <= 3; n++) log.record(record(n))
    }
    const [segment = ''] = readdirSync(folder)
    assert.equal(statSync(join(folder, segment)).mode & 0o777, 0o600)
    // A crash cuts the last line; somebody damages the second.
    const [first, , third = ''] = readFileSync(join(folder, segment), 'utf8').split('\n')
    writeFileSync(join(folder, segment), `${first}\n{"oops"\n${third.slice(0, -9)}`)
    using log = openAuditLog({ folder, limit: 100 })
    log.record(record(4))
    const found = log.find({}).map(({ requestId, sequence }) => [requestId, sequence])
    assert.deepEqual(found, [
      ['r4', 3],
      ['r1', 1],
    ])
    rmSync(folder, { recursive: true })
  })

  it('finds across segments, page by page', () => {
    using log = openAuditLog({ limit: 300 })
    for (let n = 1; n <= 300; n++) {
      log.record(record(n, { outcome: n % 2 ? 'denied' : 'allowed' }))
      if (n % 7 === 0) log.find({ limit: 1 })
    }
    const page = log.find({ outcome: 'denied', limit: 2 })
    assert.deepEqual(ids(page), ['r299', 'r297'])
    const next = { outcome: 'denied' as const, limit: 1, beforeSequence: page[1]?.sequence ?? 0 }
    assert.deepEqual(ids(log.find(next)), ['r295'])
    assert.equal(log.find({ outcome: 'denied' }).length, 150)
  })

  it('never throws at whoever records', () => {
    const problems: unknown[] = []
    const log = openAuditLog({ limit: 10, onError: (error) => problems.push(error) })
    const loop: Record<string, unknown> = {}
    loop['self'] = loop
    log.record(record(1, { userIdentity: loop }))
    assert.deepEqual(log.find({}), [])
    assert.equal(problems.length, 1)
    log.record(record(2))
    assert.deepEqual(ids(log.find({})), ['r2'])
    log[Symbol.dispose]()
    log.record(record(3))
  })
})

describe('the logger', () => {
  it('writes JSON lines without secrets, from its level on', () => {
    const lines: string[] = []
    const log = createPinoLog({
      level: 'info',
      destination: { write: (line) => void lines.push(line) },
    })
    log.debug({}, 'not written')
    log.info({ sessionToken: 'AQxyz', url: '/?X-Amz-Signature=abc', n: 1 }, 'hello')
    assert.equal(lines.length, 1)
    const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>
    assert.deepEqual([line['msg'], line['n']], ['hello', 1])
    assert.doesNotMatch(lines[0] ?? '', /AQxyz|abc/)
  })
})
