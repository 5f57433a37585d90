import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../../clock/manual-clock.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts'
import type { AwsRequest, Call } from '../operation.ts'
import { loadModel } from '../protocol/load-model.ts'
import { shapeOf, structureOf } from '../protocol/model.ts'
import { openIam } from './iam.ts'
import { operations } from './service.ts'
import { allow, ec2Trust } from './testing.ts'

const account = '111122223333'
const model = loadModel('iam')
const unkind = [
  ...['', ' ', 'x', '0', '-1', '1e309', 'true', '__proto__', 'constructor', 'toString', '..', '*'],
  ...[
    'arn:',
    'arn:aws:iam::aws:policy/',
    'arn:aws:iam::aws:policy/constructor',
    `arn:aws:iam::${account}:role/`,
  ],
  ...[`arn:aws:iam::${account}:policy/a/b`, `arn:aws:iam::${account}:oidc-provider/%`],
  ...[`arn:aws:iam::${account}:user/administrator`, 'administrator', '/', '/a/', 'v1', '{', '{}'],
  ...[
    'https://a.example',
    'https://[::1]/',
    'https://%',
    'eks.amazonaws.com',
    'AROAAAAAAAAAAAAAAAAAA',
  ],
  ...[
    '{"Version":"2012-10-17","Statement":[]}',
    'null',
    '[]',
    '\u0000',
    '\u{1F600}',
    'a'.repeat(5000),
  ],
  ...['MTp4', Buffer.from('1:1').toString('base64url'), '2012-10-17', 'Active', 'Role'],
]

/** What makes an operation go far: entities that are there, documents that are right. */
const kind: Readonly<Record<string, string>> = {
  RoleName: 'entity',
  UserName: 'entity',
  GroupName: 'entity',
  InstanceProfileName: 'entity',
  PolicyName: 'entity',
  PolicyArn: `arn:aws:iam::${account}:policy/entity`,
  PermissionsBoundary: `arn:aws:iam::${account}:policy/entity`,
  PolicySourceArn: `arn:aws:iam::${account}:role/entity`,
  OpenIDConnectProviderArn: `arn:aws:iam::${account}:oidc-provider/oidc.example`,
  Url: 'https://oidc.example',
  PolicyDocument: allow('s3:GetObject'),
  AssumeRolePolicyDocument: ec2Trust,
  'PolicyInputList.member.1': allow('s3:GetObject'),
  'ActionNames.member.1': 's3:GetObject',
  'ThumbprintList.member.1': 'a'.repeat(40),
  VersionId: 'v1',
}

test('whatever fields hold, an operation answers or refuses; it never fails', async () => {
  const clock = new ManualClock()
  await using store = openSqliteStore({ path: ':memory:', now: () => clock.now() })
  const fetchThumbprint = () => Promise.reject(new Error('no network here'))
  const outboundIssuerUrl = (id: string) => `https://localhost/outbound/${id}`
  await using iam = openIam({ store, clock, fetchThumbprint, outboundIssuerUrl })
  await iam.createAccount({ id: account })
  const caller = { kind: 'root', account, arn: `arn:aws:iam::${account}:root` }
  const call = { account, caller, at: clock.now(), requestId: 'request', region: 'r' } as Call
  const request = { headers: new Map() } as unknown as AwsRequest

  const ask = async (Action: string, fields: Record<string, string>): Promise<boolean> => {
    const form = new URLSearchParams({ Action, Version: model.version, ...fields })
    try {
      const bound = iam.service.match(request, form)
      const input = bound.parse(request, new Uint8Array(), undefined)
      for (const need of (await bound.needs(input, call)) ?? []) assert.match(need.action, /^iam:/)
      const { status } = bound.write(await bound.handle(input, call), call)
      assert.equal(status, 200)
      return true
    } catch (error) {
      const shown = `${Action} ${JSON.stringify(fields)}: ${String(error)}`
      assert.ok(error instanceof Refusal && error.status < 500, shown)
      return false
    }
  }

  const served = Object.entries(operations).flatMap(([name, each]) =>
    each === 'not-implemented' ? [] : [name],
  )
  const made = ['CreatePolicy', 'CreateRole', 'CreateUser', 'CreateGroup', 'CreateInstanceProfile']
  for (const name of [...made, 'CreateOpenIDConnectProvider', 'AttachRolePolicy']) {
    assert.ok(await ask(name, only(name, kind)), name)
  }
  let answered = 0
  let turn = 0
  for (const name of served) {
    for (const value of unkind) if (await ask(name, fields(name, value))) answered += 1
    for (const field of Object.keys(fields(name, ''))) {
      for (const value of unkind) {
        turn += 1
        if (turn % 3 > 0) continue
        if (await ask(name, { ...only(name, kind), [field]: value })) answered += 1
      }
    }
  }
  assert.ok(answered > 500, `${answered}`)
})

/** Those of the values that an operation has a field for. */
function only(name: string, values: Readonly<Record<string, string>>): Record<string, string> {
  const known = Object.keys(fields(name, ''))
  return Object.fromEntries(Object.entries(values).filter(([field]) => known.includes(field)))
}

/** Every member of the input with the same value; lists have one item, structures of tags a key and a value. */
function fields(operation: string, value: string): Record<string, string> {
  const result: Record<string, string> = {}
  const input = model.operations[operation]?.input
  if (!input) return result
  for (const [name, member] of Object.entries(structureOf(model, input).members)) {
    const shape = shapeOf(model, member.shape)
    if (shape.kind !== 'list') result[name] = value
    else if (shapeOf(model, shape.of.shape).kind !== 'structure') result[`${name}.member.1`] = value
    else {
      for (const inner of Object.keys(structureOf(model, shape.of.shape).members)) {
        result[`${name}.member.1.${inner}`] = value
      }
    }
  }
  return result
}
