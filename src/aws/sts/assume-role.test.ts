import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ManualClock } from '../../clock/manual-clock.ts'
import type { SigningCredentials } from '../../kernel/sigv4/sign.ts'
import { administrator, allowing, testAccount } from '../gateway/testing.ts'
import { call, credentialsOf, refused, roleArn, type Values } from './query-client.testing.ts'
import { startTestSts, type TestSts, trusting } from './testing.ts'

const clock = new ManualClock(Date.now())
let sts: TestSts
before(async () => {
  sts = await startTestSts({ clock })
})
after(() => sts[Symbol.asyncDispose]())

describe('AssumeRole', () => {
  const assume = (
    role: string,
    more: Values = {},
    credentials: SigningCredentials = administrator,
  ) =>
    call(
      sts,
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
      `User: arn:aws:iam::${testAccount}:user/administrator is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::${testAccount}:role/partner`,
    )
    assert.equal(sts.audit.last?.links.find(({ verdict }) => verdict === 'refused')?.link, 'trust')
    const forbidding = trusting({ AWS: '*' }).replace('"Allow"', '"Deny"')
    sts.identities.addRole('closed', [], { trustPolicy: forbidding })
    await refused(
      assume('closed'),
      403,
      'AccessDenied',
      /role\/closed with an explicit deny in the role trust policy$/,
    )
    await refused(
      assume('missing'),
      403,
      'AccessDenied',
      /not authorized to perform: sts:AssumeRole/,
    )
    await refused(
      call(sts, 'AssumeRole', { RoleArn: roleArn, RoleSessionName: 'sess' }),
      403,
      'MissingAuthenticationToken',
    )
  })

  it('refuses what is no ARN of a role', async () => {
    for (const arn of [
      'arn:aws:iam:us-east-1:123456789012:role/demo',
      'arn:aws:iam::123456789012:role/demo:bad',
      'arn:aws:iam::123456789012:role/path/',
      'arn:aws:iam:::role/demo',
      'arn:aws:sts::123456789012:role/demo',
      'arn:aws:acm::123456789012:certificate/demo',
    ]) {
      const ask = call(sts, 'AssumeRole', { RoleArn: arn, RoleSessionName: 'sess' }, administrator)
      await refused(ask, 400, 'ValidationError', `${arn} is invalid`)
    }
    for (const arn of [
      `arn:aws:iam::${testAccount}:user/administrator`,
      `arn:aws:iam::${testAccount}:root`,
      `arn:aws:sts::${testAccount}:assumed-role/demo/sess`,
    ]) {
      const ask = call(sts, 'AssumeRole', { RoleArn: arn, RoleSessionName: 'sess' }, administrator)
      await refused(
        ask,
        403,
        'AccessDenied',
        `User: arn:aws:iam::${testAccount}:user/administrator is not authorized to perform: sts:AssumeRole on resource: ${arn}`,
      )
    }
    await refused(assume('team:dev/missing'), 403, 'AccessDenied')
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
    for (const key of ['other', 'constructor']) {
      await refused(
        assume('first', { ...tags, 'TransitiveTagKeys.member.2': key }),
        400,
        'InvalidParameterValue',
        'The specified transitive tag key must be included in the requested tags.',
      )
    }
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

  it('knows the tags of the role, in the trust policy and in those of the caller', async () => {
    const me = `arn:aws:iam::${testAccount}:user/administrator`
    const tags = { team: 'blue' }
    for (const [key, status] of [
      ['aws:ResourceTag/team', 200],
      ['iam:ResourceTag/Team', 200],
      ['iam:ResourceTag/other', 403],
    ] as const) {
      const condition = { StringEquals: { [key]: 'blue' } }
      sts.identities.addRole('asking', [], { trustPolicy: trusting({ AWS: me }, condition), tags })
      assert.equal((await assume('asking')).status, status, key)
    }
    const keys = { accessKeyId: 'AKIATAGGED0000000000', secretAccessKey: 'tagged' }
    const own = allowing('sts:AssumeRole').replace(
      '"Resource"',
      '"Condition":{"StringEquals":{"iam:ResourceTag/team":"blue"}},"Resource"',
    )
    sts.identities.addUser('tagged', keys, own)
    const trustPolicy = trusting({ AWS: `arn:aws:iam::${testAccount}:root` })
    sts.identities.addRole('blue', [], { trustPolicy, tags })
    sts.identities.addRole('red', [], { trustPolicy, tags: { team: 'red' } })
    assert.equal((await assume('blue', {}, keys)).status, 200)
    await refused(assume('red', {}, keys), 403, 'AccessDenied')
  })

  it('takes no context of another identity, and asks the trust policy before it says so', async () => {
    const context = {
      'ProvidedContexts.member.1.ProviderArn': 'arn:aws:iam::aws:contextProvider/IdentityCenter',
      'ProvidedContexts.member.1.ContextAssertion': 'eyJ',
    }
    const trustPolicy = trusting({ AWS: `arn:aws:iam::${testAccount}:root` })
    sts.identities.addRole('plain', [], { trustPolicy })
    await refused(assume('plain', context), 403, 'AccessDenied', /perform: sts:SetContext/)
    const setting = trustPolicy.replace('sts:TagSession', 'sts:SetContext')
    sts.identities.addRole('setting', [], { trustPolicy: setting })
    await refused(
      assume('setting', context),
      400,
      'ValidationError',
      /context assertion is invalid/,
    )
  })

  it('is for no federated user, whatever his policy says', async () => {
    const trustPolicy = trusting({ AWS: `arn:aws:iam::${testAccount}:root` })
    sts.identities.addRole('anyones', [], { trustPolicy })
    const federated = { Name: 'bob', Policy: allowing('sts:*') }
    const keys = credentialsOf(await call(sts, 'GetFederationToken', federated, administrator))
    await refused(
      assume('anyones', {}, keys),
      403,
      'AccessDenied',
      `User: arn:aws:sts::${testAccount}:federated-user/bob is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::${testAccount}:role/anyones`,
    )
  })
})
