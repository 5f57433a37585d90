import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PolicySet } from '../kernel/policy/decision.ts'
import { evaluate } from '../kernel/policy/evaluate.ts'
import { decideNeed } from './decide-need.ts'
import { sessionVerdict } from './links/session.ts'
import type { PolicyOwner } from './need-facts.ts'
import type { Verdict } from './verdict.ts'

const account = '111122223333'
const principal = {
  kind: 'session',
  account,
  arn: `arn:aws:sts::${account}:assumed-role/reader/sess`,
  roleArn: `arn:aws:iam::${account}:role/reader`,
  roleId: 'AROA1',
} as const
const owner: PolicyOwner = { kind: 'role', name: 'reader' }

function policy(name: string, ...Statement: object[]) {
  return { name, document: JSON.stringify({ Version: '2012-10-17', Statement }) }
}

const allow = (Action: string, Resource = '*', more = {}) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...more,
})
const deny = (Action: string, Resource = '*', more = {}) => ({
  Effect: 'Deny',
  Action,
  Resource,
  ...more,
})

function decide(
  policies: Partial<PolicySet>,
  who = owner,
): { permissions: Verdict; resource: Verdict } {
  const request = {
    principal,
    action: 's3:PutObject',
    resource: 'arn:aws:s3:::b/k',
    context: { 'aws:SecureTransport': 'false' },
  }
  const { verdicts } = decideNeed(request, { identity: [], ...policies }, who, evaluate)
  return { permissions: verdicts[0], resource: verdicts[1] }
}

describe('the links permissions and resource', () => {
  it('name the statement that allowed', () => {
    const { permissions, resource } = decide({ identity: [policy('writer', allow('s3:Put*'))] })
    assert.equal(permissions.verdict, 'passed')
    assert.equal(permissions.summary, 'statement 1 of `writer` allows `s3:PutObject`')
    assert.equal(resource.verdict, 'not-applicable')
  })

  it('say that there is no policy at all, and give the command that adds one', () => {
    const { permissions, resource } = decide({})
    assert.equal(permissions.verdict, 'refused')
    assert.match(
      permissions.summary,
      /^no identity-based policy of role `reader` allows `s3:PutObject`/,
    )
    assert.equal(
      permissions.fix,
      `aws iam put-role-policy --role-name reader --policy-name allow-s3-PutObject --policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/k"}]}'`,
    )
    assert.equal(resource.verdict, 'not-reached')
  })

  it('list the policies looked at, and the values that differ in the closest statement', () => {
    const { permissions } = decide({
      identity: [
        policy('far', allow('ec2:*')),
        policy(
          'near',
          allow('s3:PutObject', 'arn:aws:s3:::other/*'),
          allow('s3:GetObject', 'arn:aws:s3:::b/*'),
        ),
      ],
    })
    const sources = permissions.evidence.map(({ source }) => source)
    assert.deepEqual(sources.slice(0, 2), ['far', 'near'])
    assert.deepEqual(permissions.evidence.at(-1), {
      source: 'statement 1 of `near`',
      key: 'Resource',
      wanted: 'arn:aws:s3:::other/*',
      actual: 'arn:aws:s3:::b/k',
    })
  })

  it('show the condition that failed, with the value of the request', () => {
    const Condition = { Bool: { 'aws:SecureTransport': 'true' } }
    const { permissions } = decide({
      identity: [policy('tls', allow('s3:PutObject', '*', { Condition }))],
    })
    const last = permissions.evidence.at(-1)
    assert.deepEqual(
      [last?.key, last?.operator, last?.wanted, last?.actual],
      ['aws:SecureTransport', 'Bool', 'true', 'false'],
    )
  })

  it('name the denying statement, in the policies of caller or resource', () => {
    const identity = [policy('all', allow('*'), deny('s3:Put*', '*', { Sid: 'NoWrites' }))]
    const own = decide({ identity })
    assert.match(own.permissions.summary, /^statement 2 \(`NoWrites`\) of `all` denies/)
    assert.match(own.permissions.fix ?? '', /an explicit deny cannot be outweighed/)
    const resource = policy('policy of arn:aws:s3:::b', deny('s3:*', '*', { Principal: '*' }))
    const theirs = decide({ identity: [policy('all', allow('*'))], resource })
    assert.equal(theirs.permissions.verdict, 'passed')
    assert.equal(theirs.resource.verdict, 'refused')
    assert.match(theirs.resource.summary, /^statement 1 of `policy of arn:aws:s3:::b` denies/)
  })

  it('tell boundary and session policy apart, each with its own fix', () => {
    const identity = [policy('all', allow('*'))]
    const boundary = decide({ identity, boundary: [policy('ec2', allow('ec2:*'))] })
    assert.match(boundary.permissions.summary, /^no boundary policy/)
    assert.match(boundary.permissions.fix ?? '', /permissions boundary of role `reader`/)
    const session = decide({ identity, session: [policy('session policy', allow('s3:GetObject'))] })
    assert.match(session.permissions.summary, /^no session policy/)
    assert.match(session.permissions.fix ?? '', /AssumeRole call/)
  })

  it("send a pod that borrows the node's role to a role of its own", () => {
    const borrowedBy = { cluster: 'irsa', namespace: 'default', serviceAccount: 'default' }
    const { permissions } = decide({}, { kind: 'role', name: 'node', borrowedBy })
    assert.match(permissions.summary, /of the node's role `node`/)
    assert.match(
      permissions.fix ?? '',
      /^podpass create iamserviceaccount --cluster irsa --namespace default/,
    )
  })

  it('call the policy of a role its trust', () => {
    const resource = policy(
      'trust policy',
      allow('sts:AssumeRole', '*', { Principal: { AWS: '222233334444' } }),
    )
    const { resource: trust } = decide({
      identity: [policy('all', allow('*'))],
      resource,
      resourcePolicyRequired: true,
    })
    assert.deepEqual([trust.link, trust.verdict], ['trust', 'refused'])
  })
})

describe('the link session', () => {
  const session = { name: 'sess', issuedAt: 0, expiresAt: 1000 }
  const callerArn = principal.arn

  it('passes until the very end, and shows both times after it', () => {
    const passed = sessionVerdict({ now: 999, callerArn, principalExists: true, session })
    assert.equal(passed.verdict, 'passed')
    const refused = sessionVerdict({ now: 1000, callerArn, principalExists: true, session })
    assert.equal(refused.verdict, 'refused')
    assert.deepEqual(refused.evidence[0]?.actual, '1970-01-01T00:00:01Z')
    assert.ok(refused.fix)
  })

  it('refuses a principal that is gone, names the node, and knows nobody', () => {
    const gone = sessionVerdict({ now: 1, callerArn, principalExists: false, session })
    assert.equal(gone.verdict, 'refused')
    const node = sessionVerdict({
      now: 1,
      callerArn,
      principalExists: true,
      session: { ...session, instanceId: 'i-1' },
    })
    assert.match(node.summary, /metadata service of node `i-1`/)
    assert.equal(sessionVerdict({ now: 1, principalExists: true }).verdict, 'not-applicable')
    assert.match(sessionVerdict({ now: 1, callerArn, principalExists: true }).summary, /^long-term/)
  })
})
