import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreatePolicyCommand,
  CreateUserCommand,
  GenerateServiceLastAccessedDetailsCommand,
  GetServiceLastAccessedDetailsCommand,
  GetServiceLastAccessedDetailsWithEntitiesCommand,
  ListPoliciesGrantingServiceAccessCommand,
  ListRolesCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam'
import { testRegion } from '../../gateway/testing.ts'
import { allow, refused, startTestIam } from '../testing.ts'

test('a report lists the services that policies allow, and the last use of each', async () => {
  await using iam = await startTestIam()
  const { client } = iam
  const UserName = 'dev'
  const { User } = await client.send(new CreateUserCommand({ UserName }))
  await client.send(
    new PutUserPolicyCommand({ UserName, PolicyName: 'p', PolicyDocument: allow('s3:Get*') }),
  )
  const { Policy } = await client.send(
    new CreatePolicyCommand({ PolicyName: 'roles', PolicyDocument: allow('iam:ListRoles') }),
  )
  await client.send(new AttachUserPolicyCommand({ UserName, PolicyArn: Policy?.Arn }))
  const report = async (Arn: string | undefined) => {
    const { JobId } = await client.send(new GenerateServiceLastAccessedDetailsCommand({ Arn }))
    return client.send(new GetServiceLastAccessedDetailsCommand({ JobId }))
  }
  const before = await report(User?.Arn)
  assert.equal(before.JobStatus, 'COMPLETED')
  assert.deepEqual(
    before.ServicesLastAccessed?.map(({ ServiceNamespace, LastAuthenticated }) => {
      return [ServiceNamespace, LastAuthenticated]
    }),
    [
      ['iam', undefined],
      ['s3', undefined],
    ],
  )
  const { AccessKey } = await client.send(new CreateAccessKeyCommand({ UserName }))
  const { AccessKeyId = '', SecretAccessKey = '' } = AccessKey ?? {}
  const dev = iam.clientOf({ accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey })
  await dev.send(new ListRolesCommand({}))
  for (const arn of [User?.Arn, Policy?.Arn]) {
    const used = (await report(arn)).ServicesLastAccessed?.find((s) => s.ServiceNamespace === 'iam')
    assert.deepEqual(used, {
      ServiceName: 'AWS Identity and Access Management',
      ServiceNamespace: 'iam',
      LastAuthenticated: new Date(Math.floor(iam.clock.now() / 1000) * 1000),
      LastAuthenticatedEntity: User?.Arn,
      LastAuthenticatedRegion: testRegion,
      TotalAuthenticatedEntities: 1,
    })
  }
  const { JobId } = await client.send(
    new GenerateServiceLastAccessedDetailsCommand({ Arn: Policy?.Arn }),
  )
  const { EntityDetailsList } = await client.send(
    new GetServiceLastAccessedDetailsWithEntitiesCommand({ JobId, ServiceNamespace: 'iam' }),
  )
  assert.deepEqual(EntityDetailsList, [
    {
      EntityInfo: {
        Arn: User?.Arn,
        Name: UserName,
        Type: 'USER',
        Id: User?.UserId,
        Path: '/',
      },
      LastAuthenticated: new Date(Math.floor(iam.clock.now() / 1000) * 1000),
    },
  ])
  const granting = await client.send(
    new ListPoliciesGrantingServiceAccessCommand({
      Arn: User?.Arn,
      ServiceNamespaces: ['iam', 's3', 'sqs'],
    }),
  )
  assert.deepEqual(granting.PoliciesGrantingServiceAccess, [
    {
      ServiceNamespace: 'iam',
      Policies: [{ PolicyName: 'roles', PolicyType: 'MANAGED', PolicyArn: Policy?.Arn }],
    },
    {
      ServiceNamespace: 's3',
      Policies: [
        { PolicyName: 'p', PolicyType: 'INLINE', EntityType: 'USER', EntityName: UserName },
      ],
    },
    { ServiceNamespace: 'sqs', Policies: [] },
  ])
})

test('a report is for whom asked for it, and of what exists', async () => {
  await using iam = await startTestIam()
  const generate = (Arn: string) =>
    iam.client.send(new GenerateServiceLastAccessedDetailsCommand({ Arn }))
  await refused(
    generate('arn:aws:iam::111122223333:role/missing'),
    'NoSuchEntity',
    'The role with name missing cannot be found.',
  )
  await refused(generate('arn:aws:s3:::not-an-entity'), 'InvalidInput', /^Invalid Entity Arn/)
  const { JobId } = await generate('arn:aws:iam::111122223333:user/administrator')
  const root = iam.clientOf(iam.keys.rootKeys)
  await refused(
    root.send(new GetServiceLastAccessedDetailsCommand({ JobId })),
    'NoSuchEntity',
    /cannot be found/,
  )
})
