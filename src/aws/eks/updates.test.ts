import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CreateClusterCommand,
  DescribeUpdateCommand,
  EKSClient,
  ListUpdatesCommand,
  UpdateClusterConfigCommand,
} from '@aws-sdk/client-eks'
import { administrator, testRegion } from '../gateway/testing.ts'
import { clusterRole, startTestEks } from './testing.ts'

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
