/** Acceptance checks 1 to 17 of the STS and IAM specification: which tokens buy a session, and how others are refused. */
import assert from 'node:assert/strict'
import { createSecretKey, generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  type Acceptance,
  account,
  createCluster,
  createClusterRole,
  document,
  environmentOf,
  outcome,
  reader,
  registerProvider,
  roleArn,
  startAcceptance,
  trustStatement,
} from './support/acceptance.ts'
import { ok } from './support/lab.ts'
import { startTestIssuer } from './support/test-issuer.ts'

let it: Acceptance
before(async () => {
  it = await startAcceptance()
})
after(() => it[Symbol.asyncDispose]())

const notAuthorized = '403 AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity'
const noKeys =
  "400 InvalidIdentityToken: Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements"

/** What curl reads, trusting the lab's authority. */
async function curl(url: string): Promise<Record<string, unknown>> {
  const ca = it.lab.environment['AWS_CA_BUNDLE'] ?? ''
  const read = ok(await it.lab.run('curl', ['-sS', '--fail', '--cacert', ca, url]))
  return JSON.parse(read.stdout) as Record<string, unknown>
}

let issuer = ''
let token = ''

test('check 1: the issuer is discoverable, names itself byte for byte, and publishes the key that signs', async () => {
  const { lab } = it
  await createClusterRole(it)
  issuer = await createCluster(it, 'demo')
  const discovery = await curl(`${issuer}/.well-known/openid-configuration`)
  assert.equal(discovery['issuer'], issuer)
  assert.deepEqual(discovery['id_token_signing_alg_values_supported'], ['RS256'])
  const { keys } = (await curl(String(discovery['jwks_uri']))) as { keys: { kid: string }[] }
  const kubeconfig = join(lab.home, 'kubeconfig-demo')
  ok(await lab.aws('eks', 'update-kubeconfig', '--name', 'demo', '--kubeconfig', kubeconfig))
  const kubectl = async (...args: string[]) =>
    ok(await lab.kubectl('--kubeconfig', kubeconfig, ...args)).stdout.trim()
  await kubectl('create', 'serviceaccount', 'reader')
  token = await kubectl('create', 'token', 'reader', '--audience=sts.amazonaws.com')
  const [header = ''] = token.split('.')
  const { kid, alg } = JSON.parse(Buffer.from(header, 'base64url').toString())
  assert.equal(alg, 'RS256')
  assert.ok(keys.some((key) => key.kid === kid))
})

test('check 2: a second cluster has an issuer of its own', async () => {
  const second = await createCluster(it, 'second')
  assert.notEqual(second, issuer)
  const discovery = await curl(`${second}/.well-known/openid-configuration`)
  assert.equal(discovery['issuer'], second)
  const [one, two] = await Promise.all([curl(`${issuer}/keys`), curl(`${second}/keys`)])
  assert.notDeepEqual(one, two)
})

test('check 3: aws trades a ServiceAccount token for a session without any keys of its own', async () => {
  const { lab } = it
  const provider = issuer.replace('https://', '')
  ok(
    await lab.aws(
      ...['iam', 'create-open-id-connect-provider', '--url', issuer],
      ...['--client-id-list', 'sts.amazonaws.com'],
    ),
  )
  const condition = {
    StringEquals: { [`${provider}:sub`]: reader, [`${provider}:aud`]: 'sts.amazonaws.com' },
  }
  await it.role('pod', {}, document([trustStatement(provider, condition)]))
  const before = Math.floor(Date.now() / 1000)
  const traded = ok(
    await lab.run(
      'aws',
      [
        ...['sts', 'assume-role-with-web-identity', '--role-arn', roleArn('pod')],
        ...['--role-session-name', 'sess', '--web-identity-token', token, '--output', 'json'],
      ],
      { environment: environmentOf(lab, undefined) },
    ),
  )
  const answer = JSON.parse(traded.stdout)
  assert.equal(answer.SubjectFromWebIdentityToken, reader)
  assert.equal(answer.Audience, 'sts.amazonaws.com')
  assert.equal(answer.Provider, `arn:aws:iam::${account}:oidc-provider/${provider}`)
  assert.match(answer.AssumedRoleUser.AssumedRoleId, /^AROA[A-Z2-7]{17}:sess$/)
  assert.equal(answer.AssumedRoleUser.Arn, `arn:aws:sts::${account}:assumed-role/pod/sess`)
  assert.match(answer.Credentials.AccessKeyId, /^ASIA[A-Z2-7]{16}$/)
  const life = Date.parse(answer.Credentials.Expiration) / 1000 - before
  assert.ok(life >= 3599 && life <= 3660, `expires in ${life} s`)
})

test('check 4: the same by GET is answered by STS, not by S3', async () => {
  const answer = await it.exchange(token, { RoleArn: roleArn('pod') }, 'GET')
  assert.equal(answer.status, 200, answer.text)
  assert.match(answer.text, /^<AssumeRoleWithWebIdentityResponse /)
  assert.equal(answer.value('SubjectFromWebIdentityToken'), reader)
})

test('a trust policy without the port, as eksctl writes it, counts for the lab’s own issuers alone', async () => {
  for (const [name, own] of [
    ['portless-own', issuer],
    ['portless-foreign', it.issuer.url],
  ] as const) {
    const bare = own.replace('https://', '').replace(/:\d+/, '')
    const condition = { StringEquals: { [`${bare}:sub`]: reader } }
    await it.role(name, {}, document([trustStatement(bare, condition)]))
  }
  const ours = await it.exchange(token, { RoleArn: roleArn('portless-own') })
  assert.equal(outcome(ours), '200')
  const foreign = { RoleArn: roleArn('portless-foreign') }
  assert.equal(outcome(await it.exchange(it.issuer.token(), foreign)), notAuthorized)
})

test('check 5: another subject is not trusted', async () => {
  const other = it.issuer.token({ sub: 'system:serviceaccount:default:other' })
  assert.equal(outcome(await it.exchange(other)), notAuthorized)
})

test('check 6: a token for another audience is refused before the trust policy is asked', async () => {
  const wanted = '400 InvalidIdentityToken: Incorrect token audience'
  assert.equal(outcome(await it.exchange(it.issuer.token({ aud: 'other' }))), wanted)
  const both = it.issuer.token({ aud: 'other', sub: 'nobody' })
  assert.equal(outcome(await it.exchange(both)), wanted)
})

test('check 7: an expired token is refused as expired, with both times', async () => {
  const now = Math.floor(Date.now() / 1000)
  const old = it.issuer.token({ exp: now - 7200, iat: now - 10_800, nbf: now - 10_800 })
  const refused = outcome(await it.exchange(old))
  const match =
    /^400 ExpiredTokenException: Token expired: current date\/time (\d+) must be before the expiration date\/time (\d+)$/.exec(
      refused,
    )
  assert.ok(match, refused)
  assert.ok(Math.abs(Number(match[1]) - now) < 60)
  assert.equal(Number(match[2]), now - 7200)
})

test('check 8: a token of an issuer that is not registered names it', async () => {
  for (const iss of ['https://evil', 'https://evil/', `${it.issuer.url}/`]) {
    assert.equal(
      outcome(await it.exchange(it.issuer.token({ iss }))),
      `400 InvalidIdentityToken: No OpenIDConnect provider found in your account for ${iss}`,
    )
  }
})

test('check 9: a token signed with another key under the same kid buys nothing', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const answer = await it.exchange(it.issuer.token({}, {}, privateKey))
  assert.match(outcome(answer), /^400 InvalidIdentityToken: /)
  assert.ok(!answer.text.includes('AccessKeyId'))
})

test('check 10: alg none, and HS256 keyed with what everybody knows, are refused', async () => {
  const { issuer: signer } = it
  for (const alg of ['none', 'None', 'NONE']) {
    assert.match(outcome(await it.exchange(signer.token({}, { alg }))), /^400 InvalidIdentityToken/)
  }
  for (const secret of [signer.publicPem, signer.publicPem.trim(), 'sts.amazonaws.com']) {
    for (const alg of ['HS256', 'HS384', 'HS512']) {
      const forged = signer.token({}, { alg }, createSecretKey(Buffer.from(secret)))
      assert.match(outcome(await it.exchange(forged)), /^400 InvalidIdentityToken/)
    }
  }
})

test('check 11: while the issuer is out of order a session is refused within six seconds, then granted', async () => {
  await using cold = await startTestIssuer()
  ok(await registerProvider(it.lab, cold))
  const provider = cold.url.replace('https://', '')
  await it.role('cold', {}, document([trustStatement(provider, {})]))
  const ask = () => it.exchange(cold.token(), { RoleArn: roleArn('cold') })
  for (const mode of ['answers-500', 'hangs'] as const) {
    cold.mode = mode
    const started = performance.now()
    assert.equal(outcome(await ask()), noKeys, mode)
    assert.ok(performance.now() - started < 6_000)
  }
  cold.mode = 'serves'
  assert.equal((await ask()).status, 200)
})

test('check 12: a new signing key works without a restart, the old one until it is removed', async () => {
  const { issuer: signer, lab } = it
  const old = signer.token()
  assert.equal((await it.exchange(old)).status, 200)
  signer.rotate('two')
  assert.equal((await it.exchange(signer.token())).status, 200)
  assert.equal((await it.exchange(old)).status, 200)
  signer.retire('one')
  // The key set says that it may be kept for a minute.
  ok(await lab.podpass('clock', 'advance', '2m'))
  assert.equal(outcome(await it.exchange(old)), noKeys)
  assert.equal((await it.exchange(signer.token())).status, 200)
})

test('check 13: a role that does not exist cannot be told from one that does not trust', async () => {
  const answer = await it.exchange(it.issuer.token(), { RoleArn: roleArn('missing') })
  assert.equal(outcome(answer), notAuthorized)
})

test('check 14: parameters beyond their limits are all named at once', async () => {
  const bad = await it.exchange(it.issuer.token(), {
    RoleSessionName: 'a b',
    DurationSeconds: '899',
  })
  assert.match(
    outcome(bad),
    /^400 ValidationError: 2 validation errors detected: Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: \[\\w\+=,\.@-\]\*; Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900$/,
  )
  const missing = await it.exchange('', { WebIdentityToken: undefined })
  assert.equal(
    outcome(missing),
    "400 ValidationError: 1 validation error detected: Value null at 'webIdentityToken' failed to satisfy constraint: Member must not be null",
  )
})

test('check 15: a session may not live longer than its role allows', async () => {
  const answer = await it.exchange(it.issuer.token(), { DurationSeconds: '43200' })
  assert.equal(
    outcome(answer),
    '400 ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
  )
})

test('check 16: StringLike matches the subjects of one namespace, in their case', async () => {
  const like = { StringLike: { [`${it.provider}:sub`]: 'system:serviceaccount:default:*' } }
  await it.role('like', {}, it.trust(like))
  const ask = async (name: string) => {
    const sub = `system:serviceaccount:${name}`
    return outcome(await it.exchange(it.issuer.token({ sub }), { RoleArn: roleArn('like') }))
  }
  assert.equal(await ask('default:reader'), '200')
  assert.equal(await ask('kube:reader'), notAuthorized)
  assert.equal(await ask('Default:reader'), notAuthorized)
})

test('check 17: set operators, Null, IfExists and Deny decide as AWS documents them', async () => {
  const { provider } = it
  const cases: [
    name: string,
    condition: object,
    claims: Record<string, unknown>,
    allowed: boolean,
  ][] = [
    ['any-amr', { 'ForAnyValue:StringEquals': { [`${provider}:amr`]: 'mfa' } }, {}, false],
    [
      'any-amr',
      { 'ForAnyValue:StringEquals': { [`${provider}:amr`]: 'mfa' } },
      { amr: ['pwd', 'mfa'] },
      true,
    ],
    ['null', { Null: { [`${provider}:azp`]: 'true' } }, {}, true],
    ['null', { Null: { [`${provider}:azp`]: 'true' } }, { azp: 'sts.amazonaws.com' }, false],
    ['if-exists', { StringEqualsIfExists: { [`${provider}:email`]: 'a@b' } }, {}, true],
    [
      'if-exists',
      { StringEqualsIfExists: { [`${provider}:email`]: 'a@b' } },
      { email: 'c@d' },
      false,
    ],
  ]
  const made = new Set<string>()
  for (const [name, condition, claims, allowed] of cases) {
    if (!made.has(name)) await it.role(name, {}, it.trust(condition))
    made.add(name)
    const answer = await it.exchange(it.issuer.token(claims), { RoleArn: roleArn(name) })
    assert.equal(outcome(answer), allowed ? '200' : notAuthorized, `${name} ${answer.text}`)
  }
  const deny = {
    ...trustStatement(provider, { StringEquals: { [`${provider}:sub`]: reader } }),
    Effect: 'Deny',
  }
  await it.role('deny', {}, document([trustStatement(provider, {}), deny]))
  const denied = await it.exchange(it.issuer.token(), { RoleArn: roleArn('deny') })
  assert.equal(outcome(denied), notAuthorized)
  const other = it.issuer.token({ sub: 'system:serviceaccount:default:other' })
  assert.equal((await it.exchange(other, { RoleArn: roleArn('deny') })).status, 200)
})
