import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  CreateRoleCommand,
  CreateUserCommand,
  DeleteRoleCommand,
  DeleteUserCommand,
  GetRoleCommand,
  ListRolesCommand,
  PutRolePolicyCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
  UpdateRoleDescriptionCommand,
  UpdateUserCommand,
} from '@aws-sdk/client-iam'
import { testAccount } from '../../gateway/testing.ts'
import { allow, ec2Trust, refused, startTestIam, type TestIam, trusting } from '../testing.ts'

let iam: TestIam
before(async () => {
  iam = await startTestIam({ quotas: { rolesPerAccount: 30 } })
})
after(() => iam[Symbol.asyncDispose]())

const create = (RoleName: string, more: object = {}) =>
  iam.client.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: ec2Trust, ...more }))
const roleArn = (name: string) => `arn:aws:iam::${testAccount}:role/${name}`

test('a role comes back as it was made, its trust policy percent-encoded to the last slash', async () => {
  const text = `{ "Version": "2012-10-17",\n "Statement": [{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:PrincipalTag/a":"(x)*'!"}}}] }`
  await create('whole', {
    Path: '/a/b/',
    AssumeRolePolicyDocument: text,
    Description: 'a role',
    MaxSessionDuration: 7200,
    Tags: [{ Key: 'Team', Value: 'x' }],
  })
  const { Role } = await iam.client.send(new GetRoleCommand({ RoleName: 'whole' }))
  assert.equal(Role?.Arn, roleArn('a/b/whole'))
  assert.match(Role?.RoleId ?? '', /^AROA[A-Z2-7]{17}$/)
  assert.equal(Role?.Description, 'a role')
  assert.equal(Role?.MaxSessionDuration, 7200)
  assert.deepEqual(Role?.Tags, [{ Key: 'Team', Value: 'x' }])
  const encoded = Role?.AssumeRolePolicyDocument ?? ''
  assert.doesNotMatch(encoded, /[^A-Za-z0-9\-._~%]/)
  assert.equal(decodeURIComponent(encoded), text)
})

test('names are taken whatever their case, and found in any', async () => {
  await create('CamelCase')
  await refused(
    create('camelcase'),
    'EntityAlreadyExists',
    'Role with name camelcase already exists.',
  )
  const { Role } = await iam.client.send(new GetRoleCommand({ RoleName: 'CAMELCASE' }))
  assert.equal(Role?.RoleName, 'CamelCase')
})

test('two creations at the same moment leave one role', async () => {
  const results = await Promise.allSettled([create('twin'), create('Twin'), create('TWIN')])
  assert.deepEqual(results.map(({ status }) => status).sort(), [
    'fulfilled',
    'rejected',
    'rejected',
  ])
})

test('a role that is not there is told by AWS’s text', async () => {
  const text = 'The role with name ghost cannot be found.'
  await refused(iam.client.send(new GetRoleCommand({ RoleName: 'ghost' })), 'NoSuchEntity', text)
  await refused(iam.client.send(new DeleteRoleCommand({ RoleName: 'ghost' })), 'NoSuchEntity', text)
})

test('wrong fields are named together, without their values and in the order of a hash table', async () => {
  await refused(
    create('a'.repeat(65), { Description: 'd'.repeat(1001), MaxSessionDuration: 60 }),
    'ValidationError',
    [
      '3 validation errors detected:',
      "Value at 'maxSessionDuration' failed to satisfy constraint: Member must have value greater than or equal to 3600;",
      "Value at 'roleName' failed to satisfy constraint: Member must have length less than or equal to 64;",
      "Value at 'description' failed to satisfy constraint: Member must have length less than or equal to 1000",
    ].join(' '),
  )
})

test('a name or a path of the wrong form is refused in words of its own', async () => {
  await refused(
    create('a b'),
    'ValidationError',
    'The specified value for roleName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-',
  )
  await refused(
    create('fine', { Path: 'no-slash' }),
    'ValidationError',
    'The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.',
  )
  await refused(
    iam.client.send(new ListRolesCommand({ PathPrefix: 'no-slash' })),
    'ValidationError',
    'The specified value for pathPrefix is invalid. It must begin with the / character and contain only alphanumeric characters and/or / characters.',
  )
})

test('what items of a list must be is said of the list', async () => {
  await create('listed')
  await refused(
    iam.client.send(new UntagRoleCommand({ RoleName: 'listed', TagKeys: ['a', 'k'.repeat(129)] })),
    'ValidationError',
    "1 validation error detected: Value at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+, Member must not be null]",
  )
})

test('a new role is shown without description and longest session, which lists and GetRole show', async () => {
  const { Role } = await create('shown', { Description: 'what it is for' })
  assert.deepEqual(Object.keys(Role ?? {}).sort(), [
    'Arn',
    'AssumeRolePolicyDocument',
    'CreateDate',
    'Path',
    'RoleId',
    'RoleName',
  ])
  const { Role: got } = await iam.client.send(new GetRoleCommand({ RoleName: 'shown' }))
  assert.deepEqual(
    [got?.Description, got?.MaxSessionDuration, got?.RoleLastUsed],
    ['what it is for', 3600, {}],
  )
  const { Role: changed } = await iam.client.send(
    new UpdateRoleDescriptionCommand({ RoleName: 'shown', Description: 'another' }),
  )
  assert.deepEqual([changed?.Description, changed?.MaxSessionDuration], ['another', undefined])
})

test('a trust policy must be right, and its users and roles must exist', async () => {
  const made = (text: string) => create('untrusted', { AssumeRolePolicyDocument: text })
  await refused(made('{'), 'MalformedPolicyDocument', 'This policy contains invalid Json')
  const ghost = roleArn('ghost')
  await refused(
    made(trusting({ AWS: ghost })),
    'MalformedPolicyDocument',
    `Invalid principal in policy: "AWS":"${ghost}"`,
  )
  await refused(
    made(trusting({ Federated: 'nonsense' })),
    'MalformedPolicyDocument',
    'Invalid principal in policy: "FEDERATED":"nonsense"',
  )
  await refused(
    made(trusting({ Service: `${'x'.repeat(2100)}.amazonaws.com` })),
    'LimitExceeded',
    'Cannot exceed quota for ACLSizePerRole: 2048',
  )
})

test('a trusted user who is deleted, and one made anew by the same name, is trusted no more', async () => {
  const UserName = 'friend'
  const { User } = await iam.client.send(new CreateUserCommand({ UserName }))
  const arn = `arn:aws:iam::${testAccount}:user/friend`
  await create('trusting', { AssumeRolePolicyDocument: trusting({ AWS: arn }) })
  const trust = () => iam.iam.identities.role(roleArn('trusting'))?.trustPolicy ?? ''
  assert.equal(trust(), trusting({ AWS: arn }))
  await iam.client.send(new DeleteUserCommand({ UserName }))
  await iam.client.send(new CreateUserCommand({ UserName }))
  assert.equal(trust(), trusting({ AWS: User?.UserId ?? '' }))
  const { Role } = await iam.client.send(new GetRoleCommand({ RoleName: 'trusting' }))
  assert.equal(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ''), trust())

  const PolicyDocument = trusting({ AWS: arn })
  await iam.client.send(new UpdateAssumeRolePolicyCommand({ RoleName: 'trusting', PolicyDocument }))
  assert.equal(trust(), PolicyDocument)
})

test('a trusted user who is renamed is trusted on, and named by the new ARN', async () => {
  const arn = (name: string) => `arn:aws:iam::${testAccount}:user${name}`
  await iam.client.send(new CreateUserCommand({ UserName: 'maiden' }))
  const PolicyDocument = trusting({ AWS: arn('/maiden') })
  await create('faithful', { AssumeRolePolicyDocument: PolicyDocument })
  const rename = { UserName: 'maiden', NewUserName: 'married', NewPath: '/x/' }
  await iam.client.send(new UpdateUserCommand(rename))
  const { Role } = await iam.client.send(new GetRoleCommand({ RoleName: 'faithful' }))
  const shown = decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')
  assert.equal(shown, trusting({ AWS: arn('/x/married') }))
  assert.equal(iam.iam.identities.role(roleArn('faithful'))?.trustPolicy, shown)
  // Whoever comes by the old name is somebody else.
  await iam.client.send(new CreateUserCommand({ UserName: 'maiden' }))
  assert.equal(iam.iam.identities.role(roleArn('faithful'))?.trustPolicy, shown)
})

test('description and longest session are changed alone or together', async () => {
  await create('changing', { Description: 'old', MaxSessionDuration: 7200 })
  const role = async () =>
    (await iam.client.send(new GetRoleCommand({ RoleName: 'changing' }))).Role
  await iam.client.send(new UpdateRoleCommand({ RoleName: 'changing', Description: 'new' }))
  assert.deepEqual([(await role())?.Description, (await role())?.MaxSessionDuration], ['new', 7200])
  await iam.client.send(new UpdateRoleCommand({ RoleName: 'changing', MaxSessionDuration: 3600 }))
  assert.deepEqual([(await role())?.Description, (await role())?.MaxSessionDuration], ['new', 3600])
  const { Role } = await iam.client.send(
    new UpdateRoleDescriptionCommand({ RoleName: 'changing', Description: 'newer' }),
  )
  assert.equal(Role?.Description, 'newer')
})

test('lists come in pages with opaque markers, under a path, in order of names', async () => {
  for (const name of ['p3', 'P1', 'p2', 'p4']) await create(name, { Path: '/paged/' })
  const names: (string | undefined)[] = []
  let Marker: string | undefined
  let pages = 0
  do {
    const page: { Roles?: { RoleName?: string }[]; IsTruncated?: boolean; Marker?: string } =
      (await iam.client.send(
        new ListRolesCommand({ PathPrefix: '/paged/', MaxItems: 3, Marker }),
      )) as never
    names.push(...(page.Roles ?? []).map(({ RoleName }) => RoleName))
    assert.equal(page.IsTruncated, page.Marker !== undefined)
    Marker = page.Marker
    pages += 1
  } while (Marker !== undefined)
  assert.deepEqual([names, pages], [['P1', 'p2', 'p3', 'p4'], 2])
  await refused(
    iam.client.send(new ListRolesCommand({ Marker: 'p2' })),
    'ValidationError',
    'Invalid Marker.',
  )
})

test('a role with inline policies cannot be deleted', async () => {
  await create('busy')
  await iam.client.send(
    new PutRolePolicyCommand({
      RoleName: 'busy',
      PolicyName: 'p',
      PolicyDocument: allow('s3:GetObject'),
    }),
  )
  await refused(
    iam.client.send(new DeleteRoleCommand({ RoleName: 'busy' })),
    'DeleteConflict',
    'Cannot delete entity, must delete policies first.',
  )
})

test('a deleted role is gone at once, also for what asks by ARN', async () => {
  await create('short')
  assert.ok(iam.iam.identities.role(roleArn('short')))
  await iam.client.send(new DeleteRoleCommand({ RoleName: 'short' }))
  assert.equal(iam.iam.identities.role(roleArn('short')), undefined)
})

test('a role is found by its exact ARN only: path and case count', async () => {
  await create('Exact', { Path: '/deep/' })
  assert.ok(iam.iam.identities.role(roleArn('deep/Exact')))
  assert.equal(iam.iam.identities.role(roleArn('Exact')), undefined)
  assert.equal(iam.iam.identities.role(roleArn('deep/exact')), undefined)
})

test('the last use of a role is told with its region', async () => {
  await create('worker')
  iam.iam.identities.used({
    roleArn: roleArn('worker'),
    service: 's3',
    region: 'eu-west-1',
    at: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  })
  const { Role } = await iam.client.send(new GetRoleCommand({ RoleName: 'worker' }))
  assert.deepEqual(Role?.RoleLastUsed, {
    LastUsedDate: new Date('2026-01-02T03:04:05Z'),
    Region: 'eu-west-1',
  })
})

test('tag keys are told apart without case, and may not begin with aws:', async () => {
  await create('tagged', { Tags: [{ Key: 'Team', Value: 'x' }] })
  const tag = (...Tags: { Key: string; Value: string }[]) =>
    iam.client.send(new TagRoleCommand({ RoleName: 'tagged', Tags }))
  await tag({ Key: 'team', Value: 'y' })
  const { Role } = await iam.client.send(new GetRoleCommand({ RoleName: 'tagged' }))
  assert.deepEqual(Role?.Tags, [{ Key: 'team', Value: 'y' }])
  await refused(
    tag({ Key: 'a', Value: '1' }, { Key: 'A', Value: '2' }),
    'InvalidInput',
    'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
  )
  await refused(tag({ Key: 'aws:x', Value: '1' }), 'InvalidInput', /reserved prefix/)
})

test('an account has no more roles than its quota', async () => {
  for (let index = 0; ; index += 1) {
    const made = await create(`fill-${index}`).then(
      () => true,
      (error: Error) => error.message,
    )
    if (made === true) continue
    assert.equal(made, 'Cannot exceed quota for RolesPerAccount: 30')
    break
  }
})
