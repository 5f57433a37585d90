import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  ChangePasswordCommand,
  CreateAccessKeyCommand,
  CreateLoginProfileCommand,
  CreateUserCommand,
  DeleteAccountPasswordPolicyCommand,
  DeleteLoginProfileCommand,
  DeleteUserCommand,
  GetAccountPasswordPolicyCommand,
  GetLoginProfileCommand,
  PutUserPolicyCommand,
  UpdateAccountPasswordPolicyCommand,
  UpdateLoginProfileCommand,
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
const notStrongEnough = 'Password does not conform to the account password policy.'

test('a login profile is made, shown, changed, renamed with its user and deleted', async () => {
  const UserName = 'ann'
  await send(new CreateUserCommand({ UserName }))
  const made = await send(new CreateLoginProfileCommand({ UserName, Password: 'First-Word-1' }))
  const { CreateDate } = made.LoginProfile ?? {}
  assert.deepEqual(made.LoginProfile, { UserName, CreateDate, PasswordResetRequired: false })
  await refused(
    send(new CreateLoginProfileCommand({ UserName, Password: 'Other-Word-1' })),
    'EntityAlreadyExists',
    'Login Profile for user ann already exists.',
  )
  await send(new UpdateLoginProfileCommand({ UserName, PasswordResetRequired: true }))
  await send(new UpdateUserCommand({ UserName, NewUserName: 'anna' }))
  const { LoginProfile } = await send(new GetLoginProfileCommand({ UserName: 'anna' }))
  assert.deepEqual(LoginProfile, { UserName: 'anna', CreateDate, PasswordResetRequired: true })
  await refused(
    send(new DeleteUserCommand({ UserName: 'anna' })),
    'DeleteConflict',
    'Cannot delete entity, must delete login profile first.',
  )
  const remove = () => send(new DeleteLoginProfileCommand({ UserName: 'anna' }))
  await remove()
  const none = 'Login Profile for User anna cannot be found.'
  await refused(remove(), 'NoSuchEntity', none)
  await refused(send(new GetLoginProfileCommand({ UserName: 'anna' })), 'NoSuchEntity', none)
  await refused(
    send(new CreateLoginProfileCommand({ UserName: 'ghost', Password: 'First-Word-1' })),
    'NoSuchEntity',
    'The user with name ghost cannot be found.',
  )
})

test('the account’s password policy takes defaults for what is not given, and is deleted', async () => {
  const missing = `The Password Policy with domain name ${testAccount} cannot be found.`
  const get = () => send(new GetAccountPasswordPolicyCommand({}))
  await refused(get(), 'NoSuchEntity', missing)
  await send(new UpdateAccountPasswordPolicyCommand({}))
  const plain = {
    MinimumPasswordLength: 6,
    RequireSymbols: false,
    RequireNumbers: false,
    RequireUppercaseCharacters: false,
    RequireLowercaseCharacters: false,
    AllowUsersToChangePassword: false,
    ExpirePasswords: false,
  }
  assert.deepEqual((await get()).PasswordPolicy, plain)
  await send(new UpdateAccountPasswordPolicyCommand({ MaxPasswordAge: 60, HardExpiry: true }))
  assert.deepEqual((await get()).PasswordPolicy, {
    ...plain,
    ExpirePasswords: true,
    MaxPasswordAge: 60,
    HardExpiry: true,
  })
  await refused(
    send(
      new UpdateAccountPasswordPolicyCommand({
        MinimumPasswordLength: 129,
        PasswordReusePrevention: 25,
        MaxPasswordAge: 1096,
      }),
    ),
    'ValidationError',
    [
      "3 validation errors detected: Value at 'minimumPasswordLength' failed to satisfy constraint: Member must have value less than or equal to 128;",
      "Value at 'passwordReusePrevention' failed to satisfy constraint: Member must have value less than or equal to 24;",
      "Value at 'maxPasswordAge' failed to satisfy constraint: Member must have value less than or equal to 1095",
    ].join(' '),
  )
  await send(new DeleteAccountPasswordPolicyCommand({}))
  await refused(get(), 'NoSuchEntity', missing)
  await refused(
    send(new DeleteAccountPasswordPolicyCommand({})),
    'NoSuchEntity',
    'The account policy with name PasswordPolicy cannot be found.',
  )
})

test('a password must follow the policy, AWS’s default where the account has none', async () => {
  const UserName = 'ben'
  await send(new CreateUserCommand({ UserName }))
  const create = (Password: string) => send(new CreateLoginProfileCommand({ UserName, Password }))
  for (const weak of ['Short-1', 'onlyletters', 'lower-and-symbols']) {
    await refused(create(weak), 'PasswordPolicyViolation', notStrongEnough)
  }
  await send(new UpdateAccountPasswordPolicyCommand({ RequireNumbers: true }))
  await refused(create('letters'), 'PasswordPolicyViolation', notStrongEnough)
  await create('letters1')
  await send(new DeleteAccountPasswordPolicyCommand({}))
})

test('a user changes the password by the one before, and none of the last ones comes back', async () => {
  const UserName = 'cas'
  await send(new CreateUserCommand({ UserName }))
  await send(new CreateLoginProfileCommand({ UserName, Password: 'First-Word-1' }))
  const { AccessKey } = await send(new CreateAccessKeyCommand({ UserName }))
  const own = iam.clientOf({
    accessKeyId: AccessKey?.AccessKeyId ?? '',
    secretAccessKey: AccessKey?.SecretAccessKey ?? '',
  })
  const change = (OldPassword: string, NewPassword: string) =>
    own.send(new ChangePasswordCommand({ OldPassword, NewPassword }))
  await refused(change('First-Word-1', 'Second-Word-1'), 'AccessDenied', /iam:ChangePassword/)
  const PolicyDocument = allow('iam:ChangePassword')
  await send(new PutUserPolicyCommand({ UserName, PolicyName: 'own', PolicyDocument }))
  await refused(
    change('Wrong-Word-1', 'Second-Word-1'),
    'AccessDenied',
    'The old password was incorrect.',
  )
  await change('First-Word-1', 'Second-Word-1')
  await send(new UpdateAccountPasswordPolicyCommand({ PasswordReusePrevention: 2 }))
  for (const used of ['First-Word-1', 'Second-Word-1']) {
    await refused(change('Second-Word-1', used), 'PasswordPolicyViolation', notStrongEnough)
  }
  await change('Second-Word-1', 'Third-Word-1')
  const root = iam.clientOf(iam.keys.rootKeys)
  await refused(
    root.send(new ChangePasswordCommand({ OldPassword: 'x', NewPassword: 'y' })),
    'InvalidUserType',
    'Only IAM Users can change their own password',
  )
})
