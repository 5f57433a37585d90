import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { brotliDecompressSync } from 'node:zlib'
import type { PolicyKind } from './decision.ts'
import { type LintData, lintPolicy } from './policy.ts'

const file = new URL('../../../data/iam-actions.json.br', import.meta.url)
const data = JSON.parse(brotliDecompressSync(readFileSync(file)).toString()) as LintData

const issuer = 'oidc.eks.eu-west-1.amazonaws.com/id/X'
const provider = `arn:aws:iam::111122223333:oidc-provider/${issuer}`

/** Rules found in one statement of a document for this place, with what was suggested. */
function lint(kind: PolicyKind, elements: object, version: string | undefined = '2012-10-17') {
  const statement = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*', ...elements }
  const text = JSON.stringify({ ...(version && { Version: version }), Statement: [statement] })
  return lintPolicy(text, kind, data).map(({ rule, suggestion }) =>
    suggestion === undefined ? rule : `${rule}: ${suggestion}`,
  )
}

const identity = (elements: object) => lint('identity', elements)
const trust = (elements: object) =>
  lint('trust', {
    Resource: undefined,
    Action: 'sts:AssumeRoleWithWebIdentity',
    Principal: { Federated: provider },
    ...elements,
  })
const whole = {
  [`${issuer}:sub`]: 'system:serviceaccount:a:b',
  [`${issuer}:aud`]: 'sts.amazonaws.com',
}

describe('lintPolicy', () => {
  it('finds nothing in a policy as it should be', () => {
    assert.deepEqual(
      identity({ Condition: { StringEquals: { 's3:ExistingObjectTag/team': 'blue' } } }),
      [],
    )
    assert.deepEqual(trust({ Condition: { StringEquals: whole } }), [])
  })

  const cases: readonly (readonly [string, object, readonly string[]])[] = [
    ['a misspelt action', { Action: 's3:GetObjct' }, ['unknown-action: s3:GetObject']],
    ['a misspelt service', { Action: 'dynamdb:GetItem' }, ['unknown-service: dynamodb:GetItem']],
    ['an action of another service', { Action: 's3:SendMessage' }, ['unknown-action']],
    ['a pattern that matches nothing', { Action: 's3:Frob*' }, ['action-matches-nothing']],
    ['a pattern that matches', { Action: 's3:*Object' }, []],
    [
      'a misspelt key',
      { Condition: { StringEquals: { 'aws:SourceVpcx': 'v' } } },
      ['unknown-condition-key: aws:SourceVpc'],
    ],
    ['a tag key', { Condition: { StringEquals: { 'aws:PrincipalTag/team': 'v' } } }, []],
    ['a service key', { Condition: { StringEquals: { 's3:prefix': 'v' } } }, []],
    [
      'StringEquals with a wildcard',
      { Condition: { StringEquals: { 's3:prefix': 'home/*' } } },
      ['literal-wildcard: StringLike'],
    ],
    ['an escaped star', { Condition: { StringEquals: { 's3:prefix': `a$${'{*}'}` } } }, []],
    [
      'ForAllValues without a guard',
      { Condition: { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a'] } } },
      ['for-all-values-without-key: "Null": {"aws:TagKeys": "false"}'],
    ],
    [
      'ForAllValues with a guard',
      {
        Condition: {
          'ForAllValues:StringEquals': { 'aws:TagKeys': ['a'] },
          Null: { 'aws:TagKeys': 'false' },
        },
      },
      [],
    ],
    ['Allow with NotAction', { Action: undefined, NotAction: 'iam:*' }, ['allow-not-action']],
    ['iam:PassRole on everything', { Action: 'iam:PassRole' }, ['pass-any-role']],
  ]
  for (const [name, elements, expected] of cases) {
    it(`judges ${name}`, () => assert.deepEqual(identity(elements), expected))
  }

  it('warns of variables that the version makes literal', () => {
    const elements = { Resource: `arn:aws:s3:::b/$${'{aws:username}'}/*` }
    assert.deepEqual(lint('identity', elements, '2008-10-17'), ['variable-without-version'])
  })

  const trusts: readonly (readonly [string, object, readonly string[]])[] = [
    ['no conditions', {}, ['trust-without-subject', 'trust-without-audience']],
    [
      'an audience alone',
      { Condition: { StringEquals: { [`${issuer}:aud`]: 'sts.amazonaws.com' } } },
      ['trust-without-subject'],
    ],
    [
      "the provider's ARN as key",
      {
        Condition: {
          StringEquals: {
            [`${provider}:sub`]: 'system:serviceaccount:a:b',
            [`${issuer}:aud`]: 'x',
          },
        },
      },
      [`provider-in-key: ${issuer}:sub`],
    ],
    [
      'a scheme in the key',
      { Condition: { StringEquals: { ...whole, [`https://${issuer}:sub`]: 'x' } } },
      [`provider-in-key: ${issuer}:sub`],
    ],
    [
      'a subject that no ServiceAccount has',
      {
        Condition: {
          StringEquals: { ...whole, [`${issuer}:sub`]: 'system:serviceaccount:default' },
        },
      },
      ['service-account-subject: system:serviceaccount:<namespace>:<name>'],
    ],
    [
      'a star under StringEquals',
      { Condition: { StringEquals: { ...whole, [`${issuer}:sub`]: 'system:serviceaccount:a:*' } } },
      ['literal-wildcard: StringLike'],
    ],
    [
      "the issuer's URL as principal",
      { Principal: { Federated: `https://${issuer}` }, Condition: { StringEquals: whole } },
      [`issuer-as-principal: arn:aws:iam::<account>:oidc-provider/${issuer}`],
    ],
  ]
  for (const [name, elements, expected] of trusts) {
    it(`judges a trust policy with ${name}`, () => assert.deepEqual(trust(elements), expected))
  }

  it('warns of a bucket open to everyone', () => {
    assert.deepEqual(lint('resource', { Principal: '*', Resource: 'arn:aws:s3:::b/*' }), ['public'])
  })

  it('suggests elements and operators that AWS has', () => {
    const elements = { Resources: '*', Condition: { StringEqual: { 's3:prefix': 'x' } } }
    const found = identity(elements).filter((each) => each !== 'refused')
    assert.deepEqual(found, ['unknown-element: Resource', 'unknown-operator: StringEquals'])
  })

  it('tells errors, with their place, from warnings', () => {
    const [finding] = lintPolicy('{"Statement": [}', 'identity', data)
    assert.equal(finding?.severity, 'error')
    assert.deepEqual(finding?.span, { start: 15, end: 16 })
  })
})
