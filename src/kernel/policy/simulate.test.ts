// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables are spelt like that
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { contextKeysOf, principalOf, type Simulation, simulate } from './policy.ts'

const account = '111122223333'
const issuer = 'localhost:8443/id/x'
const trust = `{
  "Version": "2012-10-17",
  "Statement": {
    "Effect": "Allow",
    "Principal": {"Federated": "arn:aws:iam::${account}:oidc-provider/${issuer}"},
    "Action": "sts:AssumeRoleWithWebIdentity",
    "Condition": {"StringEquals": {"${issuer}:sub": "system:serviceaccount:default:reader"}}
  }
}`

const policy = (name: string, ...statements: object[]) => ({
  name,
  document: JSON.stringify({ Version: '2012-10-17', Statement: statements }),
})
const allow = (action: string, more: object = {}) => ({
  Effect: 'Allow',
  Action: action,
  Resource: '*',
  ...more,
})

const one = (simulation: Simulation) => {
  const [result, ...others] = simulate(simulation)
  assert.ok(result)
  assert.deepEqual(others, [])
  return result
}

describe('simulate', () => {
  it('answers for every action and resource', () => {
    const results = simulate({
      identityPolicies: [
        policy('PolicyInputList.1', allow('s3:Get*', { Resource: 'arn:aws:s3:::a/*' })),
      ],
      actions: ['s3:GetObject', 's3:PutObject'],
      resources: ['arn:aws:s3:::a/k', 'arn:aws:s3:::b/k'],
    })
    assert.deepEqual(
      results.map(({ action, resource, decision }) => [action, resource.at(-3), decision]),
      [
        ['s3:GetObject', 'a', 'allowed'],
        ['s3:GetObject', 'b', 'implicitDeny'],
        ['s3:PutObject', 'a', 'implicitDeny'],
        ['s3:PutObject', 'b', 'implicitDeny'],
      ],
    )
    assert.equal(results[0]?.resourceSpecificResults[0]?.decision, 'allowed')
  })

  it('asks about every resource where none is named', () => {
    const result = one({
      identityPolicies: [policy('p', allow('s3:*'))],
      actions: ['s3:GetObject'],
    })
    assert.equal(result.resource, '*')
    assert.equal(result.decision, 'allowed')
    assert.deepEqual(result.resourceSpecificResults, [])
  })

  it('gives the matched statements their places, as AWS counts them', () => {
    const result = one({
      identityPolicies: [],
      actions: ['sts:AssumeRoleWithWebIdentity'],
      resources: [`arn:aws:iam::${account}:role/r`],
      resourcePolicy: { name: 'ResourcePolicy', document: trust },
      context: [{ key: `${issuer}:sub`, values: ['system:serviceaccount:default:reader'] }],
    })
    assert.equal(result.decision, 'allowed')
    assert.deepEqual(result.matchedStatements, [
      {
        policy: 'ResourcePolicy',
        type: 'resource',
        start: { line: 3, column: 16 },
        end: { line: 8, column: 4 },
      },
    ])
  })

  it('judges a trust policy: another subject, another provider', () => {
    const ask = (sub: string, caller?: string) => {
      const principal = caller === undefined ? undefined : principalOf(caller)
      return one({
        identityPolicies: [],
        actions: ['sts:AssumeRoleWithWebIdentity'],
        resources: [`arn:aws:iam::${account}:role/r`],
        resourcePolicy: { name: 'trust', document: trust },
        context: [{ key: `${issuer}:sub`, values: [sub] }],
        ...(principal && { caller: principal }),
      }).decision
    }
    const provider = `arn:aws:iam::${account}:oidc-provider/${issuer}`
    const reader = 'system:serviceaccount:default:reader'
    assert.equal(ask('system:serviceaccount:default:thief'), 'implicitDeny')
    assert.equal(ask(reader, provider), 'allowed')
    assert.equal(ask(reader, `${provider}y`), 'implicitDeny')
  })

  it('names the context keys that nobody gave, of statements about the action', () => {
    const condition = {
      StringEquals: { 'aws:SourceVpc': 'v', 's3:prefix': '${aws:PrincipalTag/team}' },
    }
    const result = one({
      identityPolicies: [
        policy(
          'p',
          allow('s3:*', { Condition: condition }),
          allow('sqs:*', { Condition: { Bool: { 'x:y': 'true' } } }),
        ),
      ],
      actions: ['s3:ListBucket'],
      context: [{ key: 'S3:Prefix', values: ['a'] }],
    })
    assert.equal(result.decision, 'implicitDeny')
    assert.deepEqual(result.missingContextValues, ['aws:SourceVpc', 'aws:PrincipalTag/team'])
  })

  it('says what the boundary said', () => {
    const result = one({
      identityPolicies: [policy('p', allow('s3:*'))],
      boundary: [policy('boundary', allow('sqs:*'))],
      actions: ['s3:GetObject'],
    })
    assert.equal(result.decision, 'implicitDeny')
    assert.equal(result.allowedByBoundary, false)
    assert.deepEqual(result.decisionDetails, { identity: 'allowed', boundary: 'implicitDeny' })
  })

  it('names the denies of an explicit deny', () => {
    const result = one({
      identityPolicies: [
        policy('a', allow('*')),
        policy('b', { ...allow('s3:*'), Effect: 'Deny' }),
      ],
      actions: ['s3:GetObject'],
    })
    assert.equal(result.decision, 'explicitDeny')
    assert.deepEqual(
      result.matchedStatements.map((each) => each.policy),
      ['b'],
    )
  })

  it("takes S3's bucket list for a question about all buckets", () => {
    const identityPolicies = [
      policy('p', allow('s3:ListAllMyBuckets', { Resource: 'arn:aws:s3:::*' })),
    ]
    const result = one({ identityPolicies, actions: ['s3:ListAllMyBuckets'] })
    assert.deepEqual([result.decision, result.resource], ['allowed', '*'])
  })
})

describe('contextKeysOf', () => {
  it('finds keys of conditions and variables, each once', () => {
    const document = policy(
      'p',
      allow('s3:*', {
        Resource: ['arn:aws:s3:::b/${aws:username}/*', 'arn:aws:s3:::b/${*}'],
        Condition: {
          StringLike: { 's3:prefix': "${aws:PrincipalTag/team, 'x'}/*" },
          Null: { 'AWS:username': 'false' },
        },
      }),
    ).document
    assert.deepEqual(contextKeysOf(document), [
      'aws:username',
      's3:prefix',
      'aws:PrincipalTag/team',
    ])
  })

  it('finds no variables under the older version', () => {
    const document = policy(
      'p',
      allow('s3:*', { Resource: 'arn:aws:s3:::${aws:username}' }),
    ).document
    assert.deepEqual(contextKeysOf(document.replace('2012-10-17', '2008-10-17')), [])
  })
})
