import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  AddUserToGroupCommand,
  AttachGroupPolicyCommand,
  CreateAccessKeyCommand,
  CreateGroupCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteGroupCommand,
  DeleteUserCommand,
  GetAccessKeyLastUsedCommand,
  GetGroupCommand,
  GetUserCommand,
  ListAccessKeysCommand,
  ListGroupsForUserCommand,
  ListRolesCommand,
  ListUsersCommand,
  PutGroupPolicyCommand,
  PutUserPolicyCommand,
  RemoveUserFromGroupCommand,
  TagUserCommand,
  UpdateAccessKeyCommand,
  UpdateGroupCommand,
  UpdateUserCommand,
} from '@aws-sdk/client-iam'
import { testAccount } from '../../gateway/testing.ts'
import { allow, refused, startTestIam, type TestIam } from '../testing.ts'

let iam: TestIam
before(async () => {
  iam = await startTestIam()
})
after(() => iam[Symbol.asyncDispose]())

const send: TestIam['client']['send'] = (...args: unknown[]) =>
  (iam.client.send as (...args: unknown[]) => never)(...args)

/** A user with a key and one inline policy. */
async function userWith(UserName: string, policy?: string) {
  await send(new CreateUserCommand({ UserName }))
  if (policy !== undefined) {
    await send(new PutUserPolicyCommand({ UserName, PolicyName: 'p', PolicyDocument: policy }))
  }
  const { AccessKey } = await send(new CreateAccessKeyCommand({ UserName }))
  const { AccessKeyId = '', SecretAccessKey = '' } = AccessKey ?? {}
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey }
}

test('a caller who names nobody asks about himself; the root user is told by his account', async () => {
  const { User } = await send(new GetUserCommand({}))
  assert.equal(User?.UserName, 'administrator')
  const root = await iam.clientOf(iam.keys.rootKeys).send(new GetUserCommand({}))
  assert.equal(root.User?.Arn, `arn:aws:iam::${testAccount}:root`)
  assert.equal(root.User?.UserId, testAccount)
})

test('a user may do what his policies say, by AWS’s text no more', async () => {
  const client = iam.clientOf(await userWith('limited', allow('iam:GetUser')))
  assert.equal((await client.send(new GetUserCommand({}))).User?.UserName, 'limited')
  await refused(
    client.send(new ListRolesCommand({})),
    'AccessDenied',
    `User: arn:aws:iam::${testAccount}:user/limited is not authorized to perform: iam:ListRoles on resource: arn:aws:iam::${testAccount}:role/ because no identity-based policy allows the iam:ListRoles action`,
  )
})

test('a key switched off or deleted is dead at the next request', async () => {
  const keys = await userWith('switched', allow('iam:GetUser'))
  const client = iam.clientOf(keys)
  const ask = () => client.send(new GetUserCommand({}))
  await ask()
  const input = { UserName: 'switched', AccessKeyId: keys.accessKeyId }
  await send(new UpdateAccessKeyCommand({ ...input, Status: 'Inactive' }))
  await refused(ask(), 'InvalidClientTokenId', /./)
  await send(new UpdateAccessKeyCommand({ ...input, Status: 'Active' }))
  await ask()
  await send(new DeleteAccessKeyCommand(input))
  await refused(ask(), 'InvalidClientTokenId', /./)
  await refused(
    send(new DeleteAccessKeyCommand(input)),
    'NoSuchEntity',
    `The Access Key with id ${keys.accessKeyId} cannot be found.`,
  )
})

test('a user has at most two keys, listed without their secrets', async () => {
  const UserName = 'keyed'
  await userWith(UserName)
  await send(new CreateAccessKeyCommand({ UserName }))
  await refused(
    send(new CreateAccessKeyCommand({ UserName })),
    'LimitExceeded',
    'Cannot exceed quota for AccessKeysPerUser: 2',
  )
  const listed = await send(new ListAccessKeysCommand({ UserName }))
  assert.equal(listed.AccessKeyMetadata?.length, 2)
  assert.deepEqual(Object.keys(listed.AccessKeyMetadata?.[0] ?? {}).sort(), [
    'AccessKeyId',
    'CreateDate',
    'Status',
    'UserName',
  ])
})

test('the last use of a key is told; a key of nobody here is denied', async () => {
  const { accessKeyId: AccessKeyId } = await userWith('used')
  const ask = () => send(new GetAccessKeyLastUsedCommand({ AccessKeyId }))
  assert.deepEqual((await ask()).AccessKeyLastUsed, { ServiceName: 'N/A', Region: 'N/A' })
  iam.iam.identities.used({
    accessKeyId: AccessKeyId,
    service: 's3',
    region: 'us-west-2',
    at: Date.UTC(2026, 0, 1),
  })
  const { UserName, AccessKeyLastUsed } = await ask()
  assert.deepEqual(
    [UserName, AccessKeyLastUsed],
    ['used', { LastUsedDate: new Date('2026-01-01'), ServiceName: 's3', Region: 'us-west-2' }],
  )
  await refused(
    send(new GetAccessKeyLastUsedCommand({ AccessKeyId: 'AKIAAAAAAAAAAAAAAAAA' })),
    'AccessDenied',
    /./,
  )
})

test('a user who has something cannot be deleted', async () => {
  const UserName = 'laden'
  const { accessKeyId: AccessKeyId } = await userWith(UserName)
  const remove = () => send(new DeleteUserCommand({ UserName }))
  await refused(remove(), 'DeleteConflict', 'Cannot delete entity, must delete access keys first.')
  await send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }))
  await remove()
  await refused(remove(), 'NoSuchEntity', 'The user with name laden cannot be found.')
})

test('a group gives its policies to its users until they leave it', async () => {
  const client = iam.clientOf(await userWith('member'))
  const GroupName = 'readers'
  await send(new CreateGroupCommand({ GroupName }))
  await send(
    new PutGroupPolicyCommand({
      GroupName,
      PolicyName: 'p',
      PolicyDocument: allow('iam:ListUsers'),
    }),
  )
  const PolicyArn = 'arn:aws:iam::aws:policy/IAMReadOnlyAccess'
  await send(new AttachGroupPolicyCommand({ GroupName, PolicyArn }))
  const listUsers = () => client.send(new ListUsersCommand({}))
  await refused(listUsers(), 'AccessDenied', /no identity-based policy allows/)
  await send(new AddUserToGroupCommand({ GroupName, UserName: 'member' }))
  await listUsers()
  const { Group, Users } = await send(new GetGroupCommand({ GroupName }))
  assert.match(Group?.GroupId ?? '', /^AGPA[A-Z2-7]{17}$/)
  assert.deepEqual(
    Users?.map(({ UserName }) => UserName),
    ['member'],
  )
  await refused(
    send(new DeleteGroupCommand({ GroupName })),
    'DeleteConflict',
    'Cannot delete entity, must remove users from group first.',
  )
  await send(new UpdateGroupCommand({ GroupName, NewGroupName: 'Viewers' }))
  await listUsers()
  const { Groups } = await send(new ListGroupsForUserCommand({ UserName: 'member' }))
  assert.deepEqual(
    Groups?.map((group) => group.GroupName),
    ['Viewers'],
  )
  await send(new RemoveUserFromGroupCommand({ GroupName: 'viewers', UserName: 'member' }))
  await refused(listUsers(), 'AccessDenied', /no identity-based policy allows/)
})

test('a renamed user keeps his id, keys and policies', async () => {
  const client = iam.clientOf(await userWith('before', allow('iam:GetUser')))
  const id = (await client.send(new GetUserCommand({}))).User?.UserId
  await send(new UpdateUserCommand({ UserName: 'before', NewUserName: 'after', NewPath: '/x/' }))
  const { User } = await client.send(new GetUserCommand({}))
  assert.deepEqual([User?.UserId, User?.Arn], [id, `arn:aws:iam::${testAccount}:user/x/after`])
  await refused(
    send(new UpdateUserCommand({ UserName: 'after', NewUserName: 'Administrator' })),
    'EntityAlreadyExists',
    'User with name Administrator already exists.',
  )
})

test('a group is moved while its members change: neither is in the way of the other', async () => {
  const names = ['busy-1', 'busy-2', 'busy-3']
  await send(new CreateGroupCommand({ GroupName: 'busy' }))
  for (const UserName of names) {
    await send(new CreateUserCommand({ UserName }))
    await send(new AddUserToGroupCommand({ GroupName: 'busy', UserName }))
  }
  const path = (name: string) => send(new UpdateUserCommand({ UserName: name, NewPath: '/new/' }))
  const tag = (Value: string) => (UserName: string) =>
    send(new TagUserCommand({ UserName, Tags: [{ Key: 'a', Value }] }))
  const move = (NewPath: string) => send(new UpdateGroupCommand({ GroupName: 'busy', NewPath }))
  await Promise.all(names.map(path))
  for (const round of ['1', '2', '3', '4', '5']) {
    await Promise.all([
      ...names.map(tag(round)),
      move(`/${round}/`),
      ...names.map(tag(`${round} again`)),
      move(`/${round}-again/`),
    ])
  }
  const { Group, Users } = await send(new GetGroupCommand({ GroupName: 'busy' }))
  assert.match(Group?.Path ?? '', /^\/5(-again)?\/$/)
  const arn = (name: string) => `arn:aws:iam::${testAccount}:user/new/${name}`
  assert.deepEqual(
    Users?.map(({ Arn }) => Arn),
    names.map(arn),
  )
})
