import assert from 'node:assert/strict'
import { test } from 'node:test'
import { podOf } from './web-identity.ts'
import {
  account,
  claims,
  host,
  issuer,
  judge,
  mint,
  now,
  policy,
  ports,
  providerArn,
  refusal,
  roleArn,
  statement,
  trusting,
} from './web-identity-testing.ts'

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
      "token passed: signed by the cluster's issuer (kid 1c9e...), audience sts.amazonaws.com, 1 d left",
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

test('a trust policy may leave the port out of ARN and keys, but only for issuers that are our own', async () => {
  const role = () => ({
    arn: roleArn,
    account,
    trustPolicy: policy(
      statement({
        Principal: { Federated: `arn:aws:iam::${account}:oidc-provider/localhost/id/9F` },
        Condition: { StringEquals: { 'localhost/id/9F:sub': claims.sub } },
      }),
    ),
  })
  const { error } = await refusal(mint(), ports({ role }))
  assert.equal(error.code, 'AccessDenied')
  const own = ports({ role, isOwnIssuer: (one) => one === issuer })
  const judgement = await judge(mint(), own)
  assert.ok(judgement.kind === 'trusted')
  assert.equal(judgement.conditionKeys['localhost/id/9F:sub'], claims.sub)
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
