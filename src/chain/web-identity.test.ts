import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { readJwk } from '../kernel/jwt/jwk.ts'
import { signToken } from '../kernel/jwt/jws.ts'
import { evaluate } from '../kernel/policy/evaluate.ts'
import type { IssuerKeys } from './links/token.ts'
import { webIdentityError } from './links/web-identity-fault.ts'
import { judgeWebIdentity, podOf, type WebIdentityPorts } from './web-identity.ts'

const issuer = 'https://localhost:4567/id/9F'
const host = 'localhost:4567/id/9F'
const account = '111122223333'
const roleArn = `arn:aws:iam::${account}:role/podpass-irsa-default-my-sa`
const providerArn = `arn:aws:iam::${account}:oidc-provider/${host}`
const at = Date.UTC(2026, 0, 1, 12)
const now = at / 1000

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const other = generateKeyPairSync('rsa', { modulusLength: 2048 })
const read = readJwk({ ...publicKey.export({ format: 'jwk' }), kid: '1c9e5', alg: 'RS256' })
assert.ok('key' in read)
const keys: IssuerKeys = { kind: 'keys', keys: [read.key], stale: false }

const claims = {
  iss: issuer,
  sub: 'system:serviceaccount:default:my-sa',
  aud: ['sts.amazonaws.com'],
  exp: now + 86_400,
  iat: now,
  nbf: now,
  'kubernetes.io': {
    namespace: 'default',
    serviceaccount: { name: 'my-sa', uid: 's' },
    pod: { name: 'pod-after', uid: 'p' },
  },
}
const mint = (changes: Record<string, unknown> = {}, kid = '1c9e5', key = privateKey) =>
  signToken({ claims: { ...claims, ...changes }, algorithm: 'RS256', kid, key })

interface Statement {
  Effect?: string
  Principal?: unknown
  Action?: unknown
  Condition?: unknown
}
const statement = (changes: Statement = {}) => ({
  Effect: 'Allow',
  Principal: { Federated: providerArn },
  Action: 'sts:AssumeRoleWithWebIdentity',
  Condition: {
    StringEquals: {
      [`${host}:sub`]: 'system:serviceaccount:default:my-sa',
      [`${host}:aud`]: 'sts.amazonaws.com',
    },
  },
  ...changes,
})
const policy = (...statements: object[]) =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements })

type Role = { arn: string; account: string; trustPolicy: string }
const ports = (changes: Partial<WebIdentityPorts<Role>> = {}): WebIdentityPorts<Role> => ({
  role: (arn) => (arn === roleArn ? { arn, account, trustPolicy: policy(statement()) } : undefined),
  oidcProvider: (of, url) =>
    of === account && url === issuer
      ? { arn: providerArn, url, clientIds: ['sts.amazonaws.com'], thumbprints: [] }
      : undefined,
  keysOf: () => keys,
  evaluate,
  ...changes,
})
const trusting = (trustPolicy: string) => ports({ role: (arn) => ({ arn, account, trustPolicy }) })
const judge = (token: string, from = ports(), arn = roleArn) =>
  judgeWebIdentity({ token, roleArn: arn, at, context: {}, clusterOf: () => 'irsa' }, from)
const refusal = async (token: string, from = ports(), arn = roleArn) => {
  const judgement = await judge(token, from, arn)
  assert.equal(judgement.kind, 'refused')
  const broken = judgement.links.find(({ verdict }) => verdict === 'refused')
  assert.ok(broken)
  assert.equal(judgement.links.length, 3)
  return { error: webIdentityError(judgement.fault), broken, judgement }
}

test('a good token buys the role, and the links say why', async () => {
  const judgement = await judge(mint())
  assert.equal(judgement.kind, 'trusted')
  assert.equal(judgement.audience, 'sts.amazonaws.com')
  assert.deepEqual(judgement.conditionKeys, {
    [`${host}:sub`]: claims.sub,
    [`${host}:aud`]: 'sts.amazonaws.com',
  })
  assert.deepEqual(
    judgement.links.map(({ link, verdict, summary }) => `${link} ${verdict}: ${summary}`),
    [
      'token passed: signed by its issuer (kid 1c9e…), audience sts.amazonaws.com, 1 d left',
      `provider passed: registered in account ${account}`,
      'trust passed: statement 1 of the trust policy allows it',
    ],
  )
  assert.deepEqual(podOf(judgement.token), {
    namespace: 'default',
    serviceAccount: 'my-sa',
    pod: 'pod-after',
    podUid: 'p',
  })
})

test('another ServiceAccount is refused with the two names and a role of its own as the fix', async () => {
  const thief = mint({ sub: 'system:serviceaccount:other:thief' })
  const { error, broken } = await refusal(thief)
  assert.deepEqual(error, {
    code: 'AccessDenied',
    status: 403,
    message: 'Not authorized to perform sts:AssumeRoleWithWebIdentity',
  })
  assert.deepEqual(broken, {
    link: 'trust',
    verdict: 'refused',
    summary: 'statement 1 asks for another ServiceAccount',
    evidence: [
      {
        source: 'statement 1 of `trust policy`',
        key: `${host}:sub`,
        operator: 'StringEquals',
        wanted: 'system:serviceaccount:default:my-sa',
        actual: 'system:serviceaccount:other:thief',
      },
    ],
    fix: 'podpass create iamserviceaccount --cluster irsa --namespace other --name thief --attach-policy-arn POLICY --approve',
  })
})

test('a role that does not exist answers the client the same as one that does not trust', async () => {
  const { error, broken } = await refusal(mint(), ports(), `${roleArn}x`)
  assert.equal(error.message, 'Not authorized to perform sts:AssumeRoleWithWebIdentity')
  assert.equal(broken.summary, `there is no role \`${roleArn}x\``)
})

/** What is wrong with the token or its surroundings; STS's code and text; the link that refuses. */
const cases: [
  what: string,
  token: string,
  from: WebIdentityPorts<Role>,
  code: string,
  message: RegExp,
  link: string,
][] = [
  [
    'an unregistered issuer',
    mint({ iss: 'https://evil/' }),
    ports(),
    'InvalidIdentityToken',
    /^No OpenIDConnect provider found in your account for https:\/\/evil\/$/,
    'provider',
  ],
  [
    'an issuer that differs by a slash',
    mint({ iss: `${issuer}/` }),
    ports(),
    'InvalidIdentityToken',
    /^No OpenIDConnect provider .*\/9F\/$/,
    'provider',
  ],
  [
    'another audience',
    mint({ aud: ['other'] }),
    ports(),
    'InvalidIdentityToken',
    /^Incorrect token audience$/,
    'provider',
  ],
  [
    'no audience',
    mint({ aud: undefined }),
    ports(),
    'InvalidIdentityToken',
    /^Missing a required claim: aud$/,
    'token',
  ],
  [
    'no subject',
    mint({ sub: undefined }),
    ports(),
    'InvalidIdentityToken',
    /^Missing a required claim: sub$/,
    'token',
  ],
  [
    'an empty list of audiences',
    mint({ aud: [] }),
    ports(),
    'InvalidIdentityToken',
    /claim: aud$/,
    'token',
  ],
  [
    'a time with a fraction',
    mint({ exp: now + 0.5 }),
    ports(),
    'InvalidIdentityToken',
    /claim: exp$/,
    'token',
  ],
  [
    'a time as text',
    mint({ exp: String(now + 60) }),
    ports(),
    'InvalidIdentityToken',
    /claim: exp$/,
    'token',
  ],
  [
    'an end in the past',
    mint({ iat: now - 9000, nbf: now - 9000, exp: now - 7200 }),
    ports(),
    'ExpiredTokenException',
    new RegExp(
      `^Token expired: current date/time ${now} must be before the expiration date/time ${now - 7200}$`,
    ),
    'token',
  ],
  [
    'an end right now',
    mint({ exp: now }),
    ports(),
    'ExpiredTokenException',
    /^Token expired/,
    'token',
  ],
  [
    'a great age',
    mint({ iat: now - 441_398, nbf: now - 441_398 }),
    ports(),
    'ExpiredTokenException',
    /^Token too old: 441398$/,
    'token',
  ],
  [
    'a beginning in the future',
    mint({ nbf: now + 3600 }),
    ports(),
    'InvalidIdentityToken',
    /not yet valid/,
    'token',
  ],
  [
    'another key under the same kid',
    mint({}, '1c9e5', other.privateKey),
    ports(),
    'InvalidIdentityToken',
    /^Invalid signature$/,
    'token',
  ],
  [
    'a kid that is not published',
    mint({}, 'nobody'),
    ports(),
    'InvalidIdentityToken',
    /^Couldn't retrieve verification key from your identity provider, {2}please/,
    'token',
  ],
  [
    'a kid that is a path',
    mint({}, '../../dev/null'),
    ports(),
    'InvalidIdentityToken',
    /^Couldn't retrieve/,
    'token',
  ],
  [
    'an issuer that does not answer',
    mint(),
    ports({ keysOf: () => ({ kind: 'unavailable', why: 'it answers 503' }) }),
    'InvalidIdentityToken',
    /^Couldn't retrieve/,
    'token',
  ],
  [
    'an issuer with a strange certificate',
    mint(),
    ports({ keysOf: () => ({ kind: 'thumbprint-mismatch', presented: 'ab' }) }),
    'InvalidIdentityToken',
    /^OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint$/,
    'token',
  ],
  [
    'no JWT at all',
    'garbage',
    ports(),
    'InvalidIdentityToken',
    /^Provided Token is not a Login With Amazon token$/,
    'token',
  ],
  [
    'three parts that are no JWT',
    'a.b.c',
    ports(),
    'InvalidIdentityToken',
    /^The ID Token provided is not a valid JWT\. /,
    'token',
  ],
]
for (const [what, token, from, code, message, link] of cases) {
  test(`a token with ${what} is refused by the ${link} link as STS refuses it`, async () => {
    const { error, broken } = await refusal(token, from)
    assert.equal(error.code, code)
    assert.match(error.message, message)
    assert.equal(broken.link, link)
  })
}

test('the clocks of issuer and verifier may differ by five minutes', async () => {
  assert.equal((await judge(mint({ iat: now + 299, nbf: now + 299 }))).kind, 'trusted')
})

test('the audience is checked before the trust policy', async () => {
  const { error } = await refusal(mint({ aud: ['x'], sub: 'nobody' }))
  assert.equal(error.message, 'Incorrect token audience')
})

test('an authorised party becomes the audience, and the original goes to oaud', async () => {
  const judgement = await judge(mint({ aud: 'api', azp: 'sts.amazonaws.com', amr: ['pwd', 'mfa'] }))
  assert.equal(judgement.kind, 'trusted')
  assert.deepEqual(judgement.conditionKeys, {
    [`${host}:sub`]: claims.sub,
    [`${host}:aud`]: 'sts.amazonaws.com',
    [`${host}:azp`]: 'sts.amazonaws.com',
    [`${host}:oaud`]: 'api',
    [`${host}:amr`]: ['pwd', 'mfa'],
  })
  const { error } = await refusal(mint({ aud: 'sts.amazonaws.com', azp: 'stranger' }))
  assert.equal(error.message, 'Incorrect token audience')
})

test('of several audiences the registered one counts', async () => {
  const judgement = await judge(mint({ aud: ['vault', 'sts.amazonaws.com'] }))
  assert.ok(judgement.kind === 'trusted' && judgement.audience === 'sts.amazonaws.com')
})

test('a provider registered without the port counts only for issuers that are our own', async () => {
  const url = 'https://localhost/id/9F'
  const arn = `arn:aws:iam::${account}:oidc-provider/localhost/id/9F`
  const portless = {
    oidcProvider: () => ({ arn, url, clientIds: ['sts.amazonaws.com'], thumbprints: [] }),
    role: () => ({
      arn: roleArn,
      account,
      trustPolicy: policy(
        statement({
          Principal: { Federated: arn },
          Condition: { StringEquals: { 'localhost/id/9F:sub': claims.sub } },
        }),
      ),
    }),
  }
  const { error } = await refusal(mint(), ports(portless))
  assert.match(error.message, /^No OpenIDConnect provider/)
  const own = ports({ ...portless, isOwnIssuer: (one) => one === issuer })
  assert.equal((await judge(mint(), own)).kind, 'trusted')
})

/** Trust policies that refuse the good token, and how the refusal is explained. */
const policies: [what: string, trustPolicy: string, summary: RegExp, fix: RegExp][] = [
  [
    'a pattern under StringEquals',
    policy(
      statement({
        Condition: { StringEquals: { [`${host}:sub`]: 'system:serviceaccount:default:*' } },
      }),
    ),
    /^StringEquals compares `system:serviceaccount:default:\*` letter by letter/,
    /StringLike/,
  ],
  [
    'another audience',
    policy(statement({ Condition: { StringEquals: { [`${host}:aud`]: 'vault' } } })),
    /^statement 1 asks for another audience$/,
    /eks\.amazonaws\.com\/audience=vault/,
  ],
  [
    'the key of another issuer',
    policy(statement({ Condition: { StringEquals: { 'localhost:4567/id/OLD:sub': claims.sub } } })),
    /^statement 1 asks for `localhost:4567\/id\/OLD:sub`, which the request does not have$/,
    /issuer of this cluster/,
  ],
  [
    'another provider',
    policy(statement({ Principal: { Federated: `${providerArn}X` } })),
    /^statement 1 trusts another OIDC provider$/,
    /create iamserviceaccount/,
  ],
  [
    'a service only',
    policy(statement({ Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' })),
    /^statement 1 trusts no OIDC provider$/,
    /create iamserviceaccount/,
  ],
  [
    'another action',
    policy(statement({ Action: 'sts:AssumeRole' })),
    /^statement 1 does not allow the action sts:AssumeRoleWithWebIdentity$/,
    /add sts:AssumeRoleWithWebIdentity/,
  ],
  [
    'a deny beside the allow',
    policy(
      statement(),
      statement({ Effect: 'Deny', Condition: { StringLike: { [`${host}:sub`]: '*:default:*' } } }),
    ),
    /^statement 2 denies it$/,
    /a deny stands above/,
  ],
  [
    'the nearest statement second',
    policy(
      statement({ Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }),
      statement({ Condition: { StringEquals: { [`${host}:sub`]: 'system:serviceaccount:a:b' } } }),
    ),
    /^statement 2 asks for another ServiceAccount$/,
    /create iamserviceaccount/,
  ],
]
for (const [what, trustPolicy, summary, fix] of policies) {
  test(`a trust policy with ${what} is explained`, async () => {
    const { broken } = await refusal(mint(), trusting(trustPolicy))
    assert.equal(broken.link, 'trust')
    assert.match(broken.summary, summary)
    assert.match(broken.fix ?? '', fix)
  })
}

test('tags in the token need sts:TagSession in the trust policy', async () => {
  const tagged = mint({
    'https://aws.amazon.com/tags': {
      principal_tags: { Project: ['x'] },
      transitive_tag_keys: ['Project'],
    },
  })
  const { broken } = await refusal(tagged)
  assert.match(broken.summary, /does not allow the action sts:TagSession/)
  const both = ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession']
  const judgement = await judge(tagged, trusting(policy(statement({ Action: both }))))
  assert.equal(judgement.kind, 'trusted')
  assert.deepEqual(judgement.token.session, {
    tags: { Project: 'x' },
    transitiveTagKeys: ['Project'],
  })
})

const forgeries = JSON.parse(
  readFileSync(new URL('../../vectors/jwt/parse.json', import.meta.url), 'utf8'),
)
for (const { name, given } of forgeries) {
  test(`no session for a token with ${name}`, async () => {
    const encode = (text: string) => Buffer.from(text).toString('base64url')
    const token =
      given.token ??
      `${encode(given.header)}.${encode(given.claims)}.${given.signature ?? encode('signature')}`
    const { error } = await refusal(token)
    assert.equal(error.code, 'InvalidIdentityToken')
    assert.equal(error.status, 400)
  })
}
