import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PrincipalInput } from '../../kernel/policy/decision.ts'
import { evaluate } from '../../kernel/policy/evaluate.ts'
import { judgeTrust } from './trust.ts'

const account = '111122223333'
const roleArn = `arn:aws:iam::${account}:role/target`
const user: PrincipalInput = {
  kind: 'user',
  account,
  arn: `arn:aws:iam::${account}:user/ann`,
  id: 'AIDA1',
}
const policy = (Statement: object) => JSON.stringify({ Version: '2012-10-17', Statement })
const allow = (Principal: object, Action = 'sts:AssumeRole') =>
  policy({ Effect: 'Allow', Principal, Action })
const judge = (principal: PrincipalInput, trustPolicy: string, identity?: string) =>
  judgeTrust({
    evaluate,
    principal,
    actions: ['sts:AssumeRole'],
    roleArn,
    role: { arn: roleArn, account, trustPolicy },
    context: {},
    ...(identity ? { policies: { identity: [{ name: 'own', document: identity }] } } : {}),
  })

test('a service takes on a role that trusts it, and no other', () => {
  const ec2: PrincipalInput = { kind: 'service', service: 'ec2.amazonaws.com' }
  assert.equal(judge(ec2, allow({ Service: 'ec2.amazonaws.com' })).trusted, true)
  const refused = judge(ec2, allow({ Service: 'eks.amazonaws.com' }))
  assert.equal(refused.trusted, false)
  assert.equal(refused.verdict.summary, 'statement 1 trusts somebody else')
  assert.match(refused.verdict.fix ?? '', /ec2\.amazonaws\.com/)
})

test('a user named by the trust policy needs no policy of his own', () => {
  assert.equal(judge(user, allow({ AWS: `arn:aws:iam::${account}:user/ann` })).trusted, true)
  assert.equal(judge(user, allow({ AWS: `arn:aws:iam::${account}:user/bob` })).trusted, false)
})

test('where the trust policy names the account, the user needs a policy, and is told so', () => {
  const trust = allow({ AWS: `arn:aws:iam::${account}:root` })
  const mayAssume = policy({ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: roleArn })
  assert.equal(judge(user, trust, mayAssume).trusted, true)
  const refused = judge(user, trust)
  assert.equal(refused.trusted, false)
  assert.equal(
    refused.verdict.summary,
    "the trust policy leaves it to the caller's own policies, and no identity-based policy allows the sts:AssumeRole action",
  )
})

test('a trust policy without any allow is said to be one', () => {
  const refused = judge(
    user,
    policy({ Effect: 'Deny', Principal: { AWS: '*' }, Action: 'sts:TagSession' }),
  )
  assert.equal(refused.verdict.summary, 'the trust policy has no statement that allows anything')
})
