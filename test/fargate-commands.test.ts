/** `--fargate`, `fargateProfiles` and the `fargateprofile` verbs as a person types them; kubectl and aws say what came of them. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { awsPod, ok, startTestLab, type TestLab } from './support/lab.ts'

let lab: TestLab

before(async () => {
  lab = await startTestLab()
})
after(() => lab[Symbol.asyncDispose]())

interface Profile {
  name: string
  podExecutionRoleARN: string
  selectors: { namespace: string; labels?: Record<string, string> }[]
  tags?: Record<string, string>
  status: string
}

async function profiles(cluster: string): Promise<Profile[]> {
  const get = ['get', 'fargateprofile', '--cluster', cluster, '-o', 'json']
  return JSON.parse(ok(await lab.podpass(...get)).stdout)
}

async function executionRoles(): Promise<string> {
  const named = "Roles[?contains(RoleName, 'FargatePodExecutionRole')].RoleName"
  return ok(await lab.aws('iam', 'list-roles', '--query', named, '--output', 'text')).stdout.trim()
}

async function nodeOf(pod: string, namespace = 'default'): Promise<string> {
  const args = ['get', 'pod', pod, '-n', namespace, '-o', 'jsonpath={.spec.nodeName}']
  return ok(await lab.kubectl(...args)).stdout
}

test('create cluster --fargate makes the profile fp-default with its role, and no nodes', async () => {
  ok(await lab.podpass('create', 'cluster', '--name', 'irsa', '--fargate', '--with-oidc'))
  const nodes = ok(await lab.kubectl('get', 'nodes', '-o', 'name')).stdout
  assert.equal(nodes, '')
  const [profile] = await profiles('irsa')
  assert.match(
    profile?.podExecutionRoleARN ?? '',
    /^arn:aws:iam::111122223333:role\/eksctl-irsa-cluster-FargatePodExecutionRole-[A-Z0-9]{12}$/,
  )
  assert.deepEqual(profile, {
    name: 'fp-default',
    podExecutionRoleARN: profile?.podExecutionRoleARN,
    selectors: [{ namespace: 'default' }, { namespace: 'kube-system' }],
    subnets: [],
    status: 'ACTIVE',
  })
  const attached = ['iam', 'list-attached-role-policies', '--role-name', await executionRoles()]
  const policies = ok(await lab.aws(...attached, '--output', 'text')).stdout
  assert.match(policies, /policy\/AmazonEKSFargatePodExecutionRolePolicy/)
})

test('its pods run on Fargate, with IRSA as their only identity', async () => {
  ok(await lab.aws('s3', 'mb', 's3://my-bucket'))
  const create = ['create', 'iamserviceaccount', '--name', 'my-sa', '--cluster', 'irsa']
  const policy = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
  ok(await lab.podpass(...create, '--attach-policy-arn', policy, '--approve'))
  await lab.apply(awsPod('irsa', { serviceAccountName: 'my-sa' }))
  await lab.apply(awsPod('bare'))
  assert.match(await lab.logsOfEnded('irsa'), / my-bucket$/m)
  assert.match(await lab.logsOfEnded('bare'), /Unable to locate credentials/)
  assert.match(await nodeOf('irsa'), /^fargate-ip-/)
})

test('create fargateprofile takes the role that is there; get shows a line for each selector', async () => {
  const create = ['create', 'fargateprofile', '--cluster', 'irsa', '--namespace']
  const labels = ['--labels', 'env=dev,checks=passed', '--tags', 'team=a']
  ok(await lab.podpass(...create, 'dev', 'fp-dev', ...labels))
  ok(await lab.podpass(...create, 'other'))
  const found = await profiles('irsa')
  assert.ok(found.some(({ name }) => /^fp-[0-9a-f]{8}$/.test(name)))
  const dev = found.find(({ name }) => name === 'fp-dev')
  assert.deepEqual(dev?.selectors, [{ namespace: 'dev', labels: { env: 'dev', checks: 'passed' } }])
  assert.deepEqual(dev?.tags, { team: 'a' })
  assert.equal((await executionRoles()).split('\t').length, 1)
  const table = ok(await lab.podpass('get', 'fargateprofile', '--cluster', 'irsa')).stdout
  const titles = /^NAME +SELECTOR_NAMESPACE +SELECTOR_LABELS +POD_EXECUTION_ROLE_ARN +SUBNETS +TAGS/
  assert.match(table, titles)
  assert.match(table, /^fp-default +default +<none> /m)
  assert.match(table, /^fp-default +kube-system +<none> /m)
  assert.match(table, /^fp-dev +dev +checks=passed,env=dev .* <none> +team=a +ACTIVE$/m)
})

test('what is missing or refused is told', async () => {
  const create = ['create', 'fargateprofile', '--cluster', 'irsa']
  const bare = await lab.podpass(...create)
  assert.equal(bare.code, 2)
  assert.match(bare.stderr, /--namespace is missing/)
  const reserved = await lab.podpass(...create, '--namespace', 'a', 'eks-mine')
  assert.equal(reserved.code, 2)
  assert.match(reserved.stderr, /invalid Fargate profile: name should NOT start with "eks-"/)
  const both = await lab.podpass(...create, '--namespace', 'a', '--name', 'x', 'y')
  assert.equal(both.code, 2)
  const twice = ok(await lab.podpass(...create, '--namespace', 'dev', 'fp-dev'))
  assert.match(twice.stderr, /Fargate profile fp-dev is there already: left as it is/)
  const unknown = await lab.podpass('delete', 'fargateprofile', '--cluster', 'irsa', 'nothing')
  assert.equal(unknown.code, 1)
  assert.match(unknown.stderr, /No Fargate Profile found with name: nothing/)
})

test('delete takes the profile and its pods, and leaves the role of the cluster', async () => {
  const containers = [{ name: 'main', image: 'busybox', command: ['sleep', '600'] }]
  const made = awsPod('stays', { containers, namespace: 'other' })
  await lab.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'other' } })
  await lab.apply(made)
  const ready = ['wait', 'pod/stays', '-n', 'other', '--for=condition=Ready', '--timeout=60s']
  ok(await lab.kubectl(...ready))
  for (const { name } of await profiles('irsa')) {
    ok(await lab.podpass('delete', 'fargateprofile', '--cluster', 'irsa', '--name', name))
  }
  ok(await lab.kubectl('wait', 'pod/stays', '-n', 'other', '--for=delete', '--timeout=60s'))
  assert.deepEqual(await profiles('irsa'), [])
  assert.match(await executionRoles(), /^eksctl-irsa-cluster-FargatePodExecutionRole-/)
  ok(await lab.podpass('delete', 'cluster', '--name', 'irsa'))
  assert.equal(await executionRoles(), '')
})

test('a ClusterConfig names its node groups and profiles; a long name is cut as CloudFormation cuts it', async () => {
  const name = 'a-cluster-with-quite-a-long-name'
  const config = {
    apiVersion: 'eksctl.io/v1alpha5',
    kind: 'ClusterConfig',
    metadata: { name, region: 'ap-northeast-1' },
    managedNodeGroups: [
      { name: 'ng-a', desiredCapacity: 1, labels: { pool: 'a' } },
      { name: 'ng-b', minSize: 1 },
    ],
    fargateProfiles: [
      { name: 'fp-default', selectors: [{ namespace: 'default' }, { namespace: 'kube-system' }] },
      {
        name: 'fp-dev',
        selectors: [{ namespace: 'dev', labels: { env: 'dev' } }],
        tags: { env: 'dev' },
      },
    ],
  }
  const podpass = (command: string) =>
    lab.shell(`podpass ${command} -f - <<'END'\n${JSON.stringify(config)}\nEND`)
  ok(await podpass('create cluster'))
  const nodes = ok(await lab.kubectl('get', 'nodes', '-L', 'pool', '--no-headers')).stdout
  assert.equal(nodes.trim().split('\n').length, 2)
  assert.match(nodes, / a$/m)
  assert.deepEqual((await profiles(name)).map((one) => one.name).sort(), ['fp-default', 'fp-dev'])
  const role = await executionRoles()
  assert.equal(role.length, 64)
  assert.match(role, /^eksctl-a-cluster-with-quite-FargatePodExecutionRole-[A-Z0-9]{12}$/)
  await lab.apply(awsPod('fits', { args: ['--version'] }))
  await lab.logsOfEnded('fits')
  assert.match(await nodeOf('fits'), /^fargate-ip-/)
  ok(await podpass('delete fargateprofile --name fp-dev'))
  const again = ok(await podpass('create fargateprofile'))
  assert.match(again.stderr, /fp-default is there already/)
  assert.equal((await profiles(name)).length, 2)
  ok(await podpass('delete cluster'))
  assert.equal(await executionRoles(), '')
  const left = ok(await lab.aws('iam', 'list-roles', '--query', 'Roles[].RoleName')).stdout
  assert.doesNotMatch(left, /a-cluster-with/)
})

test('a role that was made for Fargate alone goes with the last profile', async () => {
  ok(await lab.podpass('create', 'cluster', '--name', 'later', '--without-nodegroup'))
  const create = ['create', 'fargateprofile', '--cluster', 'later', '--namespace']
  ok(await lab.podpass(...create, 'a', 'fp-a'))
  assert.match(await executionRoles(), /^eksctl-later-fargate-FargatePodExecutionRole-/)
  ok(await lab.podpass(...create, 'b', 'fp-b'))
  const remove = ['delete', 'fargateprofile', '--cluster', 'later']
  ok(await lab.podpass(...remove, 'fp-a'))
  assert.match(await executionRoles(), /^eksctl-later-fargate-/)
  ok(await lab.podpass(...remove, 'fp-b', '--wait'))
  assert.equal(await executionRoles(), '')
})
