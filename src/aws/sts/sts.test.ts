import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ManualClock } from '../../clock/manual-clock.ts'
import { presignQuery } from '../../kernel/sigv4/sign.ts'
import { administrator, allowing, testAccount, testRegion } from '../gateway/testing.ts'
import { call, credentialsOf, refused, web } from './query-client.testing.ts'
import { startTestSts, type TestSts, trusting } from './testing.ts'

const clock = new ManualClock(Date.now())
let sts: TestSts
before(async () => {
  sts = await startTestSts({ clock })
})
after(() => sts[Symbol.asyncDispose]())

const token = (claims = {}, header = {}) => sts.issuer.token(clock.now(), claims, header)

describe('GetCallerIdentity by URL', () => {
  const url = (at: number, expiresSeconds: number) => {
    const host = `127.0.0.1:${sts.port}`
    const query = presignQuery({
      method: 'GET',
      rawPath: '/',
      rawQuery: 'Action=GetCallerIdentity&Version=2011-06-15',
      headers: { host, 'x-k8s-aws-id': 'demo' },
      region: testRegion,
      service: 'sts',
      credentials: administrator,
      at,
      expiresSeconds,
    })
    return fetch(`http://${host}/?${query}`, { headers: { 'x-k8s-aws-id': 'demo' } })
  }

  it('is good for 15 minutes, whatever the URL says', async () => {
    for (const expiresSeconds of [0, 60, 900]) {
      const response = await url(clock.now() - 14 * 60_000, expiresSeconds)
      assert.equal(response.status, 200)
      assert.match(await response.text(), /user\/administrator<\/Arn>/)
    }
    const late = await url(clock.now() - 16 * 60_000, 3600)
    assert.equal(late.status, 403)
    assert.match(
      await late.text(),
      /Signature expired: \w+ is now earlier than \w+ \(\w+ - 15 min\.\)/,
    )
  })
})

describe('the other operations', () => {
  it('GetSessionToken acts as the user, and cannot be had from a session', async () => {
    const answer = await call(sts, 'GetSessionToken', {}, administrator)
    const credentials = credentialsOf(answer)
    const who = await call(sts, 'GetCallerIdentity', {}, credentials)
    assert.equal(who.value('Arn'), `arn:aws:iam::${testAccount}:user/administrator`)
    await refused(
      call(sts, 'GetSessionToken', {}, credentials),
      403,
      'AccessDenied',
      'Cannot call GetSessionToken with session credentials',
    )
  })

  it('GetFederationToken narrows what the user may do to its policy', async () => {
    const answer = await call(
      sts,
      'GetFederationToken',
      { Name: 'bob', Policy: allowing('sts:*') },
      administrator,
    )
    assert.equal(answer.value('FederatedUserId'), `${testAccount}:bob`)
    const credentials = credentialsOf(answer)
    const who = await call(sts, 'GetCallerIdentity', {}, credentials)
    assert.deepEqual(
      [who.value('Arn'), who.value('UserId')],
      [`arn:aws:sts::${testAccount}:federated-user/bob`, `${testAccount}:bob`],
    )
    assert.equal(
      (await call(sts, 'GetAccessKeyInfo', { AccessKeyId: administrator.accessKeyId }, credentials))
        .status,
      200,
    )
    const none = credentialsOf(
      await call(sts, 'GetFederationToken', { Name: 'bob' }, administrator),
    )
    await refused(
      call(sts, 'GetAccessKeyInfo', { AccessKeyId: administrator.accessKeyId }, none),
      403,
      'AccessDenied',
      `User: arn:aws:sts::${testAccount}:federated-user/bob is not authorized to perform: sts:GetAccessKeyInfo because no session policy allows the sts:GetAccessKeyInfo action`,
    )
  })

  it('GetAccessKeyInfo reads the account out of a key id', async () => {
    const { accessKeyId } = credentialsOf(await web(sts, token()))
    const answer = await call(sts, 'GetAccessKeyInfo', { AccessKeyId: accessKeyId }, administrator)
    assert.equal(answer.value('Account'), testAccount)
    await refused(
      call(sts, 'GetAccessKeyInfo', { AccessKeyId: 'AKIA1111111111111111' }, administrator),
      400,
      'ValidationError',
      'Access key ID is not valid.',
    )
  })

  it('DecodeAuthorizationMessage opens what was sealed for the account only', async () => {
    const decode = (EncodedMessage: string) =>
      call(sts, 'DecodeAuthorizationMessage', { EncodedMessage }, administrator)
    const answer = await decode(sts.sessions.sealMessage(testAccount, 'because'))
    assert.equal(answer.value('DecodedMessage'), 'because')
    await refused(
      decode(sts.sessions.sealMessage('999999999999', 'x')),
      400,
      'InvalidAuthorizationMessageException',
    )
    await refused(decode('AAAA'), 400, 'InvalidAuthorizationMessageException')
  })

  it('what is not served, or not known, is refused in the protocol', async () => {
    await refused(call(sts, 'GetDelegatedAccessToken', {}, administrator), 501, 'NotImplemented')
    await refused(
      call(sts, 'Nonsense', {}, administrator),
      400,
      'InvalidAction',
      'Could not find operation Nonsense for version 2011-06-15',
    )
    await refused(call(sts, 'Nonsense'), 400, 'InvalidAction')
  })
})

describe('sessions of services', () => {
  const trustPolicy = trusting({ Service: 'ec2.amazonaws.com' })

  it('the node role is handed out with instance and pod sealed in', () => {
    const role = sts.identities.addRole('node', [], { trustPolicy })
    const pod = { cluster: 'demo', namespace: 'default', pod: 'pod-before' }
    const request = {
      roleArn: role.arn,
      service: 'ec2.amazonaws.com',
      sessionName: 'i-0abc',
      durationSeconds: 3600,
      instanceId: 'i-0abc',
      instanceRegion: 'eu-west-1',
      roleDelivery: '2.0' as const,
      pod,
    }
    const credentials = sts.sts.assumeRoleForService(request)
    assert.ok('sessionToken' in credentials)
    const opened = sts.sessions.open(credentials.accessKeyId, credentials.sessionToken)
    assert.ok('caller' in opened && opened.caller.kind === 'session')
    assert.equal(opened.caller.arn, `arn:aws:sts::${testAccount}:assumed-role/node/i-0abc`)
    const { instanceId, instanceRegion, roleDelivery, pod: asking } = opened.caller.session
    assert.deepEqual(
      [instanceId, instanceRegion, roleDelivery, asking],
      ['i-0abc', 'eu-west-1', '2.0', pod],
    )
    const other = sts.sts.assumeRoleForService({ ...request, service: 'lambda.amazonaws.com' })
    assert.ok(other instanceof Error && other.code === 'AccessDenied')
    assert.ok(
      sts.sts.assumeRoleForService({ ...request, roleArn: `${role.arn}x` }) instanceof Error,
    )
  })
})
