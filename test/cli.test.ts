/** The command line in eksctl's grammar: plans, output formats, exit codes, and errors that name the fix. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ok, podpassProgram, run, startTestLab, type TestLab } from './support/lab.ts'

const readOnly = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
const full = 'arn:aws:iam::aws:policy/AmazonS3FullAccess'
let lab: TestLab

before(async () => {
  lab = await startTestLab()
})
after(() => lab[Symbol.asyncDispose]())

const roleNames = async () => {
  const args = ['iam', 'list-roles', '--query', 'Roles[].RoleName', '--output', 'json']
  return (JSON.parse(ok(await lab.aws(...args)).stdout) as string[]).sort()
}

test('create cluster takes a ClusterConfig with its ServiceAccounts, and get cluster shows it in each format', async () => {
  const file = join(lab.home, 'cluster.yaml')
  writeFileSync(
    file,
    `apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: { name: irsa, region: ap-northeast-1 }
managedNodeGroups: [{ name: workers, desiredCapacity: 1 }]
iam:
  withOIDC: true
  serviceAccounts:
    - metadata: { name: reader, namespace: backend, labels: { team: a } }
      attachPolicyARNs: ['${readOnly}']
    - metadata: { name: writer, namespace: backend }
      attachPolicy:
        Version: '2012-10-17'
        Statement: [{ Effect: Allow, Action: 's3:PutObject', Resource: 'arn:aws:s3:::b/*' }]
`,
  )
  const made = ok(await lab.podpass('create', 'cluster', '-f', file))
  assert.match(made.stderr, /IAM OIDC provider for cluster `irsa`/)
  assert.match(made.stderr, /ServiceAccount backend\/writer annotated/)
  const table = ok(await lab.podpass('get', 'cluster')).stdout
  assert.match(table, /^NAME +VERSION +STATUS +CREATED +ISSUER\nirsa +1\.32 +ACTIVE /)
  const json = JSON.parse(ok(await lab.podpass('get', 'cluster', '-o', 'json')).stdout) as [
    { name: string },
  ]
  assert.equal(json[0].name, 'irsa')
  assert.match(
    ok(await lab.podpass('get', 'cluster', 'irsa', '-o', 'yaml')).stdout,
    /^- name: irsa$/m,
  )
  const nodes = ok(
    await lab.kubectl('get', 'nodes', '-l', 'alpha.eksctl.io/nodegroup-name=workers', '-o', 'name'),
  )
  assert.equal(nodes.stdout.trim().split('\n').length, 1)

  const listed = ok(await lab.podpass('get', 'iamserviceaccount', '--cluster', 'irsa')).stdout
  assert.match(
    listed,
    /^backend +reader +arn:aws:iam::111122223333:role\/podpass-irsa-backend-reader$/m,
  )
  assert.match(listed, /^backend +writer /m)
  const label = 'jsonpath={.metadata.labels.team}'
  assert.equal(
    ok(await lab.kubectl('-n', 'backend', 'get', 'sa', 'reader', '-o', label)).stdout,
    'a',
  )
  const again = ok(await lab.podpass('create', 'iamserviceaccount', '-f', file, '--approve'))
  assert.match(again.stderr, /backend\/reader names .* already: left as it is/)
})

test('update attaches exactly the policies that are named', async () => {
  const target = [
    'iamserviceaccount',
    '--cluster',
    'irsa',
    '--namespace',
    'backend',
    '--name',
    'reader',
  ]
  const plan = ok(await lab.podpass('update', ...target, '--attach-policy-arn', full))
  assert.match(
    plan.stderr,
    /\+ attached policy +AmazonS3FullAccess\n +- attached policy +AmazonS3ReadOnlyAccess/,
  )
  ok(await lab.podpass('update', ...target, '--attach-policy-arn', full, '--approve'))
  const attached = ok(
    await lab.aws(
      'iam',
      'list-attached-role-policies',
      '--role-name',
      'podpass-irsa-backend-reader',
      '--query',
      'AttachedPolicies[].PolicyArn',
      '--output',
      'text',
    ),
  )
  assert.equal(attached.stdout.trim(), full)
})

test('delete takes role and ServiceAccount; one that we did not make only loses its annotation', async () => {
  const named = (name: string) => [
    'iamserviceaccount',
    '--cluster',
    'irsa',
    '--namespace',
    'backend',
    '--name',
    name,
  ]
  ok(await lab.podpass('delete', ...named('reader')))
  assert.match((await lab.kubectl('-n', 'backend', 'get', 'sa', 'reader')).stderr, /NotFound/)
  ok(await lab.kubectl('-n', 'backend', 'create', 'sa', 'own'))
  ok(await lab.podpass('create', ...named('own'), '--attach-policy-arn', readOnly, '--approve'))
  ok(
    await lab.kubectl(
      '-n',
      'backend',
      'label',
      'sa',
      'own',
      'app.kubernetes.io/managed-by=somebody',
      '--overwrite',
    ),
  )
  ok(await lab.podpass('delete', ...named('own')))
  const own = ok(await lab.kubectl('-n', 'backend', 'get', 'sa', 'own', '-o', 'json')).stdout
  assert.doesNotMatch(own, /role-arn/)
  assert.doesNotMatch((await roleNames()).join(' '), /backend-own/)
})

test('an unknown cluster is answered with the one that was perhaps meant', async () => {
  const { code, stderr } = await lab.podpass(
    'utils',
    'associate-iam-oidc-provider',
    '--cluster',
    'isra',
  )
  assert.equal(code, 1)
  assert.match(stderr, /^error: no cluster named `isra` in ap-northeast-1\n +did you mean `irsa`\?/)
})

test('wrong usage is exit code 2 and says what is missing', async () => {
  for (const [args, error] of [
    [['create', 'cluster'], /--name is missing/],
    [
      ['create', 'iamserviceaccount', '--name', 'x', '--cluster', 'irsa'],
      /a role without policies may do nothing/,
    ],
    [['nonsense'], /unknown command 'nonsense'/],
    [['up', '--aws-port', 'x'], /`x` is no port/],
    [['why', 'deployment/x'], /names no pod/],
    [['create', 'iamserviceaccount', '-f', '/none.yaml'], /cannot read `\/none\.yaml`/],
    [['tutorial', '--lang', 'fr'], /Allowed choices are en, ja/],
  ] as const) {
    const { code, stderr } = await lab.podpass(...args)
    assert.equal(code, 2, `${args.join(' ')}: ${stderr}`)
    assert.match(stderr, error)
    assert.doesNotMatch(stderr, /at .*\.ts:\d+/)
  }
})

test('what cannot be reached is exit code 3, with a hint and without a stack trace', async () => {
  const environment = { ...lab.environment, AWS_ENDPOINT_URL: 'https://127.0.0.1:1' }
  const { code, stderr } = await run(podpassProgram, ['get', 'cluster'], { environment })
  assert.equal(code, 3)
  assert.match(
    stderr,
    /^error: could not reach https:\/\/127\.0\.0\.1:1\n +is the lab up\? +podpass status/,
  )
  const none = await run(podpassProgram, ['status', '--home', join(lab.home, 'none')])
  assert.equal(none.code, 3)
})

test('wrong keys and missing rights are told in AWS’s words', async () => {
  const wrong = { ...lab.environment, AWS_SECRET_ACCESS_KEY: 'wrong' }
  const refused = await run(podpassProgram, ['get', 'cluster'], { environment: wrong })
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /^error: InvalidSignatureException: /)
})

test('every command has help with examples', async () => {
  const commands = [
    ['up'],
    ['down'],
    ['status'],
    ['logs'],
    ['reset'],
    ['env'],
    ['clock'],
    ['tutorial'],
    ['why'],
    ['token'],
    ['completion'],
    ['create', 'cluster'],
    ['create', 'iamserviceaccount'],
    ['get', 'cluster'],
    ['get', 'nodegroup'],
    ['get', 'iamserviceaccount'],
    ['node', 'mode'],
    ['update', 'iamserviceaccount'],
    ['delete', 'cluster'],
    ['delete', 'iamserviceaccount'],
    ['utils', 'associate-iam-oidc-provider'],
    ['utils', 'write-kubeconfig'],
  ]
  for (const command of commands) {
    const { stdout } = ok(await lab.podpass(...command, '--help'))
    assert.match(stdout, /Examples:\n {2}(podpass|eval)/, command.join(' '))
  }
})
