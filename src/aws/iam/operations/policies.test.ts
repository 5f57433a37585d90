import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateRoleCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListEntitiesForPolicyCommand,
  ListPoliciesCommand,
  ListPolicyTagsCommand,
  ListPolicyVersionsCommand,
  ListRolePoliciesCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  SetDefaultPolicyVersionCommand,
  TagPolicyCommand,
  UntagPolicyCommand,
} from '@aws-sdk/client-iam'
import { testAccount } from '../../gateway/testing.ts'
import { allow, ec2Trust, refused, startTestIam, type TestIam } from '../testing.ts'

const readOnly = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'

let iam: TestIam
before(async () => {
  iam = await startTestIam()
  for (const RoleName of ['holder', 'bounded', 'inline', 'full']) {
    await iam.client.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: ec2Trust }))
  }
})
after(() => iam[Symbol.asyncDispose]())

const create = async (PolicyName: string, more: object = {}) =>
  (
    await iam.client.send(
      new CreatePolicyCommand({ PolicyName, PolicyDocument: allow('s3:GetObject'), ...more }),
    )
  ).Policy
const arnOf = (name: string) => `arn:aws:iam::${testAccount}:policy/${name}`
const policiesOf = (role: string) =>
  iam.iam.identities.role(`arn:aws:iam::${testAccount}:role/${role}`)?.identityPolicies

test('a policy comes back with its description, tags and counts', async () => {
  const made = await create('whole', {
    Path: '/team/',
    Description: 'reads',
    Tags: [{ Key: 'a', Value: 'b' }],
  })
  assert.match(made?.PolicyId ?? '', /^ANPA[A-Z2-7]{17}$/)
  const PolicyArn = arnOf('team/whole')
  const { Policy } = await iam.client.send(new GetPolicyCommand({ PolicyArn }))
  const { CreateDate, UpdateDate, PolicyId, ...rest } = Policy ?? {}
  assert.ok(CreateDate && UpdateDate && PolicyId)
  assert.deepEqual(rest, {
    PolicyName: 'whole',
    Arn: PolicyArn,
    Path: '/team/',
    DefaultVersionId: 'v1',
    AttachmentCount: 0,
    PermissionsBoundaryUsageCount: 0,
    IsAttachable: true,
    Description: 'reads',
    Tags: [{ Key: 'a', Value: 'b' }],
  })
  await refused(
    create('WHOLE'),
    'EntityAlreadyExists',
    'A policy called WHOLE already exists. Duplicate names are not allowed.',
  )
})

test('a policy’s tags are told apart by case, and listed by length, then by letters', async () => {
  await create('tagged')
  const PolicyArn = arnOf('tagged')
  await iam.client.send(
    new TagPolicyCommand({
      PolicyArn,
      Tags: [
        { Key: 'abc', Value: '1' },
        { Key: 'z', Value: '2' },
        { Key: 'a', Value: '3' },
        { Key: 'A', Value: '4' },
      ],
    }),
  )
  const list = async () => {
    const { Tags, IsTruncated } = await iam.client.send(new ListPolicyTagsCommand({ PolicyArn }))
    assert.equal(IsTruncated, false)
    return Tags?.map(({ Key }) => Key)
  }
  assert.deepEqual(await list(), ['A', 'a', 'z', 'abc'])
  await iam.client.send(new UntagPolicyCommand({ PolicyArn, TagKeys: ['a'] }))
  assert.deepEqual(await list(), ['A', 'z', 'abc'])
  const twice = [
    { Key: 'k', Value: '1' },
    { Key: 'k', Value: '2' },
  ]
  await refused(
    iam.client.send(new TagPolicyCommand({ PolicyArn, Tags: twice })),
    'InvalidInput',
    'Duplicate tag keys found.',
  )
})

test('the AWS managed policies are there by name, path and newest document', async () => {
  const { Policy } = await iam.client.send(new GetPolicyCommand({ PolicyArn: readOnly }))
  assert.match(Policy?.PolicyId ?? '', /^ANPA[A-Z2-7]{17}$/)
  const { PolicyVersion } = await iam.client.send(
    new GetPolicyVersionCommand({ PolicyArn: readOnly, VersionId: Policy?.DefaultVersionId }),
  )
  assert.match(decodeURIComponent(PolicyVersion?.Document ?? ''), /"s3:Get\*"/)
  const { Policies } = await iam.client.send(
    new ListPoliciesCommand({ Scope: 'AWS', PathPrefix: '/job-function/', MaxItems: 1000 }),
  )
  assert.ok(Policies?.some(({ PolicyName }) => PolicyName === 'ViewOnlyAccess'))
})

test('all AWS managed policies are paged through without a gap', async () => {
  const names = new Set<string | undefined>()
  let Marker: string | undefined
  do {
    const page = await iam.client.send(
      new ListPoliciesCommand({ Scope: 'AWS', MaxItems: 400, ...(Marker && { Marker }) }),
    )
    for (const { PolicyName } of page.Policies ?? []) names.add(PolicyName)
    Marker = page.Marker
  } while (Marker)
  assert.equal(names.size, 1594)
})

test('AWS’s policies cannot be changed, and its service roles’ policies not be attached', async () => {
  await refused(
    iam.client.send(new DeletePolicyCommand({ PolicyArn: readOnly })),
    'AccessDenied',
    `Policy ${readOnly} is outside your own account.`,
  )
  await refused(
    iam.client.send(
      new AttachRolePolicyCommand({
        RoleName: 'holder',
        PolicyArn: 'arn:aws:iam::aws:policy/aws-service-role/AmazonEKSServiceRolePolicy',
      }),
    ),
    'PolicyNotAttachable',
    'Cannot attach a Service Role Policy to a Customer Role.',
  )
})

test('what is attached counts at once, is listed, and holds the policy', async () => {
  await create('held')
  const PolicyArn = arnOf('held')
  for (const arn of [PolicyArn, PolicyArn, readOnly]) {
    await iam.client.send(new AttachRolePolicyCommand({ RoleName: 'holder', PolicyArn: arn }))
  }
  await iam.client.send(new AttachUserPolicyCommand({ UserName: 'administrator', PolicyArn }))
  assert.deepEqual(
    policiesOf('holder')?.map(({ name }) => name),
    ['held', 'AmazonS3ReadOnlyAccess'],
  )
  const { AttachedPolicies } = await iam.client.send(
    new ListAttachedRolePoliciesCommand({ RoleName: 'holder' }),
  )
  assert.deepEqual(AttachedPolicies, [
    { PolicyName: 'held', PolicyArn },
    { PolicyName: 'AmazonS3ReadOnlyAccess', PolicyArn: readOnly },
  ])
  const { Policy } = await iam.client.send(new GetPolicyCommand({ PolicyArn }))
  assert.equal(Policy?.AttachmentCount, 2)
  const entities = await iam.client.send(
    new ListEntitiesForPolicyCommand({ PolicyArn, EntityFilter: 'Role' }),
  )
  assert.deepEqual(
    [entities.PolicyRoles?.map(({ RoleName }) => RoleName), entities.PolicyUsers],
    [['holder'], []],
  )
  const { Policies } = await iam.client.send(
    new ListPoliciesCommand({ OnlyAttached: true, Scope: 'Local' }),
  )
  assert.deepEqual(
    Policies?.map(({ PolicyName }) => PolicyName),
    ['held'],
  )
  await refused(
    iam.client.send(new DeletePolicyCommand({ PolicyArn })),
    'DeleteConflict',
    'Cannot delete a policy attached to entities.',
  )
  const detach = () =>
    iam.client.send(new DetachRolePolicyCommand({ RoleName: 'holder', PolicyArn }))
  await detach()
  assert.deepEqual(
    policiesOf('holder')?.map(({ name }) => name),
    ['AmazonS3ReadOnlyAccess'],
  )
  await refused(detach(), 'NoSuchEntity', `Policy ${PolicyArn} was not found.`)
})

test('a policy that is not there cannot be attached', async () => {
  const attach = (PolicyArn: string) =>
    iam.client.send(new AttachRolePolicyCommand({ RoleName: 'holder', PolicyArn }))
  for (const arn of [arnOf('ghost'), 'arn:aws:iam::999999999999:policy/other-account']) {
    await refused(attach(arn), 'NoSuchEntity', `Policy ${arn} does not exist or is not attachable.`)
  }
  await refused(
    attach('arn:aws:s3:::bucket-of-mine'),
    'InvalidInput',
    'ARN arn:aws:s3:::bucket-of-mine is not valid.',
  )
  await refused(
    attach('only-a-name-no-arn-at-all'),
    'ValidationError',
    'ARN only-a-name-no-arn-at-all is not valid.',
  )
})

test('a role has at most ten attached policies', async () => {
  for (let index = 0; index < 11; index += 1) {
    await create(`many-${index}`)
    const attached = iam.client.send(
      new AttachRolePolicyCommand({ RoleName: 'full', PolicyArn: arnOf(`many-${index}`) }),
    )
    if (index < 10) await attached
    else await refused(attached, 'LimitExceeded', 'Cannot exceed quota for PoliciesPerRole: 10')
  }
})

test('a policy has at most five versions, whose numbers are never used again', async () => {
  await create('versioned')
  const PolicyArn = arnOf('versioned')
  const add = (action: string, SetAsDefault = false) =>
    iam.client.send(
      new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: allow(action), SetAsDefault }),
    )
  for (let count = 2; count <= 5; count += 1) await add(`s3:Get${count}`)
  await refused(
    add('s3:Six'),
    'LimitExceeded',
    'A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.',
  )
  const remove = (VersionId: string) =>
    iam.client.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId }))
  await refused(remove('v1'), 'DeleteConflict', 'Cannot delete the default version of a policy.')
  await remove('v5')
  const { PolicyVersion } = await add('s3:GetSix', true)
  assert.deepEqual([PolicyVersion?.VersionId, PolicyVersion?.IsDefaultVersion], ['v6', true])
  assert.equal(iam.iam.identities.managedPolicy(PolicyArn)?.document, allow('s3:GetSix'))
  await iam.client.send(new SetDefaultPolicyVersionCommand({ PolicyArn, VersionId: 'v2' }))
  assert.equal(iam.iam.identities.managedPolicy(PolicyArn)?.document, allow('s3:Get2'))
  const { Versions } = await iam.client.send(new ListPolicyVersionsCommand({ PolicyArn }))
  assert.deepEqual(
    Versions?.map(({ VersionId }) => VersionId),
    ['v6', 'v4', 'v3', 'v2', 'v1'],
  )
  await refused(
    iam.client.send(new DeletePolicyCommand({ PolicyArn })),
    'DeleteConflict',
    /^This policy has more than one version\./,
  )
  await refused(
    iam.client.send(new GetPolicyVersionCommand({ PolicyArn, VersionId: 'v5' })),
    'NoSuchEntity',
    `Policy ${PolicyArn} version v5 does not exist or is not attachable.`,
  )
})

test('documents are judged before they are stored', async () => {
  const made = (PolicyDocument: string) => create('wrong', { PolicyDocument })
  await refused(made('{}'), 'MalformedPolicyDocument', 'Syntax errors in policy.')
  await refused(
    made('{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get"}]}'),
    'MalformedPolicyDocument',
    'Policy statement must contain resources.',
  )
  await refused(
    made(allow('s3:Get', `arn:aws:s3:::${'x'.repeat(6200)}`)),
    'LimitExceeded',
    'Cannot exceed quota for PolicySize: 6144',
  )
})

test('inline policies keep their text to the byte', async () => {
  const RoleName = 'inline'
  const PolicyName = 'constructor'
  const PolicyDocument = allow('s3:GetObject').replaceAll(':', ' :\n ')
  const get = () => iam.client.send(new GetRolePolicyCommand({ RoleName, PolicyName }))
  const missing = 'The role policy with name constructor cannot be found.'
  await refused(get(), 'NoSuchEntity', missing)
  const input = { RoleName, PolicyName, PolicyDocument: allow('s3:GetObject') }
  await iam.client.send(new PutRolePolicyCommand(input))
  await refused(
    iam.client.send(new PutRolePolicyCommand({ ...input, PolicyDocument })),
    'MalformedPolicyDocument',
    /./,
  )
  const spaced = ` {\n"Version": "2012-10-17", "Statement": {"Effect":"Deny","Action":"*","Resource":"*"}} `
  await iam.client.send(new PutRolePolicyCommand({ ...input, PolicyDocument: spaced }))
  assert.equal(decodeURIComponent((await get()).PolicyDocument ?? ''), spaced)
  const { PolicyNames, IsTruncated } = await iam.client.send(
    new ListRolePoliciesCommand({ RoleName }),
  )
  assert.deepEqual([PolicyNames, IsTruncated], [[PolicyName], false])
  await iam.client.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }))
  assert.deepEqual(policiesOf('inline'), [])
  await refused(
    iam.client.send(new DeleteRolePolicyCommand({ RoleName, PolicyName })),
    'NoSuchEntity',
    missing,
  )
})

test('all inline policies of a role together have a size', async () => {
  const put = (PolicyName: string) =>
    iam.client.send(
      new PutRolePolicyCommand({
        RoleName: 'inline',
        PolicyName,
        PolicyDocument: allow('s3:GetObject', `arn:aws:s3:::${'x'.repeat(6000)}`),
      }),
    )
  await put('one')
  await refused(
    put('two'),
    'LimitExceeded',
    'Maximum policy size of 10240 bytes exceeded for role inline',
  )
})

test('a boundary must be there, is shown, and holds its policy', async () => {
  const RoleName = 'bounded'
  const put = (PermissionsBoundary: string) =>
    iam.client.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary }))
  await refused(
    put(arnOf('ghost')),
    'NoSuchEntity',
    `Scope ARN: ${arnOf('ghost')} does not exist or is not attachable.`,
  )
  await create('fence')
  const PolicyArn = arnOf('fence')
  await put(PolicyArn)
  const { Role } = await iam.client.send(new GetRoleCommand({ RoleName }))
  assert.deepEqual(Role?.PermissionsBoundary, {
    PermissionsBoundaryType: 'Policy',
    PermissionsBoundaryArn: PolicyArn,
  })
  const facts = iam.iam.identities.role(`arn:aws:iam::${testAccount}:role/bounded`)
  assert.equal(facts?.permissionsBoundary?.document, allow('s3:GetObject'))
  await refused(
    iam.client.send(new DeletePolicyCommand({ PolicyArn })),
    'DeleteConflict',
    'Cannot delete a policy attached to entities.',
  )
  const remove = () => iam.client.send(new DeleteRolePermissionsBoundaryCommand({ RoleName }))
  await remove()
  await iam.client.send(new DeletePolicyCommand({ PolicyArn }))
  await refused(remove(), 'NoSuchEntity', /Permissions boundary for role bounded/)
})
