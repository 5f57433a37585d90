import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  AddRoleToInstanceProfileCommand,
  AttachRolePolicyCommand,
  CreateAccountAliasCommand,
  CreateInstanceProfileCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  CreateServiceLinkedRoleCommand,
  CreateUserCommand,
  DeleteAccountAliasCommand,
  DeleteInstanceProfileCommand,
  DeleteRoleCommand,
  DeleteServiceLinkedRoleCommand,
  DeleteUserPermissionsBoundaryCommand,
  DisableOrganizationsRootCredentialsManagementCommand,
  DisableOrganizationsRootSessionsCommand,
  EnableOrganizationsRootCredentialsManagementCommand,
  EnableOrganizationsRootSessionsCommand,
  GenerateCredentialReportCommand,
  GenerateOrganizationsAccessReportCommand,
  GetAccountAuthorizationDetailsCommand,
  GetAccountSummaryCommand,
  GetCredentialReportCommand,
  GetHumanReadableSummaryCommand,
  GetInstanceProfileCommand,
  GetOrganizationsAccessReportCommand,
  GetRoleCommand,
  GetServiceLinkedRoleDeletionStatusCommand,
  ListAccountAliasesCommand,
  ListInstanceProfilesCommand,
  ListInstanceProfilesForRoleCommand,
  ListOrganizationsFeaturesCommand,
  PutRolePolicyCommand,
  PutUserPermissionsBoundaryCommand,
  RemoveRoleFromInstanceProfileCommand,
  SetSecurityTokenServicePreferencesCommand,
} from '@aws-sdk/client-iam'
import { testAccount } from '../../gateway/testing.ts'
import { linkedRoleNames } from '../linked-role-names.ts'
import { allow, ec2Trust, refused, startTestIam, type TestIam } from '../testing.ts'

let iam: TestIam
before(async () => {
  iam = await startTestIam()
})
after(() => iam[Symbol.asyncDispose]())

const send: TestIam['client']['send'] = (...args: unknown[]) =>
  (iam.client.send as (...args: unknown[]) => never)(...args)
const createRole = (RoleName: string) =>
  send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: ec2Trust }))

test('an instance profile holds one role, which cannot be deleted meanwhile', async () => {
  const InstanceProfileName = 'node'
  await createRole('node-role')
  await createRole('other-role')
  const { InstanceProfile } = await send(
    new CreateInstanceProfileCommand({ InstanceProfileName, Path: '/nodes/' }),
  )
  assert.match(InstanceProfile?.InstanceProfileId ?? '', /^AIPA[A-Z2-7]{17}$/)
  assert.equal(InstanceProfile?.Arn, `arn:aws:iam::${testAccount}:instance-profile/nodes/node`)
  const add = (RoleName: string) =>
    send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName }))
  await add('node-role')
  await refused(
    add('other-role'),
    'LimitExceeded',
    'Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1',
  )
  const found = await send(new GetInstanceProfileCommand({ InstanceProfileName }))
  assert.deepEqual(
    found.InstanceProfile?.Roles?.map(({ RoleName }) => RoleName),
    ['node-role'],
  )
  const { InstanceProfiles } = await send(
    new ListInstanceProfilesForRoleCommand({ RoleName: 'node-role' }),
  )
  assert.equal(InstanceProfiles?.length, 1)
  const conflict = 'Cannot delete entity, must remove roles from instance profile first.'
  await refused(send(new DeleteRoleCommand({ RoleName: 'node-role' })), 'DeleteConflict', conflict)
  await refused(
    send(new DeleteInstanceProfileCommand({ InstanceProfileName })),
    'DeleteConflict',
    conflict,
  )
  await send(
    new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName, RoleName: 'node-role' }),
  )
  await send(new DeleteRoleCommand({ RoleName: 'node-role' }))
  await send(new DeleteInstanceProfileCommand({ InstanceProfileName }))
  await refused(
    send(new GetInstanceProfileCommand({ InstanceProfileName })),
    'NoSuchEntity',
    'Instance Profile node cannot be found.',
  )
  assert.deepEqual((await send(new ListInstanceProfilesCommand({}))).InstanceProfiles, [])
})

test('a service-linked role is changed by nobody and deleted through its own operation', async () => {
  const AWSServiceName = 'eks.amazonaws.com'
  const { Role } = await send(new CreateServiceLinkedRoleCommand({ AWSServiceName }))
  const RoleName = 'AWSServiceRoleForAmazonEKS'
  assert.equal(
    Role?.Arn,
    `arn:aws:iam::${testAccount}:role/aws-service-role/eks.amazonaws.com/${RoleName}`,
  )
  await refused(
    send(new CreateServiceLinkedRoleCommand({ AWSServiceName })),
    'InvalidInput',
    `Service role name ${RoleName} has been taken in this account, please try a different suffix.`,
  )
  const document = { PolicyName: 'p', PolicyDocument: allow('s3:GetObject') }
  for (const change of [
    send(new DeleteRoleCommand({ RoleName })),
    send(new PutRolePolicyCommand({ RoleName, ...document })),
  ]) {
    await refused(
      change,
      'UnmodifiableEntity',
      `Cannot perform the operation on the protected role '${RoleName}' - this role is only modifiable by AWS`,
    )
  }
  const { DeletionTaskId } = await send(new DeleteServiceLinkedRoleCommand({ RoleName }))
  const { Status } = await send(new GetServiceLinkedRoleDeletionStatusCommand({ DeletionTaskId }))
  assert.equal(Status, 'SUCCEEDED')
})

test('service-linked roles have AWS’s own names and policies', async () => {
  for (const [AWSServiceName, { name, policy }] of linkedRoleNames) {
    const { Role } = await send(new CreateServiceLinkedRoleCommand({ AWSServiceName }))
    assert.equal(Role?.RoleName, `AWSServiceRoleFor${name}`)
    const policies = iam.iam.identities.role(Role?.Arn ?? '')?.identityPolicies.length
    assert.equal(policies, policy === undefined ? 0 : 1, AWSServiceName)
  }
})

test('a service-linked role is shown new with its description, and takes a suffix if it may', async () => {
  const create = (service: string, CustomSuffix?: string) =>
    send(
      new CreateServiceLinkedRoleCommand({
        AWSServiceName: `${service}.amazonaws.com`,
        Description: 'for tests',
        ...(CustomSuffix && { CustomSuffix }),
      }),
    )
  const { Role } = await create('autoscaling', 'blue')
  assert.equal(Role?.RoleName, 'AWSServiceRoleForAutoScaling_blue')
  assert.equal(Role?.Description, 'for tests')
  const trust = (document = '') => JSON.parse(decodeURIComponent(document)).Statement
  const inLists = {
    Action: ['sts:AssumeRole'],
    Principal: { Service: ['autoscaling.amazonaws.com'] },
  }
  assert.deepEqual(trust(Role?.AssumeRolePolicyDocument), [{ ...inLists, Effect: 'Allow' }])
  const found = await send(new GetRoleCommand({ RoleName: 'AWSServiceRoleForAutoScaling_blue' }))
  const inWords = { Action: 'sts:AssumeRole', Principal: { Service: 'autoscaling.amazonaws.com' } }
  assert.deepEqual(trust(found.Role?.AssumeRolePolicyDocument), [{ ...inWords, Effect: 'Allow' }])
  await refused(
    create('acm', 'blue'),
    'InvalidInput',
    'Custom suffix is not allowed for acm.amazonaws.com',
  )
})

test('an alias belongs to one account at a time', async () => {
  const other = await iam.iam.createAccount({ id: '444455556666' })
  const foreign = iam.clientOf(other.administratorKeys)
  const create = new CreateAccountAliasCommand({ AccountAlias: 'demo-lab' })
  await send(create)
  assert.deepEqual((await send(new ListAccountAliasesCommand({}))).AccountAliases, ['demo-lab'])
  await refused(
    foreign.send(create),
    'EntityAlreadyExists',
    'The account alias demo-lab already exists.',
  )
  await send(new DeleteAccountAliasCommand({ AccountAlias: 'demo-lab' }))
  await foreign.send(create)
  assert.deepEqual((await send(new ListAccountAliasesCommand({}))).AccountAliases, [])
})

test('one account sees nothing of another', async () => {
  const other = await iam.iam.createAccount({ id: '777788889999' })
  const foreign = iam.clientOf(other.administratorKeys)
  await createRole('private-role')
  const { SummaryMap } = await foreign.send(new GetAccountSummaryCommand({}))
  assert.deepEqual([SummaryMap?.Roles, SummaryMap?.Users], [0, 1])
  await refused(
    foreign.send(new DeleteRoleCommand({ RoleName: 'private-role' })),
    'NoSuchEntity',
    'The role with name private-role cannot be found.',
  )
})

test('the authorization details tell all that grants, page by page', async () => {
  await createRole('detailed')
  const { Policy } = await send(
    new CreatePolicyCommand({ PolicyName: 'mine', PolicyDocument: allow('s3:GetObject') }),
  )
  const readOnly = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
  for (const PolicyArn of [Policy?.Arn, readOnly]) {
    await send(new AttachRolePolicyCommand({ RoleName: 'detailed', PolicyArn }))
  }
  await send(
    new PutRolePolicyCommand({
      RoleName: 'detailed',
      PolicyName: 'inline',
      PolicyDocument: allow('s3:PutObject'),
    }),
  )
  const policies: (string | undefined)[] = []
  const roles: object[] = []
  let Marker: string | undefined
  do {
    const page = await send(
      new GetAccountAuthorizationDetailsCommand({ MaxItems: 2, ...(Marker && { Marker }) }),
    )
    policies.push(...(page.Policies ?? []).map(({ PolicyName }) => PolicyName))
    for (const role of page.RoleDetailList ?? []) if (role.RoleName === 'detailed') roles.push(role)
    Marker = page.Marker
  } while (Marker)
  assert.ok(policies.includes('mine') && policies.includes('AmazonS3ReadOnlyAccess'))
  assert.equal(new Set(policies).size, policies.length)
  const [role] = roles as [{ RolePolicyList: { PolicyDocument: string }[] }]
  assert.equal(roles.length, 1)
  assert.equal(
    decodeURIComponent(role.RolePolicyList[0]?.PolicyDocument ?? ''),
    allow('s3:PutObject'),
  )
  const filtered = await send(
    new GetAccountAuthorizationDetailsCommand({ Filter: ['LocalManagedPolicy'] }),
  )
  assert.deepEqual(
    [filtered.RoleDetailList, filtered.Policies?.map(({ PolicyName }) => PolicyName)],
    [[], ['mine']],
  )
})

test('the credential report is a table of the root user and all users', async () => {
  await refused(send(new GetCredentialReportCommand({})), 'CredentialReportNotPresent', /^/)
  assert.equal((await send(new GenerateCredentialReportCommand({}))).State, 'STARTED')
  assert.equal((await send(new GenerateCredentialReportCommand({}))).State, 'COMPLETE')
  const { Content, ReportFormat } = await send(new GetCredentialReportCommand({}))
  assert.equal(ReportFormat, 'text/csv')
  const rows = Buffer.from(Content ?? [])
    .toString()
    .split('\n')
    .map((line) => line.split(','))
  assert.ok(rows.every((row) => row.length === 22))
  assert.deepEqual(
    rows.slice(0, 3).map(([user]) => user),
    ['user', '<root_account>', 'administrator'],
  )
})

test('a user’s boundary is taken away again', async () => {
  const UserName = 'fenced'
  await send(new CreateUserCommand({ UserName }))
  const PermissionsBoundary = 'arn:aws:iam::aws:policy/ReadOnlyAccess'
  await send(new PutUserPermissionsBoundaryCommand({ UserName, PermissionsBoundary }))
  await send(new DeleteUserPermissionsBoundaryCommand({ UserName }))
})

test('an account that is in no organization is told so', async () => {
  for (const Command of [
    ListOrganizationsFeaturesCommand,
    EnableOrganizationsRootSessionsCommand,
    DisableOrganizationsRootSessionsCommand,
    EnableOrganizationsRootCredentialsManagementCommand,
    DisableOrganizationsRootCredentialsManagementCommand,
  ]) {
    await refused(
      send(new Command({})),
      'OrganizationNotFound',
      'The account is not a member of an organization.',
    )
  }
  const EntityPath = 'o-a1b2c3d4e5/r-f6g7h8i9j0example/ou-1a2b3c'
  await refused(
    send(new GenerateOrganizationsAccessReportCommand({ EntityPath })),
    'InvalidInput',
    /not a member of an organization/,
  )
  const JobId = '00000000-0000-0000-0000-000000000000'
  await refused(
    send(new GetOrganizationsAccessReportCommand({ JobId })),
    'NoSuchEntity',
    `Job ${JobId} cannot be found.`,
  )
})

test('the summary tells which tokens the global endpoint is to give', async () => {
  const version = async () =>
    (await send(new GetAccountSummaryCommand({}))).SummaryMap?.GlobalEndpointTokenVersion
  assert.equal(await version(), 1)
  await send(
    new SetSecurityTokenServicePreferencesCommand({ GlobalEndpointTokenVersion: 'v2Token' }),
  )
  assert.equal(await version(), 2)
})

test('an operation that is not served says so in AWS’s form', async () => {
  await refused(
    send(new GetHumanReadableSummaryCommand({ EntityArn: `arn:aws:iam::${testAccount}:role/x` })),
    'NotImplemented',
    'Podpass does not implement iam:GetHumanReadableSummary.',
  )
})
