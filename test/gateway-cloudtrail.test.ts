import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { openAuditLog } from '../src/audit/segmented-audit-log.ts'
import { createCloudTrail } from '../src/aws/cloudtrail/service.ts'
import { allowing } from '../src/aws/gateway/testing.ts'
import { startTestSts, type TestSts } from '../src/aws/sts/testing.ts'
import { ManualClock } from '../src/clock/manual-clock.ts'

const clock = new ManualClock(Date.now())
const audit = openAuditLog({ limit: 1000 })
let sts: TestSts
before(async () => {
  sts = await startTestSts({ clock, audit, more: [createCloudTrail({ audit })] })
})
after(async () => {
  await sts[Symbol.asyncDispose]()
  audit[Symbol.dispose]()
})

interface Event {
  EventId: string
  EventName: string
  Username?: string
  ReadOnly: string
  CloudTrailEvent: string
}

async function lookup(...args: string[]): Promise<Event[]> {
  const { stdout, stderr } = await sts.aws(['cloudtrail', 'lookup-events', ...args])
  assert.equal(stderr, '')
  return (JSON.parse(stdout) as { Events: Event[] }).Events
}

const by = (key: string, value: string) => [
  '--lookup-attributes',
  `AttributeKey=${key},AttributeValue=${value}`,
]

describe('LookupEvents, asked by the real aws', () => {
  it('shows a refused web identity with every link, and hides the token', async () => {
    const token = sts.issuer.token(clock.now(), { sub: 'system:serviceaccount:kube:reader' })
    const args = [
      '--role-arn',
      'arn:aws:iam::111122223333:role/irsa',
      '--role-session-name',
      'sess',
    ]
    const call = ['sts', 'assume-role-with-web-identity', ...args, '--web-identity-token', token]
    const { status } = await sts.aws(call, { credentials: 'none' })
    assert.notEqual(status, 0)
    const [event] = await lookup(...by('EventName', 'AssumeRoleWithWebIdentity'))
    assert.ok(event)
    assert.equal(event.Username, 'system:serviceaccount:kube:reader')
    assert.ok(!event.CloudTrailEvent.includes(token))
    const record = JSON.parse(event.CloudTrailEvent) as {
      errorCode: string
      userIdentity: { type: string }
      additionalEventData: {
        podpass: { outcome: string; links: { link: string; verdict: string; fix?: string }[] }
      }
    }
    assert.deepEqual(
      [record.errorCode, record.userIdentity.type],
      ['AccessDenied', 'WebIdentityUser'],
    )
    const { outcome, links } = record.additionalEventData.podpass
    assert.equal(outcome, 'denied')
    assert.deepEqual(
      links.map(({ link, verdict }) => `${link} ${verdict}`),
      ['token passed', 'provider passed', 'trust refused'],
    )
    assert.ok(links[2]?.fix)
    const again = await lookup(...by('EventId', event.EventId))
    assert.deepEqual(
      again.map(({ EventId }) => EventId),
      [event.EventId],
    )
  })

  it('pages, and filters by name, user, key, resource and time', async () => {
    await sts.aws(['sts', 'get-caller-identity'])
    const [one, two] = await lookup('--max-items', '2', '--page-size', '1')
    assert.ok(one && two && one.EventId !== two.EventId)
    const names = async (...args: string[]) =>
      (await lookup(...args)).map(({ EventName }) => EventName)
    assert.deepEqual(await names(...by('EventName', 'GetCallerIdentity')), ['GetCallerIdentity'])
    assert.ok((await names(...by('Username', 'administrator'))).includes('GetCallerIdentity'))
    assert.ok(
      (await names(...by('AccessKeyId', 'AKIATESTADMIN0000001'))).includes('GetCallerIdentity'),
    )
    assert.deepEqual(await names(...by('ResourceName', 'irsa')), ['AssumeRoleWithWebIdentity'])
    assert.deepEqual(await names('--end-time', '2001-01-01'), [])
  })

  it('needs cloudtrail:LookupEvents, and refuses what is malformed', async () => {
    const reader = { accessKeyId: 'AKIAREADERREADERREAD', secretAccessKey: 'reader' }
    sts.identities.addUser('reader', reader, allowing('s3:*'))
    const denied = await sts.aws(['cloudtrail', 'lookup-events'], { credentials: reader })
    assert.match(
      denied.stderr,
      /AccessDeniedException.*not authorized to perform: cloudtrail:LookupEvents/,
    )
    const page = await sts.aws([
      'cloudtrail',
      'lookup-events',
      '--no-paginate',
      '--next-token',
      'AAAA',
    ])
    assert.match(page.stderr, /InvalidNextTokenException/)
    const range = await sts.aws([
      'cloudtrail',
      'lookup-events',
      '--start-time',
      '2026-02-01',
      '--end-time',
      '2026-01-01',
    ])
    assert.match(range.stderr, /InvalidTimeRangeException/)
  })
})
