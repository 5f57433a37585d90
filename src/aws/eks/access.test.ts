import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  AssociateAccessPolicyCommand,
  CreateAccessEntryCommand,
  CreateClusterCommand,
  type CreateClusterCommandInput,
  DeleteAccessEntryCommand,
  DeleteClusterCommand,
  DescribeAccessEntryCommand,
  DescribeClusterCommand,
  DescribeUpdateCommand,
  DisassociateAccessPolicyCommand,
  ListAccessEntriesCommand,
  ListAccessPoliciesCommand,
  ListAssociatedAccessPoliciesCommand,
  UpdateAccessEntryCommand,
  UpdateClusterConfigCommand,
} from '@aws-sdk/client-eks'
import { testAccount } from '../gateway/testing.ts'
import { clusterRole, eksClient, startTestEks } from './testing.ts'

const create: CreateClusterCommandInput = {
  name: 'demo',
  roleArn: clusterRole,
  resourcesVpcConfig: { subnetIds: ['subnet-1', 'subnet-2'] },
}
const admin = `arn:aws:iam::${testAccount}:user/administrator`

async function refused(work: Promise<unknown>, name: string, message: RegExp): Promise<void> {
  await assert.rejects(work, (error: Error) => {
    assert.equal(error.name, name)
    assert.match(error.message, message)
    return true
  })
}

test('an access entry is made, granted a policy, changed and removed', async () => {
  await using running = await startTestEks()
  const client = eksClient(running)
  await client.send(new CreateClusterCommand(create))
  const principalArn = `arn:aws:iam::${testAccount}:role/path/dev`
  const entry = { clusterName: 'demo', principalArn }
  const { accessEntry } = await client.send(
    new CreateAccessEntryCommand({ ...entry, kubernetesGroups: ['devs'] }),
  )
  assert.equal(
    accessEntry?.username,
    `arn:aws:sts::${testAccount}:assumed-role/dev/{{SessionName}}`,
  )
  assert.equal(accessEntry?.type, 'STANDARD')
  await refused(
    client.send(new CreateAccessEntryCommand(entry)),
    'ResourceInUseException',
    /access entry resource is already in use/,
  )
  const masters = { ...entry, principalArn: admin, kubernetesGroups: ['system:masters'] }
  await refused(
    client.send(new CreateAccessEntryCommand(masters)),
    'InvalidParameterException',
    /The kubernetes group name system:masters is invalid, it cannot start with system:/,
  )
  const policyArn = 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy'
  const grant = { ...entry, policyArn }
  await client.send(
    new AssociateAccessPolicyCommand({
      ...grant,
      accessScope: { type: 'namespace', namespaces: ['dev-*'] },
    }),
  )
  const { associatedAccessPolicies } = await client.send(
    new ListAssociatedAccessPoliciesCommand(entry),
  )
  assert.deepEqual(associatedAccessPolicies?.[0]?.accessScope, {
    type: 'namespace',
    namespaces: ['dev-*'],
  })
  await refused(
    client.send(
      new AssociateAccessPolicyCommand({
        ...entry,
        policyArn: 'arn:aws:iam::aws:policy/x',
        accessScope: { type: 'cluster' },
      }),
    ),
    'InvalidParameterException',
    /policyArn/,
  )
  const listed = await client.send(
    new ListAccessEntriesCommand({ clusterName: 'demo', associatedPolicyArn: policyArn }),
  )
  assert.deepEqual(listed.accessEntries, [principalArn])
  await client.send(new UpdateAccessEntryCommand({ ...entry, kubernetesGroups: [] }))
  await client.send(new DisassociateAccessPolicyCommand(grant))
  await client.send(new DeleteAccessEntryCommand(entry))
  await refused(
    client.send(new DescribeAccessEntryCommand(entry)),
    'ResourceNotFoundException',
    /The specified principalArn could not be found/,
  )
  const policies = await client.send(new ListAccessPoliciesCommand({}))
  assert.ok(policies.accessPolicies?.some((p) => p.name === 'AmazonEKSClusterAdminPolicy'))
})

test('the mode only moves towards access entries, one kind of change at a time', async () => {
  await using running = await startTestEks()
  const client = eksClient(running)
  const accessConfig = { authenticationMode: 'CONFIG_MAP' } as const
  await client.send(new CreateClusterCommand({ ...create, accessConfig }))
  await refused(
    client.send(new ListAccessEntriesCommand({ clusterName: 'demo' })),
    'InvalidRequestException',
    /authentication mode must be set to one of \[API, API_AND_CONFIG_MAP\]/,
  )
  const change = (input: object) =>
    client.send(new UpdateClusterConfigCommand({ name: 'demo', ...input }))
  const { update } = await change({ accessConfig: { authenticationMode: 'API_AND_CONFIG_MAP' } })
  const updated = await client.send(
    new DescribeUpdateCommand({ name: 'demo', updateId: update?.id }),
  )
  assert.equal(updated.update?.status, 'Successful')
  const entries = await client.send(new ListAccessEntriesCommand({ clusterName: 'demo' }))
  assert.deepEqual(entries.accessEntries, [admin])
  await refused(
    change({ accessConfig }),
    'InvalidParameterException',
    /Unsupported authentication mode/,
  )
  await refused(change({}), 'InvalidParameterException', /No changes needed/)
  await refused(
    change({ deletionProtection: true, upgradePolicy: { supportType: 'STANDARD' } }),
    'InvalidParameterException',
    /Only one type of update/,
  )
  await change({
    resourcesVpcConfig: { endpointPrivateAccess: true, publicAccessCidrs: ['10.0.0.0/8'] },
  })
  await change({ deletionProtection: true })
  await change({ zonalShiftConfig: { enabled: true } })
  const { cluster } = await client.send(new DescribeClusterCommand({ name: 'demo' }))
  assert.equal(cluster?.resourcesVpcConfig?.endpointPrivateAccess, true)
  assert.deepEqual(cluster?.zonalShiftConfig, { enabled: true })
  await refused(
    client.send(new DeleteClusterCommand({ name: 'demo' })),
    'InvalidRequestException',
    /deletion protection/,
  )
})
