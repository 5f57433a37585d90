/** A network of its own for each pod, by real clients in pods: node services where EC2 has them, and a machine left alone. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { hasMachineIpv6 } from '../src/kubernetes/network/probe.ts'
import { ok, run, startTestLab, type TestLab } from './support/lab.ts'
import { networkAbility } from './support/network.ts'

/** CI runs as root; where that is not so, or not enough, pods are on the machine's network as before. */
const able = await networkAbility()
const skip = 'why' in able
let lab: TestLab
let instanceId = ''
let machineBefore = ''

before(async () => {
  machineBefore = await machineNetwork()
  lab = await startTestLab()
  ok(await lab.podpass('create', 'cluster', '--name', 'irsa', '--nodes', '1'))
  instanceId = await instanceOf(lab)
})
after(() => lab?.[Symbol.asyncDispose]())

async function instanceOf({ aws }: TestLab): Promise<string> {
  const query = ['--query', 'Reservations[0].Instances[0].InstanceId', '--output', 'text']
  return ok(await aws('ec2', 'describe-instances', ...query)).stdout.trim()
}

/** Links, addresses, routes and rules of the machine; not how long a lease still lasts. */
async function machineNetwork(): Promise<string> {
  const shown = [['-o', 'link'], ['-o', '-4', 'addr'], ['route'], ['rule']]
  const [links = '', addresses = '', ...rest] = await Promise.all(
    shown.map(async (args) => (await run('ip', args)).stdout),
  )
  const fields = (line: string) => line.split(/\s+/).slice(0, 4).join(' ')
  const lines = [...links.split('\n').map(linkName), ...addresses.split('\n').map(fields)]
  return [...lines, ...rest].join('\n')
}

interface Shell {
  readonly hostNetwork?: boolean
  readonly securityContext?: object
  readonly ports?: object[]
  readonly readinessProbe?: object
  readonly serviceAccountName?: string
  /** In place of a script. */
  readonly command?: readonly string[]
}

async function shell(name: string, script: string, more: Shell = {}, where = lab): Promise<void> {
  const { hostNetwork, serviceAccountName, ...container } = more
  await where.apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      restartPolicy: 'Never',
      ...(hostNetwork && { hostNetwork }),
      ...(serviceAccountName && { serviceAccountName }),
      containers: [
        { name: 'main', image: 'debian:12', command: ['bash', '-c', script], ...container },
      ],
    },
  })
}

/** The lines that a pod's script writes. */
async function linesOf(name: string, script: string, more: Shell = {}): Promise<string[]> {
  await shell(name, script, more)
  return (await lab.logsOfEnded(name)).trimEnd().split('\n')
}

const metadata = 'http://169.254.169.254/latest'
const code = `curl -s -o /dev/null -w '%{http_code}\\n' --max-time 5`

async function modify(tokens: string, hopLimit: number): Promise<void> {
  const modify = ['ec2', 'modify-instance-metadata-options', '--instance-id', instanceId]
  const hops = ['--http-put-response-hop-limit', String(hopLimit)]
  ok(await lab.aws(...modify, '--http-tokens', tokens, ...hops))
}

test('status says how pods are connected', async () => {
  const { stdout } = ok(await lab.podpass('status', '--output', 'json'))
  const { podNetwork } = JSON.parse(stdout) as { podNetwork: { kind: string; note?: string } }
  const expected = 'why' in able ? { kind: 'host', note: able.why } : { kind: 'namespaces' }
  assert.deepEqual(podNetwork, expected)
})

test('instance metadata answers at its own address, versions 1 and 2', { skip }, async () => {
  const header = 'X-aws-ec2-metadata-token'
  const lines = await linesOf(
    'metadata',
    `curl -s ${metadata}/meta-data/instance-id; echo
    token=$(curl -s -X PUT -H '${header}-ttl-seconds: 60' ${metadata}/api/token)
    curl -s -H "${header}: $token" ${metadata}/meta-data/instance-id; echo
    ${code} -X PUT -H '${header}-ttl-seconds: 0' ${metadata}/api/token
    ${code} -H '${header}: garbage' ${metadata}/meta-data/instance-id
    unset AWS_EC2_METADATA_SERVICE_ENDPOINT
    aws sts get-caller-identity --query Arn --output text
    ip -4 -o address show dev eth0 | grep -o '192[0-9.]*/16'`,
  )
  const arn = lines[4] ?? ''
  assert.deepEqual(lines.slice(0, 4), [instanceId, instanceId, '400', '401'])
  assert.match(arn, new RegExp(`assumed-role/eksctl-irsa-nodegroup-.*/${instanceId}$`))
  const wide = ok(await lab.kubectl('get', 'pod', 'metadata', '-o', 'wide')).stdout
  assert.ok(wide.includes(` ${lines[5]?.replace('/16', '')} `), `${wide}${lines[5]}`)
})

test('it answers by IPv6 where the machine has that, else nothing does', { skip }, async () => {
  const get = `curl -s --max-time 5 'http://[fd00:ec2::254]/latest/meta-data/instance-id'`
  const [line] = await linesOf('six', `${get} || echo "curl $?"`)
  assert.equal(line, hasMachineIpv6() ? instanceId : 'curl 7')
})

test('with hop limit 1 the answer to a token request does not come, version 1 does', {
  skip,
}, async () => {
  await modify('optional', 1)
  const put = `-X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' ${metadata}/api/token`
  const lines = await linesOf(
    'far',
    `curl -s --max-time 1 ${put}; echo "curl $?"; curl -s ${metadata}/meta-data/instance-id`,
  )
  assert.deepEqual(lines, ['curl 28', instanceId])
})

test('where tokens are required too, connections of pods are refused, until that is changed', {
  skip,
}, async () => {
  await modify('required', 1)
  const get = `curl -s --max-time 5 ${metadata}/meta-data/instance-id`
  assert.deepEqual(await linesOf('refused', `${get}; echo "curl $?"`), ['curl 7'])
  ok(await lab.podpass('node', 'mode', 'kube2iam', '--cluster', 'irsa'))
  const agent = `until [ "$(${code} ${metadata}/meta-data/instance-id)" = 401 ]; do sleep 0.1; done`
  assert.deepEqual(await linesOf('proxied', `${agent}; echo asked`), ['asked'])
  ok(await lab.podpass('node', 'mode', 'none', '--cluster', 'irsa'))
  await modify('optional', 2)
  assert.deepEqual(await linesOf('again', get), [instanceId])
})

test('the Pod Identity agent answers at its own address', { skip }, async () => {
  const cluster = ['--cluster-name', 'irsa']
  ok(await lab.aws('eks', 'create-addon', ...cluster, '--addon-name', 'eks-pod-identity-agent'))
  const trust = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'pods.eks.amazonaws.com' },
        Action: ['sts:AssumeRole', 'sts:TagSession'],
      },
    ],
  }
  const create = ['iam', 'create-role', '--role-name', 'api', '--assume-role-policy-document']
  ok(await lab.aws(...create, JSON.stringify(trust)))
  const role = ['--role-arn', 'arn:aws:iam::111122223333:role/api']
  const of = ['--namespace', 'default', '--service-account', 'api']
  ok(await lab.aws('eks', 'create-pod-identity-association', ...cluster, ...of, ...role))
  ok(await lab.kubectl('create', 'serviceaccount', 'api'))
  const lines = await linesOf(
    'agent',
    `echo $AWS_CONTAINER_CREDENTIALS_FULL_URI
    aws sts get-caller-identity --query Arn --output text
    token=$(cat $AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE)
    ${code} -H "Authorization: $token" http://169.254.170.23/v1/credentials
    curl -s -H 'Host: evil.example' http://169.254.170.23/v1/credentials
    ${code} -H "Authorization: $token" 'http://[fd00:ec2::23]/v1/credentials'`,
    { serviceAccountName: 'api' },
  )
  assert.equal(lines[0], 'http://169.254.170.23/v1/credentials')
  assert.match(lines[1] ?? '', /assumed-role\/api\/eks-irsa-agent-/)
  assert.equal(lines[2], '200')
  assert.match(lines[3] ?? '', /either \[169\.254\.170\.23 fd00:ec2::23\] address not evil\.exa/)
  assert.equal(lines[4], hasMachineIpv6() ? '200' : '000')
})

/** The command of a pod that answers every request with a text. */
function serve(text: string): readonly string[] {
  const answer = `(_, response) => response.end(${JSON.stringify(text)})`
  return [process.execPath, '-e', `require('http').createServer(${answer}).listen(8080)`]
}

test('two pods listen on one port, are probed, and reach each other', { skip }, async () => {
  const probe = { httpGet: { port: 8080, path: '/' }, periodSeconds: 1 }
  const tcp = { tcpSocket: { port: 8080 }, periodSeconds: 1 }
  await shell('one', '', { command: serve('one'), readinessProbe: probe })
  await shell('two', '', { command: serve('two'), readinessProbe: tcp })
  const ready = ['--for=condition=Ready', '--timeout=30s']
  ok(await lab.kubectl('wait', 'pod/one', 'pod/two', ...ready))
  const ip = async (pod: string) =>
    ok(await lab.kubectl('get', 'pod', pod, '-o', 'jsonpath={.status.podIP}')).stdout
  const [one, two] = [await ip('one'), await ip('two')]
  assert.notEqual(one, two)
  const lines = await linesOf(
    'caller',
    `curl -s ${one}:8080; echo; curl -s ${two}:8080; echo
    curl -s --max-time 5 127.0.0.1:8080; echo "curl $?"; curl -s --max-time 5 ${one}:8081; echo "curl $?"`,
  )
  assert.deepEqual(lines, ['one', 'two', 'curl 7', 'curl 7'])
  ok(await lab.kubectl('delete', 'pod', 'one', 'two', '--now'))
})

test('a pod reaches the API server by name, and the lab where its variables say', {
  skip,
}, async () => {
  const account = '/var/run/secrets/kubernetes.io/serviceaccount'
  const lines = await linesOf(
    'inside',
    `echo $KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT
    curl -s --cacert ${account}/ca.crt https://kubernetes.default.svc/version | grep -o '"major": *"1"' | tr -d ' '
    ${code} --cacert "$AWS_CA_BUNDLE" "$AWS_ENDPOINT_URL"
    getent hosts nothing.default.svc.cluster.local || echo 'no such name'
    curl -s --max-time 5 https://127.0.0.1:1; echo "curl $?"`,
  )
  assert.deepEqual(lines, ['10.100.0.1:443', '"major":"1"', '403', 'no such name', 'curl 7'])
})

test('any user may listen on any port; the network is changed by who asks for that right', {
  skip,
}, async () => {
  const user = { securityContext: { runAsUser: 1000, runAsGroup: 1000 } }
  const done = `() => { console.log('listens'); process.exit() }`
  const command = [process.execPath, '-e', `require('net').createServer().listen(80, ${done})`]
  assert.deepEqual(await linesOf('user', '', { ...user, command }), ['listens'])
  const admin = { securityContext: { capabilities: { add: ['NET_ADMIN'] } } }
  const address = 'ip addr add 192.168.200.1/32 dev eth0; echo $?'
  assert.deepEqual(await linesOf('admin', address, admin), ['0'])
  const kind = `jsonpath={.items[0].metadata.annotations.podpass\\.dev/container-isolation}`
  // Without bubblewrap root of a container has all rights.
  if (ok(await lab.kubectl('get', 'nodes', '-o', kind)).stdout !== 'bubblewrap') return
  const right = 'echo $((0x$(grep CapEff /proc/self/status | cut -f2) >> 12 & 1))'
  assert.deepEqual(await linesOf('plain', right), ['0'])
  assert.deepEqual(await linesOf('host-admin', right, { ...admin, hostNetwork: true }), ['0'])
})

test("a pod on the host's network is the node", { skip }, async () => {
  const lines = await linesOf(
    'host',
    `aws sts get-caller-identity --query Arn --output text; ip -o link`,
    { hostNetwork: true },
  )
  assert.match(lines[0] ?? '', new RegExp(`NodeInstanceRole.*/${instanceId}$`))
  const machine = await run('ip', ['-o', 'link'])
  assert.deepEqual(lines.slice(1).map(linkName), machine.stdout.trimEnd().split('\n').map(linkName))
})

function linkName(line: string): string | undefined {
  return line.split(': ')[1]
}

test("two labs side by side do not see each other, one on the machine's network", {
  skip,
}, async () => {
  await using other = await startTestLab({ podNetwork: 'host' })
  ok(await other.podpass('create', 'cluster', '--name', 'irsa', '--nodes', '1'))
  await using third = await startTestLab()
  ok(await third.podpass('create', 'cluster', '--name', 'irsa', '--nodes', '1'))
  assert.match(ok(await other.podpass('status')).stdout, /^pods +share this machine's network/m)
  const get = 'curl -s "$AWS_EC2_METADATA_SERVICE_ENDPOINT"latest/meta-data/instance-id'
  const ids = new Set<string>()
  for (const one of [lab, other, third]) {
    await shell('who', get, {}, one)
    const id = await one.logsOfEnded('who')
    assert.equal(id, await instanceOf(one))
    ids.add(id)
  }
  assert.equal(ids.size, 3)
  const { pid } = JSON.parse(ok(await third.podpass('status', '-o', 'json')).stdout)
  ok(await third.podpass('down'))
  // Nothing that was handed over keeps it; the test's own time limit is the deadline.
  while (isAlive(pid)) await new Promise((resolve) => setImmediate(resolve))
})

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

test("the machine's links, addresses, routes and rules are as they were", { skip }, async () => {
  assert.equal(await machineNetwork(), machineBefore)
})

test('who asks for what cannot be is told', async () => {
  const asked = skip ? 'namespaces' : 'nonsense'
  const home = `${lab.home}-refused`
  const refused = await lab.run('podpass', ['up', '--home', home, '--aws-port', '0'], {
    environment: { ...lab.environment, PODPASS_POD_NETWORK: asked },
  })
  await run('rm', ['-rf', home])
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /^error: pods cannot have the network asked for: /)
})
