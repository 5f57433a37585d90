import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Caller, SessionFacts } from '../caller.ts'
import { globalConditionKeys } from './condition-keys.ts'

const account = '111122223333'
const at = Date.parse('2026-11-24T10:00:00Z')
const request = { at, region: 'eu-west-1', sourceIp: '192.0.2.1', userAgent: 'test', secure: true }
const user = {
  kind: 'user',
  account,
  arn: `arn:aws:iam::${account}:user/dora`,
  userName: 'dora',
  userId: 'AIDADORA',
  accessKeyId: 'AKIADORA',
} as const
const lived = { issuedAt: at - 60_000, expiresAt: at + 60_000 }
const session: SessionFacts = {
  account,
  roleArn: `arn:aws:iam::${account}:role/team/app`,
  roleId: 'AROAAPP',
  roleName: 'app',
  sessionName: 'sess',
  sourceIdentity: 'alice',
  ...lived,
}
const arn = `arn:aws:sts::${account}:assumed-role/app/sess`
const role = { kind: 'session', account, arn, userId: 'AROAAPP:sess', accessKeyId: 'ASIA' } as const

/** AWS's table of what stands in `aws:userid`, `aws:username`, `aws:PrincipalType` and `aws:PrincipalArn` for whom. */
const callers: readonly (readonly [string, Caller, Record<string, string | undefined>])[] = [
  ['nobody', { kind: 'anonymous' }, { type: 'Anonymous', id: 'anonymous' }],
  [
    'root',
    { kind: 'root', account, arn: `arn:aws:iam::${account}:root`, accessKeyId: 'AKIA' },
    { type: 'Account', id: account, arn: `arn:aws:iam::${account}:root` },
  ],
  ['a user', user, { type: 'User', id: 'AIDADORA', name: 'dora', arn: user.arn }],
  [
    'temporary keys of a user',
    { ...user, temporary: { ...lived, mfaAt: at - 30_000 } },
    { type: 'User', id: 'AIDADORA', name: 'dora', arn: user.arn, mfa: 'true', age: '30' },
  ],
  [
    'a federated user',
    {
      ...user,
      arn: `arn:aws:sts::${account}:federated-user/bob`,
      temporary: { ...lived, federatedName: 'bob' },
    },
    {
      type: 'FederatedUser',
      id: `${account}:bob`,
      arn: `arn:aws:sts::${account}:federated-user/bob`,
      mfa: 'false',
    },
  ],
  [
    'a session',
    { ...role, session },
    { type: 'AssumedRole', id: 'AROAAPP:sess', arn: session.roleArn, mfa: 'false', by: 'alice' },
  ],
]

test('each kind of caller has the keys that AWS gives it, and no others', () => {
  for (const [name, caller, expected] of callers) {
    const keys = globalConditionKeys(caller, undefined, request)
    const found = {
      type: keys['aws:PrincipalType'],
      id: keys['aws:userid'],
      name: keys['aws:username'],
      arn: keys['aws:PrincipalArn'],
      mfa: keys['aws:MultiFactorAuthPresent'],
      age: keys['aws:MultiFactorAuthAge'],
      by: keys['aws:SourceIdentity'],
    }
    const none = { name: undefined, arn: undefined, mfa: undefined, age: undefined, by: undefined }
    assert.deepEqual(found, { ...none, ...expected }, name)
    const issued = expected['mfa'] === undefined ? undefined : '2026-11-24T09:59:00.000Z'
    assert.equal(keys['aws:TokenIssueTime'], issued, name)
    assert.equal(keys['aws:PrincipalOrgID'], undefined, name)
  }
})

test('credentials of an instance name it, and the version of the metadata that gave them', () => {
  const keysOf = (more: Partial<SessionFacts>) => {
    const caller: Caller = { ...role, session: { ...session, instanceId: 'i-0abc', ...more } }
    const keys = globalConditionKeys(caller, undefined, request)
    return [keys['ec2:SourceInstanceARN'], keys['ec2:RoleDelivery']]
  }
  const instance = `arn:aws:ec2:eu-west-1:${account}:instance/i-0abc`
  const told = { instanceRegion: 'eu-west-1', roleDelivery: '1.0' } as const
  assert.deepEqual(keysOf(told), [instance, '1.0'])
  assert.deepEqual(keysOf({}), [undefined, undefined])
})

test('tags of a session stand for those of its role, whatever their case', () => {
  const principal = {
    ...{ account, arn: session.roleArn, id: 'AROAAPP', name: 'app', path: '/team/' },
    tags: { Team: 'blue', stage: 'test' },
    identityPolicies: [],
  }
  const tagged = { ...role, session: { ...session, tags: { team: 'red' } } }
  const keys = globalConditionKeys(tagged, principal, request)
  const tags = Object.entries(keys).filter(([key]) => key.startsWith('aws:PrincipalTag/'))
  assert.deepEqual(tags, [
    ['aws:PrincipalTag/Team', 'red'],
    ['aws:PrincipalTag/stage', 'test'],
  ])
})
