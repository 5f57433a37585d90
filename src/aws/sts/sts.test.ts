import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ManualClock } from '../../clock/manual-clock.ts'
import { type SigningCredentials, signHeaders } from '../../kernel/sigv4/sign.ts'
import { echoService } from '../gateway/echo-service.testing.ts'
import { administrator, allowing, testAccount, testRegion } from '../gateway/testing.ts'
import {
  startTestSts,
  type TestSts,
  testIssuer,
  testProviderArn,
  trusting,
  trustingIssuer,
} from './testing.ts'

const clock = new ManualClock(Date.now())
let sts: TestSts
before(async () => {
  sts = await startTestSts({ clock, more: [echoService('s3')] })
})
after(() => sts[Symbol.asyncDispose]())

type Values = Record<string, string>

/** Sends a Query request, unsigned unless credentials are given; answers status, and the text of XML elements. */
async function call(
  action: string,
  parameters: Values = {},
  credentials?: SigningCredentials,
  method: 'POST' | 'GET' = 'POST',
) {
  const form = new URLSearchParams({
    Action: action,
    Version: '2011-06-15',
    ...parameters,
  }).toString()
  const rawQuery = method === 'GET' ? form : ''
  const body = method === 'POST' ? form : ''
  const plain = {
    host: `127.0.0.1:${sts.port}`,
    ...(body ? { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' } : {}),
  }
  const headers = credentials
    ? signHeaders({
        method,
        rawPath: '/',
        rawQuery,
        headers: plain,
        region: testRegion,
        service: 'sts',
        credentials,
        at: clock.now(),
        body,
      })
    : plain
  const url = `${sts.endpoint}/${rawQuery ? `?${rawQuery}` : ''}`
  const response = await fetch(url, { method, headers, ...(body ? { body } : {}) })
  const text = await response.text()
  const value = (name: string) =>
    new RegExp(`<${name}>([^<]*)</${name}>`)
      .exec(text)?.[1]
      ?.replaceAll('&#39;', "'")
      .replaceAll('&apos;', "'")
      .replaceAll('&quot;', '"')
  return { status: response.status, text, value, headers: response.headers }
}

function credentialsOf(answer: { value(name: string): string | undefined }): SigningCredentials {
  return {
    accessKeyId: answer.value('AccessKeyId') ?? '',
    secretAccessKey: answer.value('SecretAccessKey') ?? '',
    sessionToken: answer.value('SessionToken') ?? '',
  }
}

const roleArn = `arn:aws:iam::${testAccount}:role/irsa`

function web(token: string, more: Values = {}, method: 'POST' | 'GET' = 'POST') {
  const parameters = { RoleArn: roleArn, RoleSessionName: 'sess', WebIdentityToken: token, ...more }
  return call('AssumeRoleWithWebIdentity', parameters, undefined, method)
}

async function refused(
  answer: ReturnType<typeof call>,
  status: number,
  code: string,
  message?: string | RegExp,
) {
  const { status: got, value } = await answer
  assert.equal(`${got} ${value('Code')}`, `${status} ${code}`)
  if (typeof message === 'string') assert.equal(value('Message'), message)
  else if (message) assert.match(value('Message') ?? '', message)
}

const token = (claims = {}, header = {}) => sts.issuer.token(clock.now(), claims, header)

describe('AssumeRoleWithWebIdentity', () => {
  it('trades a token for a session, by POST and by GET, without a signature', async () => {
    for (const method of ['POST', 'GET'] as const) {
      const answer = await web(token(), {}, method)
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
      const who = await call('GetCallerIdentity', {}, credentialsOf(answer))
      assert.equal(who.value('Arn'), answer.value('Arn'))
    }
  })

  it('does not mind a stray signature', async () => {
    const stray = { ...administrator, secretAccessKey: 'wrong' }
    const parameters = { RoleArn: roleArn, RoleSessionName: 'sess', WebIdentityToken: token() }
    assert.equal((await call('AssumeRoleWithWebIdentity', parameters, stray)).status, 200)
  })

  it("refuses in AWS's order and words", async () => {
    const now = Math.floor(clock.now() / 1000)
    const denied = 'Not authorized to perform sts:AssumeRoleWithWebIdentity'
    await refused(
      web(token({ sub: 'system:serviceaccount:default:other' })),
      403,
      'AccessDenied',
      denied,
    )
    await refused(web(token(), { RoleArn: `${roleArn}-missing` }), 403, 'AccessDenied', denied)
    await refused(
      web(token({ aud: 'other' })),
      400,
      'InvalidIdentityToken',
      'Incorrect token audience',
    )
    await refused(
      web(token({ aud: 'other', sub: 'other' })),
      400,
      'InvalidIdentityToken',
      'Incorrect token audience',
    )
    await refused(
      web(token({ iss: 'https://evil' })),
      400,
      'InvalidIdentityToken',
      'No OpenIDConnect provider found in your account for https://evil',
    )
    await refused(
      web(token(), { RoleArn: 'arn:aws:iam::999999999999:role/irsa' }),
      400,
      'InvalidIdentityToken',
      `No OpenIDConnect provider found in your account for ${testIssuer}`,
    )
    await refused(
      web(token({ exp: now - 3600, iat: now - 7200, nbf: now - 7200, aud: 'other' })),
      400,
      'ExpiredTokenException',
      `Token expired: current date/time ${now} must be before the expiration date/time ${now - 3600}`,
    )
    await refused(
      web(token({ aud: undefined })),
      400,
      'InvalidIdentityToken',
      'Missing a required claim: aud',
    )
    await refused(web(`${token().slice(0, -8)}AAAAAAAA`), 400, 'InvalidIdentityToken')
    await refused(web(token({}, { alg: 'none' })), 400, 'InvalidIdentityToken')
    await refused(web(token({}, { alg: 'HS256' })), 400, 'InvalidIdentityToken')
    await refused(
      web(token({}, { kid: 'two' })),
      400,
      'InvalidIdentityToken',
      /^Couldn't retrieve verification key from your identity provider, {2}please/,
    )
    await refused(web('garbage'), 400, 'InvalidIdentityToken')
  })

  it('checks its parameters before anything else, all of them at once', async () => {
    await refused(
      web('x'.repeat(20_001)),
      400,
      'ValidationError',
      /^1 validation error detected: Value '.*' at 'webIdentityToken' failed to satisfy constraint: Member must have length less than or equal to 20000$/,
    )
    await refused(
      web(token(), { RoleSessionName: 'a b', DurationSeconds: '899' }),
      400,
      'ValidationError',
      /^2 validation errors detected: .*'roleSessionName'.*; .*'durationSeconds'/,
    )
    await refused(
      call('AssumeRoleWithWebIdentity', { RoleArn: roleArn, RoleSessionName: 'sess' }),
      400,
      'ValidationError',
      "1 validation error detected: Value null at 'webIdentityToken' failed to satisfy constraint: Member must not be null",
    )
    await refused(
      web(token(), { RoleArn: 'arn:aws:s3:::bucket-of-mine' }),
      400,
      'ValidationError',
      /is invalid$/,
    )
    await refused(
      web(token(), { DurationSeconds: '43200' }),
      400,
      'ValidationError',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    )
    await refused(web(token(), { Policy: '{' }), 400, 'MalformedPolicyDocument')
  })

  it('seals tags and source identity of the token into the session', async () => {
    const claims = {
      'https://aws.amazon.com/tags': {
        principal_tags: { team: ['blue'] },
        transitive_tag_keys: ['team'],
      },
      'https://aws.amazon.com/source_identity': 'alice',
    }
    const answer = await web(token(claims))
    assert.equal(answer.status, 200)
    assert.equal(answer.value('SourceIdentity'), 'alice')
    assert.ok(Number(answer.value('PackedPolicySize')) > 0)
    const { accessKeyId, sessionToken = '' } = credentialsOf(answer)
    const opened = sts.sessions.open(accessKeyId, sessionToken)
    assert.ok('caller' in opened && opened.caller.kind === 'session')
    assert.deepEqual(opened.caller.session.tags, { team: 'blue' })
    assert.deepEqual(opened.caller.session.transitiveTagKeys, ['team'])
  })

  it('remembers the pod and the condition keys in the session, and records every link', async () => {
    const answer = await web(token())
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
    const credentials = credentialsOf(await web(token(), more))
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

describe('AssumeRole', () => {
  const assume = (
    role: string,
    more: Values = {},
    credentials: SigningCredentials = administrator,
  ) =>
    call(
      'AssumeRole',
      { RoleArn: `arn:aws:iam::${testAccount}:role/${role}`, RoleSessionName: 'sess', ...more },
      credentials,
    )

  it('asks the trust policy, with external id, for the session', async () => {
    const condition = { StringEquals: { 'sts:ExternalId': 'abc' } }
    sts.identities.addRole('partner', [], {
      trustPolicy: trusting({ AWS: `arn:aws:iam::${testAccount}:root` }, condition),
    })
    assert.equal((await assume('partner', { ExternalId: 'abc' })).status, 200)
    await refused(
      assume('partner', { ExternalId: 'abd' }),
      403,
      'AccessDenied',
      /^User: .* is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::\d+:role\/partner/,
    )
    assert.equal(sts.audit.last?.links.find(({ verdict }) => verdict === 'refused')?.link, 'trust')
    await refused(
      assume('missing'),
      403,
      'AccessDenied',
      /not authorized to perform: sts:AssumeRole/,
    )
    await refused(
      call('AssumeRole', { RoleArn: roleArn, RoleSessionName: 'sess' }),
      403,
      'MissingAuthenticationToken',
    )
  })

  it('caps chained sessions at an hour and carries transitive tags along', async () => {
    const anyone = trusting({ AWS: `arn:aws:iam::${testAccount}:root` })
    sts.identities.addRole('first', [allowing('sts:*')], {
      trustPolicy: anyone,
      maxSessionDuration: 43_200,
    })
    sts.identities.addRole('second', [], { trustPolicy: anyone, maxSessionDuration: 43_200 })
    const tags = {
      'Tags.member.1.Key': 'team',
      'Tags.member.1.Value': 'blue',
      'TransitiveTagKeys.member.1': 'team',
    }
    const first = await assume('first', {
      ...tags,
      DurationSeconds: '43200',
      SourceIdentity: 'alice',
    })
    assert.equal(first.status, 200)
    const credentials = credentialsOf(first)
    await refused(
      assume('second', { DurationSeconds: '3601' }, credentials),
      400,
      'ValidationError',
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
    )
    await refused(assume('second', tags, credentials), 400, 'InvalidParameterValue')
    const second = await assume('second', {}, credentials)
    assert.equal(second.value('SourceIdentity'), 'alice')
    const { accessKeyId, sessionToken = '' } = credentialsOf(second)
    const opened = sts.sessions.open(accessKeyId, sessionToken)
    assert.ok('caller' in opened && opened.caller.kind === 'session')
    assert.deepEqual(
      [opened.caller.session.tags, opened.caller.session.chained],
      [{ team: 'blue' }, true],
    )
  })
})

describe('the other operations', () => {
  it('GetSessionToken acts as the user, and cannot be had from a session', async () => {
    const answer = await call('GetSessionToken', {}, administrator)
    const credentials = credentialsOf(answer)
    const who = await call('GetCallerIdentity', {}, credentials)
    assert.equal(who.value('Arn'), `arn:aws:iam::${testAccount}:user/administrator`)
    await refused(
      call('GetSessionToken', {}, credentials),
      403,
      'AccessDenied',
      'Cannot call GetSessionToken with session credentials',
    )
  })

  it('GetFederationToken narrows what the user may do to its policy', async () => {
    const answer = await call(
      'GetFederationToken',
      { Name: 'bob', Policy: allowing('sts:*') },
      administrator,
    )
    assert.equal(answer.value('FederatedUserId'), `${testAccount}:bob`)
    const credentials = credentialsOf(answer)
    const who = await call('GetCallerIdentity', {}, credentials)
    assert.deepEqual(
      [who.value('Arn'), who.value('UserId')],
      [`arn:aws:sts::${testAccount}:federated-user/bob`, `${testAccount}:bob`],
    )
    assert.equal(
      (await call('GetAccessKeyInfo', { AccessKeyId: administrator.accessKeyId }, credentials))
        .status,
      200,
    )
    const none = credentialsOf(await call('GetFederationToken', { Name: 'bob' }, administrator))
    await refused(
      call('GetAccessKeyInfo', { AccessKeyId: administrator.accessKeyId }, none),
      403,
      'AccessDenied',
      /no session policy allows/,
    )
  })

  it('GetAccessKeyInfo reads the account out of a key id', async () => {
    const { accessKeyId } = credentialsOf(await web(token()))
    const answer = await call('GetAccessKeyInfo', { AccessKeyId: accessKeyId }, administrator)
    assert.equal(answer.value('Account'), testAccount)
    await refused(
      call('GetAccessKeyInfo', { AccessKeyId: 'AKIA1111111111111111' }, administrator),
      400,
      'ValidationError',
    )
  })

  it('DecodeAuthorizationMessage opens what was sealed for the account only', async () => {
    const decode = (EncodedMessage: string) =>
      call('DecodeAuthorizationMessage', { EncodedMessage }, administrator)
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
    await refused(call('GetWebIdentityToken', {}, administrator), 501, 'NotImplemented')
    await refused(
      call('Nonsense', {}, administrator),
      400,
      'InvalidAction',
      'Could not find operation Nonsense for version 2011-06-15',
    )
    await refused(call('Nonsense'), 400, 'InvalidAction')
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
      pod,
    }
    const credentials = sts.sts.assumeRoleForService(request)
    assert.ok('sessionToken' in credentials)
    const opened = sts.sessions.open(credentials.accessKeyId, credentials.sessionToken)
    assert.ok('caller' in opened && opened.caller.kind === 'session')
    assert.equal(opened.caller.arn, `arn:aws:sts::${testAccount}:assumed-role/node/i-0abc`)
    assert.deepEqual([opened.caller.session.instanceId, opened.caller.session.pod], ['i-0abc', pod])
    const other = sts.sts.assumeRoleForService({ ...request, service: 'lambda.amazonaws.com' })
    assert.ok(other instanceof Error && other.code === 'AccessDenied')
    assert.ok(
      sts.sts.assumeRoleForService({ ...request, roleArn: `${role.arn}x` }) instanceof Error,
    )
  })
})
