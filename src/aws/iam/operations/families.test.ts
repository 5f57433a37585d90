import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as sdk from '@aws-sdk/client-iam'
import { allow, ec2Trust, refused, startTestIam, type TestIam } from '../testing.ts'

const readOnly = 'arn:aws:iam::aws:policy/job-function/ViewOnlyAccess'

let iam: TestIam
before(async () => {
  iam = await startTestIam()
  await send('CreateUser', { UserName: 'entity' })
  await send('CreateGroup', { GroupName: 'entity' })
  await send('CreateRole', { RoleName: 'entity', AssumeRolePolicyDocument: ec2Trust })
  await send('CreateInstanceProfile', { InstanceProfileName: 'entity' })
})
after(() => iam[Symbol.asyncDispose]())

/** Sends a command by its name. */
function send(name: string, input: object): Promise<Record<string, unknown>> {
  // biome-ignore lint/performance/noDynamicNamespaceImportAccess: the names are made of kinds
  const Command = sdk[`${name}Command` as keyof typeof sdk] as new (input: object) => never
  return iam.client.send(new Command(input)) as never
}

for (const kind of ['Role', 'User', 'Group']) {
  const entity = { [`${kind}Name`]: 'entity' }
  const PolicyName = 'inline'

  test(`a ${kind}'s inline policies are put, replaced, listed, shown and deleted`, async () => {
    const put = (action: string) =>
      send(`Put${kind}Policy`, { ...entity, PolicyName, PolicyDocument: allow(action) })
    await put('s3:GetObject')
    await put('s3:PutObject')
    const shown = await send(`Get${kind}Policy`, { ...entity, PolicyName })
    assert.equal(shown[`${kind}Name`], 'entity')
    assert.equal(decodeURIComponent(String(shown['PolicyDocument'])), allow('s3:PutObject'))
    const list = () => send(`List${kind}Policies`, entity)
    assert.deepEqual((await list())['PolicyNames'], [PolicyName])
    await send(`Delete${kind}Policy`, { ...entity, PolicyName })
    assert.deepEqual((await list())['PolicyNames'], [])
    await refused(
      send(`Get${kind}Policy`, { ...entity, PolicyName }),
      'NoSuchEntity',
      `The ${kind.toLowerCase()} policy with name inline cannot be found.`,
    )
  })

  test(`a ${kind}'s managed policies are attached, listed by path and detached`, async () => {
    const policy = { ...entity, PolicyArn: readOnly }
    await send(`Attach${kind}Policy`, policy)
    const list = async (PathPrefix: string) =>
      (await send(`ListAttached${kind}Policies`, { ...entity, PathPrefix }))['AttachedPolicies']
    const attached = [{ PolicyName: 'ViewOnlyAccess', PolicyArn: readOnly }]
    assert.deepEqual(await list('/'), attached)
    assert.deepEqual(await list('/job-function/'), attached)
    assert.deepEqual(await list('/service-role/'), [])
    await refused(
      send(`Delete${kind}`, entity),
      'DeleteConflict',
      'Cannot delete entity, must detach all policies first.',
    )
    await send(`Detach${kind}Policy`, policy)
    assert.deepEqual(await list('/'), [])
  })
}

for (const kind of ['Role', 'User', 'InstanceProfile']) {
  test(`a ${kind}'s tags are set, paged and taken away`, async () => {
    const entity = { [`${kind}Name`]: 'entity' }
    const Tags = ['a', 'b', 'c'].map((Key) => ({ Key, Value: Key }))
    await send(`Tag${kind}`, { ...entity, Tags })
    const first = await send(`List${kind}Tags`, { ...entity, MaxItems: 2 })
    assert.deepEqual([first['Tags'], first['IsTruncated']], [Tags.slice(0, 2), true])
    const second = await send(`List${kind}Tags`, { ...entity, Marker: first['Marker'] })
    assert.deepEqual([second['Tags'], second['IsTruncated']], [Tags.slice(2), false])
    await send(`Untag${kind}`, { ...entity, TagKeys: ['a', 'c', 'ghost'] })
    assert.deepEqual((await send(`List${kind}Tags`, entity))['Tags'], Tags.slice(1, 2))
    const many = Array.from({ length: 50 }, (_, index) => ({ Key: `k${index}`, Value: '' }))
    await refused(
      send(`Tag${kind}`, { ...entity, Tags: many }),
      'LimitExceeded',
      'The number of tags has reached the maximum limit.',
    )
  })
}

test('groups are listed under a path', async () => {
  await send('CreateGroup', { GroupName: 'deep', Path: '/deep/' })
  const { Groups } = await send('ListGroups', { PathPrefix: '/deep/' })
  assert.deepEqual(
    (Groups as { GroupName: string }[]).map(({ GroupName }) => GroupName),
    ['deep'],
  )
})

test('a policy that names one provider or path is not got around by another spelling', async () => {
  const arn = 'arn:aws:iam::111122223333:oidc-provider/localhost:8443/id/x'
  await send('CreateOpenIDConnectProvider', {
    Url: 'https://localhost:8443/id/x',
    ThumbprintList: ['a'.repeat(40)],
  })
  await send('CreateUser', { UserName: 'fenced' })
  const policy = {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: 'iam:*', Resource: '*' },
      { Effect: 'Deny', Action: '*', Resource: [arn, '*:role/deep/Secret'] },
    ],
  }
  await send('PutUserPolicy', {
    UserName: 'fenced',
    PolicyName: 'p',
    PolicyDocument: JSON.stringify(policy).replace('*:role', 'arn:aws:iam::*:role'),
  })
  const { AccessKey } = await send('CreateAccessKey', { UserName: 'fenced' })
  const { AccessKeyId = '', SecretAccessKey = '' } = AccessKey as sdk.AccessKey
  const client = iam.clientOf({ accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey })
  await send('CreateRole', {
    RoleName: 'Secret',
    Path: '/deep/',
    AssumeRolePolicyDocument: ec2Trust,
  })
  const denied = (call: Promise<unknown>) =>
    refused(call, 'AccessDenied', /with an explicit deny in an identity-based policy/)
  const OpenIDConnectProviderArn = arn.replace(':8443', '')
  await denied(
    client.send(new sdk.DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn })),
  )
  await denied(client.send(new sdk.GetRoleCommand({ RoleName: 'SECRET' })))
  const PolicySourceArn = 'arn:aws:iam::111122223333:role/Secret'
  await refused(
    client.send(
      new sdk.SimulatePrincipalPolicyCommand({ PolicySourceArn, ActionNames: ['s3:GetObject'] }),
    ),
    'NoSuchEntity',
    'The role with name Secret cannot be found.',
  )
})
