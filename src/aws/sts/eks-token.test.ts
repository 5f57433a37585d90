import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ManualClock } from '../../clock/manual-clock.ts'
import { presignQuery, type SigningCredentials } from '../../kernel/sigv4/sign.ts'
import { administrator, testAccount, testRegion } from '../gateway/testing.ts'
import { startTestSts, type TestSts } from './testing.ts'

const clock = new ManualClock(Date.now())
let sts: TestSts
before(async () => {
  sts = await startTestSts({ clock })
})
after(() => sts[Symbol.asyncDispose]())

function tokenFor(change: {
  host?: string
  path?: string
  query?: string
  cluster?: string | undefined
  credentials?: SigningCredentials
  service?: string
  at?: number
  expiresSeconds?: number
  after?: (url: string) => string
}): string {
  const { host = `127.0.0.1:${sts.port}`, path = '/', credentials = administrator } = change
  const cluster = 'cluster' in change ? change.cluster : 'demo'
  const query = presignQuery({
    method: 'GET',
    rawPath: path,
    rawQuery: change.query ?? 'Action=GetCallerIdentity&Version=2011-06-15',
    headers: { host, ...(cluster === undefined ? {} : { 'x-k8s-aws-id': cluster }) },
    region: testRegion,
    service: change.service ?? 'sts',
    credentials,
    at: change.at ?? clock.now(),
    expiresSeconds: change.expiresSeconds ?? 60,
  })
  const url = `http://${host}${path}?${query}`
  return `k8s-aws-v1.${Buffer.from(change.after?.(url) ?? url).toString('base64url')}`
}

function check(token: string, cluster = 'demo'): string {
  const verified = sts.sts.verifyEksToken(token, cluster)
  return 'refused' in verified ? verified.refused : verified.arn
}

const arn = `arn:aws:iam::${testAccount}:user/administrator`

describe('EKS tokens', () => {
  it('of the real aws are accepted for their cluster alone', async () => {
    const { stdout } = await sts.aws(['eks', 'get-token', '--cluster-name', 'demo'])
    const { status } = JSON.parse(stdout) as { status: { token: string } }
    assert.equal(check(status.token), arn)
    assert.equal(check(status.token, 'other'), 'bad-signature')
  })

  it('live 15 minutes, whatever they say', () => {
    assert.equal(check(tokenFor({ at: clock.now() - 14 * 60_000 })), arn)
    assert.equal(check(tokenFor({ expiresSeconds: 0 })), arn)
    assert.equal(check(tokenFor({ at: clock.now() - 16 * 60_000 })), 'expired-request')
    assert.equal(check(tokenFor({ at: clock.now() + 10 * 60_000 })), 'skewed')
    assert.match(check(tokenFor({ expiresSeconds: 901 })), /longer than 15 minutes/)
  })

  it('are refused for another host, path, action, service or an unsigned cluster', () => {
    assert.match(check(tokenFor({ host: 'sts.evil.example' })), /another endpoint/)
    assert.match(check(tokenFor({ path: '/x' })), /another path/)
    assert.match(
      check(tokenFor({ query: 'Action=GetSessionToken&Version=2011-06-15' })),
      /another action/,
    )
    assert.match(
      check(tokenFor({ query: 'Action=GetCallerIdentity&Version=2011-06-15&x=1' })),
      /a parameter too many/,
    )
    assert.match(check(tokenFor({ service: 's3' })), /another service/)
    assert.match(check(tokenFor({ cluster: undefined })), /does not sign x-k8s-aws-id/)
  })

  it('are refused when forged, revoked or no tokens at all', () => {
    assert.equal(
      check(tokenFor({ credentials: { ...administrator, secretAccessKey: 'x' } })),
      'bad-signature',
    )
    assert.equal(
      check(tokenFor({ credentials: { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' } })),
      'unknown-key',
    )
    assert.match(check(tokenFor({ after: (url) => url.replace('http:', 'ftp:') })), /no URL/)
    assert.match(
      check(tokenFor({ after: (url) => url.replace('http://', 'http://user@') })),
      /no URL/,
    )
    assert.match(check(tokenFor({ after: (url) => `${url}&X-Amz-Expires=60` })), /one twice/)
    for (const text of [
      '',
      'k8s-aws-v1.',
      'k8s-aws-v1.%%%',
      'k8s-aws-v1.aGVsbG8',
      'v2.x',
      `k8s-aws-v1.${'a'.repeat(20_000)}`,
    ]) {
      assert.match(check(text), /^the token/, text.slice(0, 40))
    }
  })
})
