/** EKS Pod Identity with real clients: the aws command, boto3 and the SDK for JavaScript inside pods, and what must not work. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { awsPod, ok, startTestLab, type TestLab } from './support/lab.ts'

const account = '111122223333'
const cluster = ['--cluster-name', 'irsa']
const script = fileURLToPath(new URL('support/list-buckets.mjs', import.meta.url))
let lab: TestLab

before(async () => {
  lab = await startTestLab()
  ok(await lab.podpass('create', 'cluster', '--name', 'irsa', '--nodes', '2'))
  ok(await lab.aws('s3', 'mb', 's3://my-bucket'))
  ok(await lab.aws('eks', 'create-addon', ...cluster, '--addon-name', 'eks-pod-identity-agent'))
  await role('pods-read', { actions: ['sts:AssumeRole', 'sts:TagSession'] })
  await associate('default', 'api', 'pods-read')
  await serviceAccount('api')
})
after(() => lab[Symbol.asyncDispose]())

async function role(name: string, { actions }: { actions: string[] }): Promise<void> {
  const trust = {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { Service: 'pods.eks.amazonaws.com' }, Action: actions },
    ],
  }
  const document = JSON.stringify(trust)
  const create = ['iam', 'create-role', '--role-name', name]
  ok(await lab.aws(...create, '--assume-role-policy-document', document))
  const policy = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
  ok(await lab.aws('iam', 'attach-role-policy', '--role-name', name, '--policy-arn', policy))
}

async function associate(namespace: string, name: string, roleName: string): Promise<string> {
  const create = ['eks', 'create-pod-identity-association', ...cluster, '--namespace', namespace]
  const roleArn = `arn:aws:iam::${account}:role/${roleName}`
  const query = ['--query', 'association.associationId', '--output', 'text']
  const made = await lab.aws(...create, '--service-account', name, '--role-arn', roleArn, ...query)
  return ok(made).stdout.trim()
}

async function serviceAccount(name: string): Promise<void> {
  ok(await lab.kubectl('create', 'serviceaccount', name))
}

interface Report {
  readonly brokenLink?: string
  readonly decision: string
  readonly fix?: string
  readonly links: readonly { readonly link: string; readonly verdict: string }[]
}

async function why(pod: string): Promise<Report> {
  const { stdout } = await lab.podpass('why', `pod/${pod}`, '-o', 'json')
  return JSON.parse(stdout) as Report
}

test('a pod whose ServiceAccount has an association lists buckets, with nothing registered in IAM', async () => {
  await lab.apply(awsPod('pod-id', { serviceAccountName: 'api' }))
  assert.match(await lab.logsOfEnded('pod-id'), / my-bucket$/m)
  const env = 'jsonpath={.spec.containers[0].env[*].name}'
  const names = ok(await lab.kubectl('get', 'pod', 'pod-id', '-o', env)).stdout
  assert.match(names, /AWS_CONTAINER_CREDENTIALS_FULL_URI/)
  assert.doesNotMatch(names, /AWS_ROLE_ARN/)
})

test('its session is named after cluster and pod', async () => {
  const args = ['sts', 'get-caller-identity', '--query', 'Arn', '--output', 'text']
  await lab.apply(awsPod('pod-who', { serviceAccountName: 'api', args }))
  assert.match(
    await lab.logsOfEnded('pod-who'),
    /^arn:aws:sts::111122223333:assumed-role\/pods-read\/eks-irsa-pod-who-[0-9a-f-]{36}$/m,
  )
})

test('the SDK for JavaScript and boto3 find the role too', async () => {
  const own = { serviceAccountName: 'api' }
  const command = [process.execPath, script]
  await lab.apply(
    awsPod('pod-js', { ...own, containers: [{ name: 'main', image: 'node', command }] }),
  )
  assert.equal(await lab.logsOfEnded('pod-js'), '["my-bucket"]\n')
  const python = process.env['PODPASS_TEST_PYTHON']
  if (!python) return
  const code =
    'import boto3; print([b["Name"] for b in boto3.client("s3").list_buckets()["Buckets"]])'
  const container = { name: 'main', image: 'python', command: [python, '-c', code] }
  await lab.apply(awsPod('pod-boto3', { ...own, containers: [container] }))
  assert.equal(await lab.logsOfEnded('pod-boto3'), "['my-bucket']\n")
})

test('why sees each link pass', async () => {
  const report = await why('pod-id')
  assert.equal(report.decision, 'allowed')
  for (const link of ['service-account', 'injection', 'token', 'provider', 'trust', 'session']) {
    assert.equal(report.links.find((one) => one.link === link)?.verdict, 'passed', link)
  }
})

test('a trust policy without sts:TagSession is the link that breaks', async () => {
  await role('tagless', { actions: ['sts:AssumeRole'] })
  await associate('default', 'tagless', 'tagless')
  await serviceAccount('tagless')
  await lab.apply(awsPod('pod-tagless', { serviceAccountName: 'tagless' }))
  assert.match(
    await lab.logsOfEnded('pod-tagless'),
    /Unauthorized Exception! EKS does not have permissions to assume the associated role/,
  )
  const report = await why('pod-tagless')
  assert.equal(report.brokenLink, 'trust')
  assert.match(report.fix ?? '', /sts:TagSession/)
})

test('another ServiceAccount has the node’s role only', async () => {
  await serviceAccount('other')
  await lab.apply(awsPod('pod-other', { serviceAccountName: 'other' }))
  assert.match(
    await lab.logsOfEnded('pod-other'),
    /AccessDenied.*assumed-role\/eksctl-irsa-nodegroup/,
  )
})

test('a pod of a deleted association gets nothing, not even its node’s role', async () => {
  const id = await associate('default', 'short', 'pods-read')
  await serviceAccount('short')
  const command = ['sh', '-c', 'sleep 600']
  const containers = [{ name: 'main', image: 'busybox', command }]
  await lab.apply(awsPod('pod-short', { serviceAccountName: 'short', containers }))
  ok(await lab.kubectl('wait', 'pod/pod-short', '--for=condition=Ready', '--timeout=60s'))
  const query = ['-o', 'jsonpath={.spec}']
  const spec = JSON.parse(ok(await lab.kubectl('get', 'pod', 'pod-short', ...query)).stdout) as {
    nodeName: string
    volumes: object[]
    containers: { env: object[]; volumeMounts: object[] }[]
  }
  ok(
    await lab.aws(
      ...['eks', 'delete-pod-identity-association', ...cluster, '--association-id', id],
    ),
  )
  // A pod made with what the webhook injected before.
  const main = { name: 'main', image: 'amazon/aws-cli', args: ['s3', 'ls'] }
  const { env, volumeMounts } = spec.containers[0] ?? {}
  await lab.apply(
    awsPod('pod-late', {
      serviceAccountName: 'short',
      volumes: spec.volumes,
      containers: [{ ...main, env, volumeMounts }],
    }),
  )
  assert.match(
    await lab.logsOfEnded('pod-late'),
    /No association found for service account short in namespace default/,
  )
  const report = await why('pod-late')
  assert.equal(report.brokenLink, 'service-account')
  assert.match(report.fix ?? '', /podpass create podidentityassociation/)
})

test('a token for another audience is none for EKS Auth', async () => {
  const volumeName = 'eks-pod-identity-token'
  const source = { audience: 'sts.amazonaws.com', path: volumeName, expirationSeconds: 3600 }
  const folder = '/var/run/secrets/wrong'
  const main = {
    name: 'main',
    image: 'amazon/aws-cli',
    args: ['s3', 'ls'],
    env: [
      {
        name: 'AWS_CONTAINER_CREDENTIALS_FULL_URI',
        value: 'http://$(PODPASS_POD_IDENTITY_AGENT)/v1/credentials',
      },
      { name: 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE', value: `${folder}/${volumeName}` },
    ],
    volumeMounts: [{ name: 'wrong', mountPath: folder }],
  }
  await lab.apply(
    awsPod('pod-audience', {
      serviceAccountName: 'api',
      volumes: [{ name: 'wrong', projected: { sources: [{ serviceAccountToken: source }] } }],
      containers: [main],
    }),
  )
  assert.match(
    await lab.logsOfEnded('pod-audience'),
    /InvalidTokenException\): The audience of the provided token is invalid/,
  )
  assert.equal((await why('pod-audience')).brokenLink, 'provider')
})

test('without the agent on its node a pod gets nothing', async () => {
  const addon = [...cluster, '--addon-name', 'eks-pod-identity-agent']
  ok(await lab.aws('eks', 'delete-addon', ...addon))
  await lab.apply(awsPod('pod-agentless', { serviceAccountName: 'api' }))
  assert.match(await lab.logsOfEnded('pod-agentless'), /Unable to locate|Error when retrieving/)
  ok(await lab.aws('eks', 'create-addon', ...addon))
})
