/** The real aws CLI against EKS: the commands that a user types, and what they print. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { clusterRole, nodeRole, startTestEks, type TestEks } from '../src/aws/eks/testing.ts'

async function eks(running: TestEks, ...args: string[]): Promise<unknown> {
  const { status, stdout, stderr } = await running.gateway.aws(['eks', ...args])
  assert.equal(status, 0, stderr)
  return stdout === '' ? undefined : JSON.parse(stdout)
}

test('aws eks makes, waits for, shows and removes a cluster with its nodes', async () => {
  await using running = await startTestEks()
  await eks(
    running,
    'create-cluster',
    ...['--name', 'demo', '--role-arn', clusterRole],
    ...['--resources-vpc-config', 'subnetIds=subnet-1,subnet-2', '--tags', 'team=a'],
  )
  await eks(running, 'wait', 'cluster-active', '--name', 'demo')
  await eks(
    running,
    'create-nodegroup',
    ...['--cluster-name', 'demo', '--nodegroup-name', 'ng', '--node-role', nodeRole],
    ...['--subnets', 'subnet-1', '--scaling-config', 'minSize=1,maxSize=2,desiredSize=1'],
  )
  await eks(running, 'wait', 'nodegroup-active', '--cluster-name', 'demo', '--nodegroup-name', 'ng')
  const issuer = await running.gateway.aws([
    ...['eks', 'describe-cluster', '--name', 'demo', '--output', 'text'],
    ...['--query', 'cluster.identity.oidc.issuer'],
  ])
  assert.match(issuer.stdout, /^https:\/\/localhost:4567\/id\/[0-9A-F]{32}\n$/)
  assert.deepEqual(await eks(running, 'list-clusters'), { clusters: ['demo'] })
  const name = ['--cluster-name', 'demo', '--nodegroup-name', 'ng']
  await eks(running, 'delete-nodegroup', ...name)
  await eks(running, 'wait', 'nodegroup-deleted', ...name)
  await eks(running, 'delete-cluster', '--name', 'demo')
  await eks(running, 'wait', 'cluster-deleted', '--name', 'demo')
  const gone = await running.gateway.aws(['eks', 'describe-cluster', '--name', 'demo'])
  assert.notEqual(gone.status, 0)
  assert.match(
    gone.stderr,
    /An error occurred \(ResourceNotFoundException\) when calling the DescribeCluster operation: No cluster found for name: demo\./,
  )
})

test('aws eks update-kubeconfig writes the cluster, and get-token a URL signed for it', async () => {
  await using running = await startTestEks()
  await eks(
    running,
    'create-cluster',
    ...[
      '--name',
      'demo',
      '--role-arn',
      clusterRole,
      '--resources-vpc-config',
      'subnetIds=subnet-1',
    ],
  )
  const environment = running.gateway.environment()
  const kubeconfig = join(environment['HOME'] ?? '', 'kubeconfig')
  const updated = await running.gateway.aws([
    ...['eks', 'update-kubeconfig', '--name', 'demo', '--kubeconfig', kubeconfig],
  ])
  assert.equal(updated.status, 0, updated.stderr)
  const text = await readFile(kubeconfig, 'utf8')
  assert.match(text, /server: https:\/\/127\.0\.0\.1:6443/)
  assert.match(text, /certificate-authority-data: LS0tLS1CRUdJTi/)
  const token = (await eks(running, 'get-token', '--cluster-name', 'demo')) as {
    status: { token: string }
  }
  const [, encoded = ''] = token.status.token.split('.')
  const url = Buffer.from(encoded, 'base64url').toString()
  assert.ok(url.startsWith(`${running.gateway.endpoint}/?Action=GetCallerIdentity`), url)
  assert.match(url, /X-Amz-SignedHeaders=host%3Bx-k8s-aws-id/)
})
