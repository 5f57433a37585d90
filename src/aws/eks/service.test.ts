import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CreateClusterCommand,
  type CreateClusterCommandInput,
  CreateNodegroupCommand,
  DeleteClusterCommand,
  DeleteNodegroupCommand,
  DescribeAccessEntryCommand,
  DescribeAddonCommand,
  DescribeClusterCommand,
  DescribeClusterVersionsCommand,
  DescribeNodegroupCommand,
  ListAddonsCommand,
  ListClustersCommand,
  ListFargateProfilesCommand,
  ListInsightsCommand,
  ListNodegroupsCommand,
  ListTagsForResourceCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateNodegroupConfigCommand,
} from '@aws-sdk/client-eks'
import { ManualClock } from '../../clock/manual-clock.ts'
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts'
import { administrator, allowing, testAccount, testRegion } from '../gateway/testing.ts'
import { clusterRole, eksClient, nodeRole, startTestEks } from './testing.ts'

const create: CreateClusterCommandInput = {
  name: 'demo',
  roleArn: clusterRole,
  resourcesVpcConfig: { subnetIds: ['subnet-1', 'subnet-2'] },
}
const group = {
  clusterName: 'demo',
  nodegroupName: 'ng',
  nodeRole,
  subnets: ['subnet-1'],
  scalingConfig: { minSize: 1, maxSize: 3, desiredSize: 1 },
  labels: { tier: 'web' },
}
const arn = `arn:aws:eks:${testRegion}:${testAccount}:cluster/demo`

async function refused(work: Promise<unknown>, name: string, message: RegExp): Promise<void> {
  await assert.rejects(work, (error: Error) => {
    assert.equal(error.name, name)
    assert.match(error.message, message)
    return true
  })
}

test('a cluster is created, described as AWS describes it, and is ACTIVE at the first look', async () => {
  await using running = await startTestEks()
  const client = eksClient(running)
  const created = await client.send(new CreateClusterCommand({ ...create, tags: { team: 'a' } }))
  assert.equal(created.cluster?.status, 'CREATING')
  assert.equal(created.cluster?.endpoint, undefined)
  const { cluster } = await client.send(new DescribeClusterCommand({ name: 'demo' }))
  assert.ok(cluster?.createdAt instanceof Date)
  assert.match(cluster.identity?.oidc?.issuer ?? '', /^https:\/\/localhost:4567\/id\/[0-9A-F]{32}$/)
  const { createdAt: _, identity: __, resourcesVpcConfig, ...rest } = cluster
  assert.match(resourcesVpcConfig?.vpcId ?? '', /^vpc-0[0-9a-f]{16}$/)
  assert.deepEqual(resourcesVpcConfig?.publicAccessCidrs, ['0.0.0.0/0'])
  assert.deepEqual(rest, {
    name: 'demo',
    arn,
    version: '1.32',
    endpoint: 'https://127.0.0.1:6443',
    roleArn: clusterRole,
    kubernetesNetworkConfig: {
      serviceIpv4Cidr: '10.100.0.0/16',
      ipFamily: 'ipv4',
      elasticLoadBalancing: { enabled: false },
    },
    logging: {
      clusterLogging: [
        {
          types: ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler'],
          enabled: false,
        },
      ],
    },
    status: 'ACTIVE',
    certificateAuthority: {
      data: Buffer.from('-----BEGIN CERTIFICATE-----\n').toString('base64'),
    },
    platformVersion: 'eks.1',
    tags: { team: 'a' },
    encryptionConfig: [],
    health: { issues: [] },
    accessConfig: { authenticationMode: 'API_AND_CONFIG_MAP' },
    upgradePolicy: { supportType: 'EXTENDED' },
    deletionProtection: false,
  })
  assert.deepEqual((await client.send(new ListClustersCommand({}))).clusters, ['demo'])
})

test('a second cluster of the name is refused, a repeated request is not, other regions are apart', async () => {
  await using running = await startTestEks()
  const client = eksClient(running)
  const request = { ...create, clientRequestToken: 'once' }
  const first = await client.send(new CreateClusterCommand(request))
  const again = await client.send(new CreateClusterCommand(request))
  assert.equal(again.cluster?.arn, first.cluster?.arn)
  const other = client.send(new CreateClusterCommand({ ...create, clientRequestToken: 'other' }))
  await refused(other, 'ResourceInUseException', /^Cluster already exists with name: demo$/)
  const elsewhere = eksClient(running, administrator, 'eu-west-1')
  assert.deepEqual((await elsewhere.send(new ListClustersCommand({}))).clusters, [])
  await elsewhere.send(new CreateClusterCommand(create))
  assert.equal(running.clusters.clusters.size, 2)
})

test('what is not there, not valid or not served is refused in the words of EKS', async () => {
  await using running = await startTestEks()
  const client = eksClient(running)
  const send = (input: Partial<CreateClusterCommandInput>) =>
    client.send(new CreateClusterCommand({ ...create, ...input }))
  await refused(
    client.send(new DescribeClusterCommand({ name: 'x' })),
    'ResourceNotFoundException',
    /^No cluster found for name: x\.$/,
  )
  await refused(send({ name: 'no spaces' }), 'InvalidParameterException', /at 'name' failed/)
  await refused(send({ version: '1.99' }), 'InvalidParameterException', /unsupported Kubernetes/)
  await refused(
    send({ roleArn: `${clusterRole}-gone` }),
    'InvalidParameterException',
    /could not be assumed because it does not exist/,
  )
  await refused(send({ tags: { 'aws:x': '1' } }), 'InvalidParameterException', /aws:/)
  await refused(
    client.send(new ListClustersCommand({ maxResults: 101 })),
    'InvalidParameterException',
    /less than or equal to 100/,
  )
  await refused(
    client.send(new ListInsightsCommand({ clusterName: 'demo' })),
    'UnknownOperationException',
    /ListInsights/,
  )
})

test('lists come in pages', async () => {
  await using running = await startTestEks()
  const client = eksClient(running)
  for (const name of ['a', 'b', 'c'])
    await client.send(new CreateClusterCommand({ ...create, name }))
  const first = await client.send(new ListClustersCommand({ maxResults: 2 }))
  assert.deepEqual(first.clusters, ['a', 'b'])
  const rest = await client.send(
    new ListClustersCommand({ maxResults: 2, nextToken: first.nextToken }),
  )
  assert.deepEqual([rest.clusters, rest.nextToken], [['c'], undefined])
  await refused(
    client.send(new ListClustersCommand({ nextToken: 'x' })),
    'InvalidParameterException',
    /nextToken/,
  )
})

test('a caller needs the right on the cluster, and to pass the role', async () => {
  await using running = await startTestEks()
  const keys = { accessKeyId: 'AKIATESTREADER000001', secretAccessKey: 'reader' }
  running.gateway.identities.addUser('reader', keys, allowing('eks:*'))
  const client = eksClient(running, keys)
  await refused(
    client.send(new CreateClusterCommand(create)),
    'AccessDeniedException',
    /is not authorized to perform: iam:PassRole on resource: arn:aws:iam::111122223333:role\/cluster because/,
  )
  const none = { accessKeyId: 'AKIATESTNOBODY000001', secretAccessKey: 'nobody' }
  running.gateway.identities.addUser('nobody', none)
  await refused(
    eksClient(running, none).send(new DescribeClusterCommand({ name: 'demo' })),
    'AccessDeniedException',
    /eks:DescribeCluster on resource: arn:aws:eks:ap-northeast-1:111122223333:cluster\/demo/,
  )
})

test('a slow start is answered after five seconds; a failed one is FAILED with its reason', async () => {
  const clock = new ManualClock(Math.floor(performance.timeOrigin + performance.now()))
  await using running = await startTestEks({ clock })
  const client = eksClient(running)
  const reached = Promise.withResolvers<void>()
  const held = Promise.withResolvers<void>()
  running.clusters.before = () => {
    reached.resolve()
    return held.promise
  }
  const creation = client.send(new CreateClusterCommand(create))
  await reached.promise
  clock.advance(5_000)
  await creation
  const describe = () => client.send(new DescribeClusterCommand({ name: 'demo' }))
  assert.equal((await describe()).cluster?.status, 'CREATING')
  held.reject(new Error('port 6443 is in use'))
  await running.eks[Symbol.asyncDispose]()
  const { cluster } = await describe()
  assert.equal(cluster?.status, 'FAILED')
  assert.equal(cluster?.health?.issues?.[0]?.message, 'port 6443 is in use')
  running.clusters.before = async () => {}
  await client.send(new DeleteClusterCommand({ name: 'demo' }))
  await refused(describe(), 'ResourceNotFoundException', /demo/)
})

test('a node group gets its nodes and its way in, changes its size, and must go before its cluster', async () => {
  await using running = await startTestEks()
  const client = eksClient(running)
  await client.send(new CreateClusterCommand(create))
  const { nodegroup } = await client.send(new CreateNodegroupCommand(group))
  assert.equal(nodegroup?.status, 'CREATING')
  const name = { clusterName: 'demo', nodegroupName: 'ng' }
  const described = await client.send(new DescribeNodegroupCommand(name))
  assert.equal(described.nodegroup?.status, 'ACTIVE')
  assert.deepEqual(described.nodegroup?.scalingConfig, group.scalingConfig)
  assert.deepEqual(running.clusters.nodegroups.get('ng'), {
    clusterArn: arn,
    name: 'ng',
    nodeRole,
    desiredSize: 1,
    labels: {
      tier: 'web',
      'eks.amazonaws.com/nodegroup': 'ng',
      'eks.amazonaws.com/capacityType': 'ON_DEMAND',
    },
    taints: [],
    instanceType: 't3.medium',
  })
  const { accessEntry } = await client.send(
    new DescribeAccessEntryCommand({ clusterName: 'demo', principalArn: nodeRole }),
  )
  assert.equal(accessEntry?.type, 'EC2_LINUX')
  const { update } = await client.send(
    new UpdateNodegroupConfigCommand({ ...name, scalingConfig: { desiredSize: 3 } }),
  )
  assert.deepEqual(
    [update?.status, running.clusters.nodegroups.get('ng')?.desiredSize],
    ['Successful', 3],
  )
  await refused(
    client.send(
      new UpdateNodegroupConfigCommand({ ...name, scalingConfig: { desiredSize: 9, maxSize: 3 } }),
    ),
    'InvalidParameterException',
    /Desired capacity 9 can't be greater than max size 3/,
  )
  await refused(
    client.send(new CreateNodegroupCommand(group)),
    'ResourceInUseException',
    /NodeGroup already exists with name ng and cluster name demo/,
  )
  await refused(
    client.send(new DeleteClusterCommand({ name: 'demo' })),
    'ResourceInUseException',
    /Cluster has nodegroups attached/,
  )
  await client.send(new DeleteNodegroupCommand(name))
  assert.equal(running.clusters.nodegroups.size, 0)
  const left = await client.send(new ListNodegroupsCommand({ clusterName: 'demo' }))
  assert.deepEqual(left.nodegroups, [])
  await refused(
    client.send(new DescribeNodegroupCommand(name)),
    'ResourceNotFoundException',
    /^No node group found for name: ng\.$/,
  )
  await client.send(new DeleteClusterCommand({ name: 'demo' }))
  assert.equal(running.clusters.clusters.size, 0)
})

test('tags are set, listed and removed on a resource found by its ARN', async () => {
  await using running = await startTestEks()
  const client = eksClient(running)
  await client.send(new CreateClusterCommand(create))
  await client.send(new CreateNodegroupCommand(group))
  const { nodegroup } = await client.send(
    new DescribeNodegroupCommand({ clusterName: 'demo', nodegroupName: 'ng' }),
  )
  for (const resourceArn of [arn, nodegroup?.nodegroupArn]) {
    await client.send(new TagResourceCommand({ resourceArn, tags: { a: '1', b: '2' } }))
    await client.send(new UntagResourceCommand({ resourceArn, tagKeys: ['a', 'z'] }))
    const { tags } = await client.send(new ListTagsForResourceCommand({ resourceArn }))
    assert.deepEqual(tags, { b: '2' })
  }
  await refused(
    client.send(new ListTagsForResourceCommand({ resourceArn: `${arn}-gone` })),
    'NotFoundException',
    /could not be found/,
  )
})

test('versions are never an empty list, and what a cluster never has is said so', async () => {
  await using running = await startTestEks()
  const client = eksClient(running)
  await client.send(new CreateClusterCommand(create))
  const { clusterVersions } = await client.send(new DescribeClusterVersionsCommand({}))
  assert.ok((clusterVersions?.length ?? 0) > 1)
  const only = await client.send(new DescribeClusterVersionsCommand({ defaultOnly: true }))
  assert.deepEqual(
    only.clusterVersions?.map((v) => v.clusterVersion),
    ['1.32'],
  )
  const clusterName = 'demo'
  const addons = await client.send(new ListAddonsCommand({ clusterName }))
  const profiles = await client.send(new ListFargateProfilesCommand({ clusterName }))
  assert.deepEqual([addons.addons, profiles.fargateProfileNames], [[], []])
  await refused(
    client.send(new DescribeAddonCommand({ clusterName, addonName: 'vpc-cni' })),
    'ResourceNotFoundException',
    /No addon: vpc-cni found in cluster: demo/,
  )
})

test('after a restart, what was there runs again and what was begun is finished', async () => {
  const clock = new ManualClock(Math.floor(performance.timeOrigin + performance.now()))
  await using store = openSqliteStore({ path: ':memory:', now: () => clock.now() })
  {
    await using running = await startTestEks({ clock, store })
    const client = eksClient(running)
    for (const name of ['demo', 'gone']) {
      await client.send(new CreateClusterCommand({ ...create, name }))
    }
    await client.send(new CreateNodegroupCommand(group))
    running.clusters.before = async () => {
      throw new Error('killed')
    }
    await client.send(new DeleteClusterCommand({ name: 'gone' }))
    const key = `/eks/${testAccount}/${testRegion}/cluster/gone`
    const { value } = store.get<object>(key) ?? assert.fail()
    await store.update(key, { ...value, status: 'DELETING' })
  }
  await using running = await startTestEks({ clock, store })
  await running.eks.resume()
  assert.deepEqual([...running.clusters.clusters.keys()], [arn])
  assert.deepEqual([...running.clusters.nodegroups.keys()], ['ng'])
  const { clusters } = await eksClient(running).send(new ListClustersCommand({}))
  assert.deepEqual(clusters, ['demo'])
})
