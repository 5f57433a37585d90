import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ManualClock } from '../../clock/manual-clock.ts'
import { signHeaders } from '../../kernel/sigv4/sign.ts'
import { echoService } from '../gateway/echo-service.testing.ts'
import { administrator, allowing, testAccount, testRegion } from '../gateway/testing.ts'
import { call, credentialsOf, refused, roleArn, web } from './query-client.testing.ts'
import {
  startTestSts,
  type TestSts,
  testIssuer,
  testProviderArn,
  trustingIssuer,
} from './testing.ts'

const clock = new ManualClock(Date.now())
let sts: TestSts
before(async () => {
  sts = await startTestSts({ clock, more: [echoService('s3')] })
})
after(() => sts[Symbol.asyncDispose]())

const token = (claims = {}, header = {}) => sts.issuer.token(clock.now(), claims, header)

describe('AssumeRoleWithWebIdentity', () => {
  it('trades a token for a session, by POST and by GET, without a signature', async () => {
    for (const method of ['POST', 'GET'] as const) {
      const answer = await web(sts, token(), {}, method)
      assert.equal(answer.status, 200)
      assert.equal(answer.headers.get('content-type'), 'text/xml')
      assert.equal(
        answer.value('SubjectFromWebIdentityToken'),
        'system:serviceaccount:default:reader',
      )
      assert.equal(answer.value('Audience'), 'sts.amazonaws.com')
      assert.equal(answer.value('Provider'), testProviderArn)
      assert.equal(answer.value('Arn'), `arn:aws:sts::${testAccount}:assumed-role/irsa/sess`)
      assert.match(answer.value('AssumedRoleId') ?? '', /^AROA\w+:sess$/)
      assert.match(answer.value('AccessKeyId') ?? '', /^ASIA[A-Z2-7]{16}$/)
      assert.equal(answer.value('SecretAccessKey')?.length, 40)
      assert.equal(answer.headers.get('x-amzn-requestid'), answer.value('RequestId'))
      const expiration = Math.floor((clock.now() + 3_600_000) / 1000) * 1000
      assert.equal(Date.parse(answer.value('Expiration') ?? ''), expiration)
      const who = await call(sts, 'GetCallerIdentity', {}, credentialsOf(answer))
      assert.equal(who.value('Arn'), answer.value('Arn'))
    }
  })

  it('does not mind a stray signature', async () => {
    const stray = { ...administrator, secretAccessKey: 'wrong' }
    const parameters = { RoleArn: roleArn, RoleSessionName: 'sess', WebIdentityToken: token() }
    assert.equal((await call(sts, 'AssumeRoleWithWebIdentity', parameters, stray)).status, 200)
  })

  it("refuses in AWS's order and words", async () => {
    const now = Math.floor(clock.now() / 1000)
    const denied = 'Not authorized to perform sts:AssumeRoleWithWebIdentity'
    await refused(
      web(sts, token({ sub: 'system:serviceaccount:default:other' })),
      403,
      'AccessDenied',
      denied,
    )
    await refused(web(sts, token(), { RoleArn: `${roleArn}-missing` }), 403, 'AccessDenied', denied)
    await refused(
      web(sts, token({ aud: 'other' })),
      400,
      'InvalidIdentityToken',
      'Incorrect token audience',
    )
    await refused(
      web(sts, token({ aud: 'other', sub: 'other' })),
      400,
      'InvalidIdentityToken',
      'Incorrect token audience',
    )
    await refused(
      web(sts, token({ iss: 'https://evil' })),
      400,
      'InvalidIdentityToken',
      'No OpenIDConnect provider found in your account for https://evil',
    )
    await refused(
      web(sts, token(), { RoleArn: 'arn:aws:iam::999999999999:role/irsa' }),
      400,
      'InvalidIdentityToken',
      `No OpenIDConnect provider found in your account for ${testIssuer}`,
    )
    await refused(
      web(sts, token({ exp: now - 3600, iat: now - 7200, nbf: now - 7200, aud: 'other' })),
      400,
      'ExpiredTokenException',
      `Token expired: current date/time ${now} must be before the expiration date/time ${now - 3600}`,
    )
    await refused(
      web(sts, token({ aud: undefined })),
      400,
      'InvalidIdentityToken',
      'Missing a required claim: aud',
    )
    await refused(web(sts, `${token().slice(0, -8)}AAAAAAAA`), 400, 'InvalidIdentityToken')
    await refused(web(sts, token({}, { alg: 'none' })), 400, 'InvalidIdentityToken')
    await refused(web(sts, token({}, { alg: 'HS256' })), 400, 'InvalidIdentityToken')
    await refused(
      web(sts, token({}, { kid: 'two' })),
      400,
      'InvalidIdentityToken',
      /^Couldn't retrieve verification key from your identity provider, {2}please/,
    )
    await refused(web(sts, 'garbage'), 400, 'InvalidIdentityToken')
  })

  it('checks its parameters before anything else, all of them at once', async () => {
    await refused(
      web(sts, 'x'.repeat(20_001)),
      400,
      'ValidationError',
      /^1 validation error detected: Value '.*' at 'webIdentityToken' failed to satisfy constraint: Member must have length less than or equal to 20000$/,
    )
    await refused(
      web(sts, token(), { RoleSessionName: 'a b', DurationSeconds: '899' }),
      400,
      'ValidationError',
      /^2 validation errors detected: .*'roleSessionName'.*; .*'durationSeconds'/,
    )
    await refused(
      call(sts, 'AssumeRoleWithWebIdentity', { RoleArn: roleArn, RoleSessionName: 'sess' }),
      400,
      'ValidationError',
      "1 validation error detected: Value null at 'webIdentityToken' failed to satisfy constraint: Member must not be null",
    )
    await refused(
      web(sts, token(), { RoleArn: 'arn:aws:s3:::bucket-of-mine' }),
      400,
      'ValidationError',
      'Request ARN is invalid',
    )
    await refused(
      web(sts, token(), { DurationSeconds: '43200' }),
      400,
      'ValidationError',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    )
    await refused(web(sts, token(), { Policy: '{' }), 400, 'MalformedPolicyDocument')
  })

  it('seals tags and source identity of the token into the session', async () => {
    const claims = {
      'https://aws.amazon.com/tags': {
        principal_tags: { team: ['blue'] },
        transitive_tag_keys: ['team'],
      },
      'https://aws.amazon.com/source_identity': 'alice',
    }
    const answer = await web(sts, token(claims))
    assert.equal(answer.status, 200)
    assert.equal(answer.value('SourceIdentity'), 'alice')
    assert.ok(Number(answer.value('PackedPolicySize')) > 0)
    const { accessKeyId, sessionToken = '' } = credentialsOf(answer)
    const opened = sts.sessions.open(accessKeyId, sessionToken)
    assert.ok('caller' in opened && opened.caller.kind === 'session')
    assert.deepEqual(opened.caller.session.tags, { team: 'blue' })
    assert.deepEqual(opened.caller.session.transitiveTagKeys, ['team'])
  })

  it('refuses tags and source identities that no request could give', async () => {
    const tags = (principal_tags: object, more = {}) => ({
      'https://aws.amazon.com/tags': { principal_tags, ...more },
    })
    for (const claims of [
      tags({ 'a!': ['1'] }),
      tags({ ['a'.repeat(129)]: ['1'] }),
      tags({ 'aws:team': ['1'] }),
      tags({ team: ['1'.repeat(257)] }),
      tags({ team: ['1', '2'] }),
      tags({ team: ['1'], Team: ['2'] }),
      tags({ team: ['1'] }, { transitive_tag_keys: ['other'] }),
    ]) {
      await refused(web(sts, token(claims)), 400, 'ValidationError', 'Unable to validate tags')
    }
    for (const claims of [
      { 'https://aws.amazon.com/source_identity': 'not one' },
      { 'https://aws.amazon.com/source_identity': 'x'.repeat(65) },
    ]) {
      const text = 'Invalid value for claim: https://aws.amazon.com/source_identity'
      await refused(web(sts, token(claims)), 400, 'InvalidIdentityToken', text)
    }
  })

  it('lets the trust policy ask for the tags of the role', async () => {
    for (const [team, status] of [
      ['blue', 200],
      ['red', 403],
    ] as const) {
      const trustPolicy = trustingIssuer().replace(
        '"StringEquals":{',
        '"StringEquals":{"iam:ResourceTag/team":"blue",',
      )
      sts.identities.addRole('tagged', [], { trustPolicy, tags: { team } })
      const more = { RoleArn: roleArn.replace('irsa', 'tagged') }
      assert.equal((await web(sts, token(), more)).status, status, team)
    }
  })

  it('remembers the pod and the condition keys in the session, and records every link', async () => {
    const answer = await web(sts, token())
    const record = sts.audit.last
    const { accessKeyId, sessionToken = '' } = credentialsOf(answer)
    assert.deepEqual(
      record?.links.map(({ link, verdict }) => `${link} ${verdict}`),
      ['token passed', 'provider passed', 'trust passed'],
    )
    assert.equal(record?.userIdentity?.['type'], 'WebIdentityUser')
    assert.ok(!JSON.stringify(record).includes(sessionToken))
    const opened = sts.sessions.open(accessKeyId, sessionToken)
    assert.ok('caller' in opened && opened.caller.kind === 'session')
    const { pod, webIdentity } = opened.caller.session
    assert.deepEqual(pod, {
      cluster: 'demo',
      namespace: 'default',
      serviceAccount: 'reader',
      pod: 'pod-after',
      podUid: '3f5e',
    })
    assert.equal(webIdentity?.conditionKeys[`${testIssuer.slice(8)}:sub`], webIdentity?.subject)
    assert.equal(webIdentity?.providerArn, testProviderArn)
  })

  it('a session policy narrows the session', async () => {
    sts.identities.addRole('wide', [allowing('*')], { trustPolicy: trustingIssuer() })
    const more = { RoleArn: roleArn.replace('irsa', 'wide'), Policy: allowing('s3:GetObject') }
    const credentials = credentialsOf(await web(sts, token(), more))
    const headers = signHeaders({
      method: 'GET',
      rawPath: '/any',
      headers: { host: `127.0.0.1:${sts.port}` },
      region: testRegion,
      service: 's3',
      credentials,
      at: clock.now(),
    })
    const response = await fetch(`${sts.endpoint}/any`, { headers })
    assert.equal(response.status, 403)
    assert.match(await response.text(), /because no session policy allows the s3:Echo action/)
    const links = sts.audit.last?.links.map(({ link, verdict }) => `${link} ${verdict}`)
    assert.deepEqual(links, [
      'token passed',
      'provider passed',
      'trust passed',
      'session passed',
      'permissions refused',
      'resource not-reached',
    ])
    assert.equal(sts.audit.last?.subject?.pod, 'pod-after')
  })
})
