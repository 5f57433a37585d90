/** Fargate with real clients: a node a pod, no instance metadata, IRSA as the way. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { awsPod, ok, startTestLab, type TestLab } from './support/lab.ts'

const account = '111122223333'
const fargate = { metadata: { labels: { on: 'fargate' } } }
const name = ['--cluster-name', 'irsa', '--fargate-profile-name', 'fp-batch']
let lab: TestLab

before(async () => {
  lab = await startTestLab()
  ok(await lab.podpass('create', 'cluster', '--name', 'irsa', '--nodes', '1', '--with-oidc'))
  ok(await lab.aws('s3', 'mb', 's3://my-bucket'))
  const policy = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
  const create = ['create', 'iamserviceaccount', '--name', 'my-sa', '--namespace', 'batch']
  ok(await lab.podpass(...create, '--cluster', 'irsa', '--attach-policy-arn', policy, '--approve'))
})
after(() => lab[Symbol.asyncDispose]())

/** A pod in namespace batch that the profile fits. */
function fargatePod(pod: string, more: Parameters<typeof awsPod>[1] = {}): object {
  const made = awsPod(pod, { namespace: 'batch', ...more }) as { metadata: object }
  return { ...made, metadata: { ...made.metadata, ...fargate.metadata } }
}

async function field(pod: string, path: string): Promise<string> {
  const args = ['get', 'pod', pod, '-n', 'batch', '-o', `jsonpath=${path}`]
  return ok(await lab.kubectl(...args)).stdout
}

test('a profile wants an execution role that trusts Fargate', async () => {
  const trust = (service: string) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
    })
  const document = ['--assume-role-policy-document']
  const role = ['iam', 'create-role', '--role-name', 'fargate', ...document]
  ok(await lab.aws(...role, trust('ec2.amazonaws.com')))
  const selectors = JSON.stringify([{ namespace: 'batch', labels: { on: 'fargate' } }])
  const arn = `arn:aws:iam::${account}:role/fargate`
  const create = ['eks', 'create-fargate-profile', ...name, '--selectors', selectors]
  const refused = await lab.aws(...create, '--pod-execution-role-arn', arn)
  assert.match(refused.stderr, /Misconfigured PodExecutionRole Trust Policy/)
  const update = ['iam', 'update-assume-role-policy', '--role-name', 'fargate']
  ok(await lab.aws(...update, '--policy-document', trust('eks-fargate-pods.amazonaws.com')))
  const policy = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
  // The execution role may list buckets: a pod that can, too, has got hold of it.
  ok(await lab.aws('iam', 'attach-role-policy', '--role-name', 'fargate', '--policy-arn', policy))
  ok(await lab.aws(...create, '--pod-execution-role-arn', arn))
  ok(await lab.aws('eks', 'wait', 'fargate-profile-active', ...name))
})

test('a pod that fits runs on a node of its own, by IRSA', async () => {
  await lab.apply(fargatePod('irsa', { serviceAccountName: 'my-sa' }))
  assert.match(await lab.logsOfEnded('irsa', 'batch'), / my-bucket$/m)
  const node = await field('irsa', '{.spec.nodeName}')
  assert.match(node, /^fargate-ip-192-168-\d+-\d+\.ap-northeast-1\.compute\.internal$/)
  assert.equal(await field('irsa', '{.spec.schedulerName}'), 'fargate-scheduler')
  assert.equal(
    await field('irsa', "{.metadata.labels['eks\\.amazonaws\\.com/fargate-profile']}"),
    'fp-batch',
  )
  const shown = ok(await lab.kubectl('get', 'node', node, '-o', 'json')).stdout
  const { metadata, spec } = JSON.parse(shown) as {
    metadata: { labels: Record<string, string> }
    spec: { taints: object[] }
  }
  assert.equal(metadata.labels['eks.amazonaws.com/compute-type'], 'fargate')
  assert.deepEqual(spec.taints, [
    { key: 'eks.amazonaws.com/compute-type', value: 'fargate', effect: 'NoSchedule' },
  ])
})

test('a pod without a role gets no credentials: neither its node’s nor the execution role’s', async () => {
  await lab.apply(fargatePod('bare'))
  assert.match(await lab.logsOfEnded('bare', 'batch'), /Unable to locate credentials/)
})

test('a pod that does not fit runs on the node group', async () => {
  await lab.apply(awsPod('elsewhere', { namespace: 'batch' }))
  assert.match(await lab.logsOfEnded('elsewhere', 'batch'), /AccessDenied.*nodegroup/)
  assert.match(await field('elsewhere', '{.spec.nodeName}'), /^ip-/)
})

test('Pod Identity does not reach Fargate, and why says so', async () => {
  const create = ['create', 'podidentityassociation', '--cluster', 'irsa', '--namespace', 'batch']
  const role = ['--role-arn', `arn:aws:iam::${account}:role/fargate`]
  const own = ['--service-account-name', 'agent', '--create-service-account']
  ok(await lab.podpass(...create, ...own, ...role))
  await lab.apply(fargatePod('agent', { serviceAccountName: 'agent' }))
  assert.match(await lab.logsOfEnded('agent', 'batch'), /Error when retrieving credentials/)
  const { stdout } = await lab.podpass('why', 'pod/agent', '-n', 'batch', '-o', 'json')
  const report = JSON.parse(stdout) as { brokenLink: string; fix: string }
  assert.equal(report.brokenLink, 'injection')
  assert.match(report.fix, /create iamserviceaccount/)
})

test('its node goes with the pod, others’ pods with their profile; both outlive a restart', async () => {
  const node = await field('irsa', '{.spec.nodeName}')
  ok(await lab.kubectl('delete', 'pod', 'irsa', '-n', 'batch'))
  ok(await lab.kubectl('wait', `node/${node}`, '--for=delete', '--timeout=60s'))
  const containers = [{ name: 'main', image: 'busybox', command: ['sleep', '600'] }]
  await lab.apply(fargatePod('stays', { containers, restartPolicy: 'Always' }))
  const ready = ['wait', 'pod/stays', '-n', 'batch', '--for=condition=Ready', '--timeout=60s']
  ok(await lab.kubectl(...ready))
  const home = await field('stays', '{.spec.nodeName}')
  ok(await lab.podpass('down'))
  ok(await lab.podpass('up', '-d'))
  ok(await lab.kubectl(...ready))
  assert.equal(await field('stays', '{.spec.nodeName}'), home)
  ok(await lab.aws('eks', 'delete-fargate-profile', ...name))
  ok(await lab.kubectl('wait', 'pod/stays', '-n', 'batch', '--for=delete', '--timeout=60s'))
  ok(await lab.kubectl('wait', `node/${home}`, '--for=delete', '--timeout=60s'))
})

test('a cluster keeps until its profiles are gone; podpass takes them along', async () => {
  const selectors = JSON.stringify([{ namespace: 'batch' }])
  const role = ['--pod-execution-role-arn', `arn:aws:iam::${account}:role/fargate`]
  ok(await lab.aws('eks', 'create-fargate-profile', ...name, ...role, '--selectors', selectors))
  const { stderr } = ok(await lab.podpass('delete', 'cluster', '--name', 'irsa'))
  assert.match(stderr, /Fargate profile fp-batch removed/)
})
