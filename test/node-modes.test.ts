/** Nodes as attackers see them: instance metadata open and shut, kube2iam and kiam before it, by real clients in pods. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { awsPod, ok, startTestLab, type TestLab } from './support/lab.ts'

const account = '111122223333'
const role = 'iam.amazonaws.com/role'
const identity = ['sts', 'get-caller-identity', '--query', 'Arn', '--output', 'text']
let lab: TestLab
let nodeRole = ''
let instanceId = ''

before(async () => {
  lab = await startTestLab()
  ok(await lab.podpass('create', 'cluster', '--name', 'irsa', '--nodes', '1'))
  const { stdout } = ok(await lab.podpass('get', 'nodegroup', '--cluster', 'irsa', '-o', 'json'))
  nodeRole = JSON.parse(stdout)[0].nodeRole
  instanceId = await query('Reservations[0].Instances[0].InstanceId')
  await createRole('database', { AWS: nodeRole })
  await createRole('guarded', { AWS: `arn:aws:iam::${account}:role/kiam-server` })
})
after(() => lab?.[Symbol.asyncDispose]())

async function query(expression: string): Promise<string> {
  const args = ['ec2', 'describe-instances', '--query', expression, '--output', 'text']
  return ok(await lab.aws(...args)).stdout.trim()
}

async function createRole(name: string, principal: object): Promise<void> {
  if (name === 'guarded') await createRole('kiam-server', { Service: 'ec2.amazonaws.com' })
  const document = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' }],
  })
  const trust = ['--assume-role-policy-document', document]
  ok(await lab.aws('iam', 'create-role', '--role-name', name, ...trust))
}

/** The log of a pod that runs the AWS command line and ends. */
async function awsIn(
  name: string,
  args: string[],
  more: { annotations?: object; hostNetwork?: boolean } = {},
): Promise<string> {
  const { annotations, ...spec } = more
  const pod = awsPod(name, { args, ...spec }) as { metadata: object }
  await lab.apply({ ...pod, metadata: { ...pod.metadata, ...(annotations && { annotations }) } })
  return (await lab.logsOfEnded(name)).trim()
}

/** The log of a pod that runs this code, in which `get(path, options)` reads from its metadata address. */
async function nodeIn(name: string, code: string, annotations: object = {}): Promise<string> {
  await startNode(name, code, annotations)
  return (await lab.logsOfEnded(name)).trim()
}

async function startNode(
  name: string,
  code: string,
  annotations: object = {},
  securityContext: object = {},
): Promise<void> {
  const head = `
    const { get: httpGet } = await import('node:http')
    const get = (path, options = {}) => new Promise((resolve, reject) => {
      const base = process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT
      httpGet(base + 'latest/' + path, options, (answer) => {
        let text = ''
        answer.on('data', (piece) => { text += piece })
        answer.on('end', () => resolve(answer.statusCode + ' ' + text))
      }).on('error', reject)
    })
    const directory = 'meta-data/iam/security-credentials/'
  `
  const command = [process.execPath, '--input-type=module', '-e', head + code]
  await lab.apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, annotations },
    spec: {
      restartPolicy: 'Never',
      containers: [{ name: 'main', image: 'busybox', command, securityContext }],
    },
  })
}

test('a node has an instance profile that is in IAM, with its role', async () => {
  const name = nodeRole.slice(nodeRole.lastIndexOf('/') + 1)
  assert.match(name, /^eksctl-irsa-nodegroup-ng-1-NodeInstanceRole-[A-Z0-9]{12}$/)
  const get = ['iam', 'get-instance-profile', '--instance-profile-name', name]
  const { InstanceProfile } = JSON.parse(ok(await lab.aws(...get)).stdout)
  assert.equal(InstanceProfile.Roles[0].Arn, nodeRole)
  const shown = await query('Reservations[0].Instances[0].IamInstanceProfile.[Arn,Id]')
  assert.equal(shown, `${InstanceProfile.Arn}\t${InstanceProfile.InstanceProfileId}`)
  const { stdout } = ok(await lab.podpass('get', 'nodegroup', '--cluster', 'irsa'))
  assert.match(stdout, /^CLUSTER +NODEGROUP +STATUS .*\nirsa +ng-1 +ACTIVE /)
})

test('without an agent any pod has all that the node has', async () => {
  const arn = await awsIn('plain', identity)
  assert.match(arn, new RegExp(`assumed-role/eksctl-irsa-nodegroup-.*/${instanceId}$`))
})

test('kube2iam: a pod has the role of its annotation, and none without', async () => {
  ok(await lab.podpass('node', 'mode', 'kube2iam', '--cluster', 'irsa'))
  const shown = ok(await lab.podpass('node', 'mode', '--cluster', 'irsa'))
  assert.equal(shown.stdout, 'kube2iam\n')
  const arn = await awsIn('annotated', identity, { annotations: { [role]: 'database' } })
  assert.match(arn, /assumed-role\/database\/[0-9a-f]+-database$/)
  assert.match(await awsIn('bare', identity), /Unable to locate credentials/)
  await awsIn('denied', ['s3', 'ls'], { annotations: { [role]: 'database' } })
  const why = await lab.podpass('why', 'pod/annotated')
  assert.match(why.stdout, /the pod has role `database` from elsewhere/)
  assert.match(why.stdout, /pod default\/annotated.*role `database`/s, why.stderr)
})

test('hole of kube2iam: its metrics tell any pod of the roles of others, with --debug its store of all', async () => {
  ok(await lab.podpass('node', 'mode', 'kube2iam', '--cluster', 'irsa', '--debug-store'))
  const code = `for (const page of ['metrics', 'debug/store', 'healthz']) console.log(await get('../' + page))`
  const log = await nodeIn('reads-metrics', code)
  assert.match(log, new RegExp(`role_arn="arn:aws:iam::${account}:role/database"`))
  assert.match(log, /"rolesByIP":\{.*"rolesByNamespace":/)
  assert.match(log, new RegExp(`200 \\{"hostIP":"[0-9.]+","instanceId":"${instanceId}"\\}`))
})

test("hole of kube2iam: a pod's own annotation is all that it takes", async () => {
  const code = `
    let roles = await get(directory)
    while (roles === '200 ') {
      await new Promise((resolve) => setTimeout(resolve, 50))
      roles = await get(directory)
    }
    console.log(roles)`
  await startNode('cracked', code)
  ok(await lab.kubectl('annotate', 'pod', 'cracked', `${role}=database`))
  assert.equal((await lab.logsOfEnded('cracked')).trim(), '200 database')
})

test("hole of kube2iam and kiam: whoever sends from another pod's address is taken for it", async () => {
  await startNode('victim', 'setTimeout(() => {}, 60_000)', { [role]: 'database' })
  ok(await lab.kubectl('wait', 'pod/victim', '--for=condition=Ready', '--timeout=30s'))
  const ip = ['get', 'pod', 'victim', '-o', 'jsonpath={.status.podIP}']
  const localAddress = ok(await lab.kubectl(...ip)).stdout
  // Where pods have networks of their own, an address must be the pod's before it can send from it.
  const take = localAddress.startsWith('127.')
    ? ''
    : `const { execFileSync } = await import('node:child_process')
      execFileSync('ip', ['address', 'add', '${localAddress}/32', 'dev', 'eth0'])`
  const code = `${take}; console.log(await get(directory, { localAddress: '${localAddress}' }))`
  await startNode('spoofer', code, {}, { capabilities: { add: ['NET_ADMIN'] } })
  assert.equal((await lab.logsOfEnded('spoofer')).trim(), '200 database')
  ok(await lab.kubectl('delete', 'pod', 'victim', '--now'))
})

test('hole of kube2iam: other paths are passed on to the node', async () => {
  const log = await nodeIn('reader', `console.log(await get('meta-data/iam/info'))`)
  assert.match(log, /^200 .*instance-profile\/eksctl-irsa-nodegroup/s)
})

test("hole of kube2iam: a pod on the host's network is the node, which may have any pod's role", async () => {
  const args = ['sts', 'assume-role', '--role-session-name', 'stolen']
  const target = ['--role-arn', `arn:aws:iam::${account}:role/database`]
  const show = ['--query', 'AssumedRoleUser.Arn', '--output', 'text']
  const arn = await awsIn('host', [...args, ...target, ...show], { hostNetwork: true })
  assert.match(arn, /assumed-role\/database\/stolen$/)
})

test('kiam: the namespace must permit the role, and the server alone may have it', async () => {
  const set = ['node', 'mode', 'kiam', '--cluster', 'irsa', '--server-role', 'kiam-server']
  assert.equal(ok(await lab.podpass(...set)).stdout, 'kiam --server-role=kiam-server\n')
  const annotations = { [role]: 'guarded' }
  const refused = await nodeIn('forbidden', `console.log(await get(directory + 'guarded'))`, {
    [role]: 'guarded',
  })
  assert.equal(refused, '500 error fetching credentials: forbidden by policy')
  const events = ['get', 'events', '--field-selector', 'reason=KiamRoleForbidden', '-o', 'name']
  assert.match(ok(await lab.kubectl(...events)).stdout, /^event\/forbidden\./)
  const permit = 'iam.amazonaws.com/permitted=.*/guarded'
  ok(await lab.kubectl('annotate', 'namespace', 'default', permit))
  const arn = await awsIn('permitted', identity, { annotations })
  assert.match(arn, /assumed-role\/guarded\/kiam-kiam$/)
  assert.match(
    await nodeIn('curious', `console.log(await get('user-data'))`),
    /^404 request blocked/,
  )
})

test("kiam closes what kube2iam leaves open: a pod on the host's network is the node, which may have no role", async () => {
  const args = ['sts', 'assume-role', '--role-session-name', 'stolen']
  const target = ['--role-arn', `arn:aws:iam::${account}:role/guarded`]
  const log = await awsIn('host-2', [...args, ...target], { hostNetwork: true })
  assert.match(log, /AccessDenied.*sts:AssumeRole/)
})

test('with tokens required and hop limit 1 pods find nothing, at once; those on the host network do', async () => {
  ok(await lab.podpass('node', 'mode', 'none', '--cluster', 'irsa'))
  const modify = ['ec2', 'modify-instance-metadata-options', '--instance-id', instanceId]
  const shut = ['--http-tokens', 'required', '--http-put-response-hop-limit', '1']
  ok(await lab.aws(...modify, ...shut))
  assert.match(await awsIn('shut-out', identity), /Unable to locate credentials/)
  assert.match(await awsIn('host-3', identity, { hostNetwork: true }), /NodeInstanceRole/)
})

test('disablePodIMDS of a ClusterConfig shuts pods out; deleting the cluster takes the profile too', async () => {
  const config = JSON.stringify({
    apiVersion: 'eksctl.io/v1alpha5',
    kind: 'ClusterConfig',
    metadata: { name: 'shut' },
    managedNodeGroups: [{ name: 'ng', desiredCapacity: 1, disablePodIMDS: true }],
  })
  const { environment } = lab
  const create = ['create', 'cluster', '-f', '-', '--no-write-kubeconfig']
  ok(await lab.run('podpass', create, { input: config, environment }))
  const of = 'tag:eks:cluster-name'
  const args = ['ec2', 'describe-instances', '--filters', `Name=${of},Values=shut`]
  const show = 'Reservations[].Instances[].MetadataOptions.[HttpTokens,HttpPutResponseHopLimit]'
  const { stdout } = ok(await lab.aws(...args, '--query', show, '--output', 'text'))
  assert.equal(stdout, 'required\t1\n')
  const scaling = ['--scaling-config', 'minSize=1,maxSize=2,desiredSize=2']
  const group = ['--cluster-name', 'shut', '--nodegroup-name', 'ng']
  ok(await lab.aws('eks', 'update-nodegroup-config', ...group, ...scaling))
  ok(await lab.aws('eks', 'wait', 'nodegroup-active', ...group))
  const grown = ok(await lab.aws(...args, '--query', show, '--output', 'text')).stdout
  assert.equal(grown, 'required\t1\nrequired\t1\n')
  ok(await lab.podpass('delete', 'cluster', '--name', 'shut'))
  const profiles = ok(await lab.aws('iam', 'list-instance-profiles', '--output', 'text')).stdout
  assert.doesNotMatch(profiles, /eksctl-shut/)
  const templates = ['ec2', 'describe-launch-templates', '--query', 'LaunchTemplates']
  assert.equal(ok(await lab.aws(...templates, '--output', 'text')).stdout.trim(), '')
})

test('what EC2 refuses is told in its own words', async () => {
  const unknown = ['--instance-ids', 'i-0123456789abcdef0']
  const missing = await lab.aws('ec2', 'describe-instances', ...unknown)
  assert.match(missing.stderr, /InvalidInstanceID.NotFound.*The instance ID 'i-0123456789abcdef0'/)
  const instances = await lab.aws('ec2', 'run-instances', '--image-id', 'ami-1')
  assert.match(instances.stderr, /NotImplemented.*Podpass does not implement ec2:RunInstances/)
  // As on EKS: the keys of a node's tags cannot be paths of its metadata.
  const tags = ['--instance-id', instanceId, '--instance-metadata-tags', 'enabled']
  const slash = await lab.aws('ec2', 'modify-instance-metadata-options', ...tags)
  assert.match(
    slash.stderr,
    /\(InvalidParameterValue\).*'kubernetes\.io\/cluster\/irsa' is not a valid tag key\. Tag keys must match/,
  )
  const bare = await lab.podpass('node', 'mode', 'kiam', '--cluster', 'irsa')
  assert.equal(bare.code, 2)
  assert.match(bare.stderr, /kiam's server needs a role/)
})
