/** Outbound federation with the real aws: tokens that STS signs for AWS identities, verified as a service outside would. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import type { SigningCredentials } from '../src/kernel/sigv4/sign.ts'
import {
  type Acceptance,
  account,
  document,
  outcome,
  roleArn,
  startAcceptance,
} from './support/acceptance.ts'
import { ok } from './support/lab.ts'

let it: Acceptance
let session: SigningCredentials
/** No URL: aws 1 would fetch it and send what it found. */
const audience = 'api.example.com'
const disabled = /An error occurred \(FeatureDisabled\)/

before(async () => {
  it = await startAcceptance()
  const Action = ['sts:GetWebIdentityToken', 'sts:TagGetWebIdentityToken']
  await it.role('caller', { tokens: { Effect: 'Allow', Action, Resource: '*' } })
  await it.iam('TagRole', {
    RoleName: 'caller',
    'Tags.member.1.Key': 'team',
    'Tags.member.1.Value': 'blue',
  })
  session = await it.session('caller')
})
after(() => it[Symbol.asyncDispose]())

/** A raw GetWebIdentityToken of these credentials. */
function ask(fields: Record<string, string>, credentials = session) {
  const body = new URLSearchParams({
    Action: 'GetWebIdentityToken',
    Version: '2011-06-15',
    'Audience.member.1': audience,
    SigningAlgorithm: 'RS256',
    ...fields,
  }).toString()
  return it.signed({ method: 'POST', service: 'sts', credentials, body })
}

/** What curl reads from an address of the lab's issuers. */
async function read(url: string): Promise<Record<string, unknown>> {
  const ca = it.lab.environment['AWS_CA_BUNDLE'] ?? ''
  const { stdout } = ok(await it.lab.run('curl', ['-sS', '--fail', '--cacert', ca, url]))
  return JSON.parse(stdout) as Record<string, unknown>
}

let issuer = ''

test('the feature is off at first, and both questions about it say so', async () => {
  const iam = (command: string) => it.lab.aws('iam', command)
  assert.match((await iam('get-outbound-web-identity-federation-info')).stderr, disabled)
  assert.match((await iam('disable-outbound-web-identity-federation')).stderr, disabled)
  const get = ['sts', 'get-web-identity-token', '--audience', audience]
  const refused = await it.awsAs(session, ...get, '--signing-algorithm', 'ES384')
  assert.match(refused.stderr, /\(OutboundWebIdentityFederationDisabledException\)/)
})

test('enabled, it has an issuer of its own that stays the same through disabling and enabling', async () => {
  const iam = async (command: string) => JSON.parse(ok(await it.lab.aws('iam', command)).stdout)
  issuer = (await iam('enable-outbound-web-identity-federation')).IssuerIdentifier
  assert.match(issuer, /^https:\/\/localhost:\d+\/outbound\/[0-9a-f-]{36}$/)
  const again = await it.lab.aws('iam', 'enable-outbound-web-identity-federation')
  assert.match(again.stderr, /\(FeatureEnabled\)/)
  ok(await it.lab.aws('iam', 'disable-outbound-web-identity-federation'))
  await iam('enable-outbound-web-identity-federation')
  assert.deepEqual(await iam('get-outbound-web-identity-federation-info'), {
    IssuerIdentifier: issuer,
    JwtVendingEnabled: true,
  })
})

test('a token says who asked, for whom and with which tags, and verifies with what the issuer publishes', async () => {
  const discovery = await read(`${issuer}/.well-known/openid-configuration`)
  assert.equal(discovery['issuer'], issuer)
  for (const algorithm of ['RS256', 'ES384'] as const) {
    const got = await it.awsAs(
      session,
      ...['sts', 'get-web-identity-token', '--audience', audience, '--output', 'json'],
      ...['--signing-algorithm', algorithm, '--tags', 'Key=job,Value=42'],
    )
    const { WebIdentityToken, Expiration } = JSON.parse(ok(got).stdout)
    const keys = createLocalJWKSet(
      (await read(String(discovery['jwks_uri']))) as unknown as JSONWebKeySet,
    )
    const { payload, protectedHeader } = await jwtVerify(WebIdentityToken, keys, {
      issuer,
      audience,
    })
    assert.equal(protectedHeader.alg, algorithm)
    assert.equal(payload.sub, roleArn('caller'))
    assert.equal(payload.aud, audience)
    assert.equal((payload.exp ?? 0) - (payload.iat ?? 0), 300)
    assert.equal(Date.parse(Expiration) / 1000, payload.exp)
    const claims = payload['https://sts.amazonaws.com/'] as Record<string, unknown>
    const { original_session_exp: ends, ...rest } = claims
    assert.match(String(ends), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    assert.deepEqual(rest, {
      aws_account: account,
      source_region: 'ap-northeast-1',
      principal_id: roleArn('caller'),
      principal_tags: { team: 'blue' },
      federated_provider: `arn:aws:iam::${account}:oidc-provider/${it.provider}`,
      request_tags: { job: '42' },
    })
  }
})

test('several audiences are a list', async () => {
  const answer = await ask({ 'Audience.member.2': 'other' })
  const [, payload = ''] = answer.value('WebIdentityToken')?.split('.') ?? []
  assert.deepEqual(JSON.parse(Buffer.from(payload, 'base64url').toString()).aud, [
    audience,
    'other',
  ])
})

test('limits, algorithms and lives beyond the session are refused', async () => {
  assert.match(
    outcome(await ask({ DurationSeconds: '59', SigningAlgorithm: 'HS256' })),
    /^400 ValidationError: 2 validation errors detected: .*'signingAlgorithm'.*; .*'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 60$/,
  )
  assert.match(outcome(await ask({ SubjectMode: 'OriginIdentity' })), /^400 ValidationError: /)
  assert.match(outcome(await ask({ Scope: 'read' })), /^400 ValidationError: /)
  const many = Array.from({ length: 50 }, (_, index) => [
    [`Tags.member.${index + 1}.Key`, `${'k'.repeat(120)}${index}`],
    [`Tags.member.${index + 1}.Value`, 'v'.repeat(256)],
  ]).flat()
  assert.match(
    outcome(await ask(Object.fromEntries(many))),
    /^400 JWTPayloadSizeExceededException: /,
  )
  ok(await it.lab.podpass('clock', 'advance', '10m'))
  const short = await it.session('caller', { DurationSeconds: '900' })
  assert.match(
    outcome(await ask({ DurationSeconds: '3600' }, short)),
    /^403 SessionDurationEscalationException: /,
  )
  ok(await it.lab.podpass('clock', 'reset'))
})

test('policies decide by audience, algorithm, duration and tags', async () => {
  const allow = (Condition: object, action = 'sts:GetWebIdentityToken') => ({
    ...{ Effect: 'Allow', Action: action, Resource: '*' },
    Condition,
  })
  const only = {
    'ForAllValues:StringEquals': { 'sts:IdentityTokenAudience': audience },
    StringEquals: { 'sts:SigningAlgorithm': 'ES384' },
    NumericLessThanEquals: { 'sts:DurationSeconds': 300 },
  }
  await it.role('bounded', { tokens: allow(only) })
  const bounded = await it.session('bounded')
  const es = { SigningAlgorithm: 'ES384' }
  assert.equal(outcome(await ask(es, bounded)), '200')
  const who = `User: arn:aws:sts::${account}:assumed-role/bounded/sess is not authorized to perform`
  const because = (action: string) =>
    `403 AccessDenied: ${who}: ${action} on resource: arn:aws:sts::${account}:self because no identity-based policy allows the ${action} action`
  const denied = because('sts:GetWebIdentityToken')
  assert.equal(outcome(await ask({}, bounded)), denied)
  assert.equal(outcome(await ask({ ...es, DurationSeconds: '301' }, bounded)), denied)
  assert.equal(outcome(await ask({ ...es, 'Audience.member.1': 'other' }, bounded)), denied)
  const tag = { 'Tags.member.1.Key': 'job', 'Tags.member.1.Value': '42' }
  assert.equal(
    outcome(await ask({ ...es, ...tag }, bounded)),
    because('sts:TagGetWebIdentityToken'),
  )
  const PolicyDocument = document([
    allow({ StringEquals: { 'aws:RequestTag/job': '42' } }, 'sts:TagGetWebIdentityToken'),
  ])
  await it.iam('PutRolePolicy', { RoleName: 'bounded', PolicyName: 'tags', PolicyDocument })
  assert.equal(outcome(await ask({ ...es, ...tag }, bounded)), '200')
})

test('AWS does not take its own tokens back, also where their issuer is registered', async () => {
  ok(
    await it.lab.aws(
      ...['iam', 'create-open-id-connect-provider', '--url', issuer],
      ...['--client-id-list', 'sts.amazonaws.com'],
    ),
  )
  const answer = await ask({ 'Audience.member.1': 'sts.amazonaws.com' })
  const token = answer.value('WebIdentityToken') ?? ''
  assert.equal(
    outcome(await it.exchange(token)),
    `400 InvalidIdentityToken: No OpenIDConnect provider found in your account for ${issuer}`,
  )
})

test('disabled, no token is signed; those that are out can still be verified', async () => {
  ok(await it.lab.aws('iam', 'disable-outbound-web-identity-federation'))
  assert.match(outcome(await ask({})), /^403 OutboundWebIdentityFederationDisabledException: /)
  assert.equal((await read(`${issuer}/.well-known/openid-configuration`))['issuer'], issuer)
})
