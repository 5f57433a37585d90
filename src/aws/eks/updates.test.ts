/** Changes that EKS keeps a record of, and what clusters and node groups show of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  AssociateEncryptionConfigCommand,
  CreateClusterCommand,
  CreateNodegroupCommand,
  DescribeClusterCommand,
  DescribeNodegroupCommand,
  DescribeUpdateCommand,
  EKSClient,
  ListIdentityProviderConfigsCommand,
  ListUpdatesCommand,
  UpdateClusterConfigCommand,
  UpdateClusterVersionCommand,
  UpdateNodegroupConfigCommand,
  UpdateNodegroupVersionCommand,
} from '@aws-sdk/client-eks'
import { administrator, testRegion } from '../gateway/testing.ts'
import { clusterRole, eksClient, nodeRole, refusal, startTestEks } from './testing.ts'

test('every change to a cluster is listed and described', async (t) => {
  await using running = await startTestEks()
  const { endpoint } = running.gateway
  const client = new EKSClient({ endpoint, region: testRegion, credentials: administrator })
  t.after(() => client.destroy())
  const name = 'demo'
  await client.send(
    new CreateClusterCommand({
      name,
      roleArn: clusterRole,
      resourcesVpcConfig: { subnetIds: ['subnet-1'] },
    }),
  )
  assert.deepEqual((await client.send(new ListUpdatesCommand({ name }))).updateIds, [])
  const logging = { clusterLogging: [{ types: ['audit' as const], enabled: true }] }
  const { update } = await client.send(new UpdateClusterConfigCommand({ name, logging }))
  const { updateIds } = await client.send(new ListUpdatesCommand({ name }))
  assert.deepEqual(updateIds, [update?.id])
  const described = await client.send(new DescribeUpdateCommand({ name, updateId: update?.id }))
  assert.equal(described.update?.type, 'LoggingUpdate')
  const other = await client.send(new ListUpdatesCommand({ name, nodegroupName: 'ng' }))
  assert.deepEqual(other.updateIds, [])
})

const name = 'demo'
const group = { clusterName: name, nodegroupName: 'ng' }

/** A cluster with one node group; `more` goes into the one and the other. */
async function withNodegroup(more: { cluster?: object; group?: object } = {}) {
  const running = await startTestEks()
  const client = eksClient(running)
  const resourcesVpcConfig = { subnetIds: ['subnet-1'] }
  await client.send(
    new CreateClusterCommand({ name, roleArn: clusterRole, resourcesVpcConfig, ...more.cluster }),
  )
  const create = { ...group, nodeRole, subnets: ['subnet-1'], ...more.group }
  await client.send(new CreateNodegroupCommand(create))
  return {
    client,
    cluster: async () => (await client.send(new DescribeClusterCommand({ name }))).cluster,
    nodegroup: async () => (await client.send(new DescribeNodegroupCommand(group))).nodegroup,
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  }
}

test('a version goes up one minor at a time: first the cluster, then its nodes', async () => {
  await using demo = await withNodegroup({ cluster: { version: '1.31' } })
  const { client } = demo
  const invalid = 'InvalidParameterException'
  const cluster = (version: string) =>
    client.send(new UpdateClusterVersionCommand({ name, version }))
  const nodes = (version?: string) =>
    client.send(new UpdateNodegroupVersionCommand({ ...group, ...(version && { version }) }))
  await assert.rejects(
    cluster('1.33'),
    refusal(invalid, /^Unsupported Kubernetes minor version update from 1\.31 to 1\.33$/),
  )
  await assert.rejects(
    cluster('1.30'),
    refusal(invalid, /^Unsupported Kubernetes minor version update from 1\.31 to 1\.30$/),
  )
  await assert.rejects(cluster('1.31'), refusal(invalid, /already at version 1\.31/))
  await assert.rejects(cluster('2.0'), refusal(invalid, /^unsupported Kubernetes version 2\.0$/))
  await assert.rejects(nodes('1.32'), refusal(invalid, /not supported by the cluster/))
  const { update } = await cluster('1.32')
  assert.deepEqual([update?.type, update?.status], ['VersionUpdate', 'Successful'])
  assert.deepEqual(update?.params, [
    { type: 'Version', value: '1.32' },
    { type: 'PlatformVersion', value: 'eks.1' },
  ])
  assert.deepEqual(
    [(await demo.cluster())?.version, (await demo.nodegroup())?.version],
    ['1.32', '1.31'],
  )
  const { update: ofNodes } = await nodes()
  const { updateIds } = await client.send(new ListUpdatesCommand({ name, nodegroupName: 'ng' }))
  assert.deepEqual(updateIds, [ofNodes?.id])
  assert.equal((await demo.nodegroup())?.version, '1.32')
})

test('a key for secrets is shown, given at first or once later', async () => {
  const config = (keyArn: string) => [{ resources: ['secrets'], provider: { keyArn } }]
  const key = 'arn:aws:kms:ap-northeast-1:111122223333:key/k'
  await using first = await withNodegroup({ cluster: { encryptionConfig: config(key) } })
  assert.deepEqual((await first.cluster())?.encryptionConfig, config(key))
  await using later = await withNodegroup()
  const associate = (encryptionConfig: object[]) =>
    later.client.send(new AssociateEncryptionConfigCommand({ clusterName: name, encryptionConfig }))
  await assert.rejects(
    associate([{ resources: ['pods'], provider: { keyArn: key } }]),
    refusal('InvalidParameterException', /must be \[secrets\]/),
  )
  const { update } = await associate(config(key))
  assert.equal(update?.type, 'AssociateEncryptionConfig')
  assert.deepEqual((await later.cluster())?.encryptionConfig, config(key))
  await assert.rejects(associate(config(key)), refusal('InvalidRequestException', /already has/))
})

test('what a node group was given is shown; a launch template excludes disk and remote access', async () => {
  const remoteAccess = { ec2SshKey: 'mine', sourceSecurityGroups: ['sg-1'] }
  await using demo = await withNodegroup({
    group: {
      remoteAccess,
      releaseVersion: '1.32.9-20260101',
      diskSize: 40,
      updateConfig: { maxUnavailablePercentage: 50 },
    },
  })
  const { client } = demo
  const made = await demo.nodegroup()
  assert.deepEqual(made?.remoteAccess, remoteAccess)
  assert.deepEqual([made?.releaseVersion, made?.diskSize], ['1.32.9-20260101', 40])
  assert.deepEqual(made?.updateConfig, { maxUnavailablePercentage: 50 })
  const { update } = await client.send(
    new UpdateNodegroupConfigCommand({ ...group, updateConfig: { maxUnavailable: 2 } }),
  )
  assert.deepEqual(update?.params, [{ type: 'MaxUnavailable', value: '2' }])
  assert.deepEqual((await demo.nodegroup())?.updateConfig, { maxUnavailable: 2 })
  const other = { clusterName: name, nodegroupName: 'other', nodeRole, subnets: ['subnet-1'] }
  const launchTemplate = { name: 'mine' }
  await assert.rejects(
    client.send(new CreateNodegroupCommand({ ...other, launchTemplate, diskSize: 30 })),
    refusal(
      'InvalidParameterException',
      /^Disk size must be specified within the launch template\.$/,
    ),
  )
  await assert.rejects(
    client.send(new CreateNodegroupCommand({ ...other, launchTemplate, remoteAccess })),
    refusal(
      'InvalidParameterException',
      /^Remote access configuration cannot be specified with a launch template\.$/,
    ),
  )
  const none = await client.send(new ListIdentityProviderConfigsCommand({ clusterName: name }))
  assert.deepEqual(none.identityProviderConfigs, [])
})
