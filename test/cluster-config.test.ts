/** All that a ClusterConfig says of ServiceAccounts, made with the cluster and apart from it; kubectl and aws say what came of it. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { awsPod, ok, startTestLab, type TestLab } from './support/lab.ts'

const account = 'arn:aws:iam::111122223333'
const readOnly = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
const metadata = (name: string, namespace = 'backend') => ({ name, namespace })
const reader = { metadata: metadata('reader'), attachPolicyARNs: [readOnly] }
let lab: TestLab

before(async () => {
  lab = await startTestLab()
  ok(await lab.aws('s3', 'mb', 's3://my-bucket'))
})
after(() => lab[Symbol.asyncDispose]())

/** Runs a command with a ClusterConfig of cluster `irsa` as its standard input. */
function withConfig(command: string, iam: object, more: object = {}) {
  const config = {
    apiVersion: 'eksctl.io/v1alpha5',
    kind: 'ClusterConfig',
    metadata: { name: 'irsa', region: 'ap-northeast-1', tags: { project: 'p' } },
    managedNodeGroups: [{ name: 'workers', desiredCapacity: 1 }],
    iam,
    ...more,
  }
  return lab.shell(`podpass ${command} -f - <<'END'\n${JSON.stringify(config)}\nEND`)
}

const accounts = (...serviceAccounts: object[]) => ({ withOIDC: true, serviceAccounts })

async function iam<T>(...args: string[]): Promise<T> {
  return JSON.parse(ok(await lab.aws('iam', ...args, '--output', 'json')).stdout) as T
}

interface Role {
  Role: {
    Tags?: { Key: string; Value: string }[]
    PermissionsBoundary?: { PermissionsBoundaryArn: string }
  }
}

async function serviceAccount(name: string, namespace = 'backend') {
  const { stdout } = ok(await lab.kubectl('-n', namespace, 'get', 'sa', name, '-o', 'json'))
  return JSON.parse(stdout) as {
    metadata: { labels?: Record<string, string>; annotations?: Record<string, string> }
  }
}

async function roleNames(): Promise<string[]> {
  const { Roles } = await iam<{ Roles: { RoleName: string }[] }>('list-roles')
  return Roles.map(({ RoleName }) => RoleName).sort()
}

async function policyNames(role: string): Promise<string[]> {
  const listed = await iam<{ PolicyNames: string[] }>('list-role-policies', '--role-name', role)
  return listed.PolicyNames
}

test('create cluster makes provider, roles and ServiceAccounts with all their fields', async () => {
  const document = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 's3:ListAllMyBuckets', Resource: '*' }],
  }
  const statement = { Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }
  const trust = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
  await iam('create-role', '--role-name', 'own', '--assume-role-policy-document', trust)
  ok(
    await withConfig('create cluster', {
      ...accounts(
        {
          ...reader,
          metadata: { ...reader.metadata, labels: { team: 'a' }, annotations: { note: 'kept' } },
          permissionsBoundary: readOnly,
          tags: { owner: 'b' },
        },
        { metadata: { name: 'lister' }, attachPolicy: document, roleName: 'lists' },
        { metadata: metadata('given'), attachRoleARN: `${account}:role/own` },
        { metadata: metadata('elsewhere'), roleOnly: true, attachPolicyARNs: [readOnly] },
        {
          metadata: metadata('builder', 'kube-system'),
          wellKnownPolicies: { imageBuilder: true, externalDNS: true, autoScaler: false },
        },
      ),
      podIdentityAssociations: [
        { namespace: 'backend', serviceAccountName: 'batch', permissionPolicyARNs: [readOnly] },
      ],
    }),
  )
  const made = (await serviceAccount('reader')).metadata
  assert.equal(made.labels?.['team'], 'a')
  assert.deepEqual(made.annotations, {
    note: 'kept',
    'eks.amazonaws.com/role-arn': `${account}:role/podpass-irsa-backend-reader`,
  })
  const { Role } = await iam<Role>('get-role', '--role-name', 'podpass-irsa-backend-reader')
  assert.equal(Role.PermissionsBoundary?.PermissionsBoundaryArn, readOnly)
  const tags = Object.fromEntries(Role.Tags?.map(({ Key, Value }) => [Key, Value]) ?? [])
  assert.equal(tags['owner'], 'b')
  assert.equal(tags['project'], 'p')
  const given = (await serviceAccount('given')).metadata.annotations
  assert.equal(given?.['eks.amazonaws.com/role-arn'], `${account}:role/own`)
  assert.match(
    (await lab.kubectl('-n', 'backend', 'get', 'sa', 'elsewhere')).stderr,
    /\(NotFound\)/,
  )
  assert.ok((await roleNames()).includes('podpass-irsa-backend-elsewhere'))
  const builder = 'podpass-irsa-kube-system-builder'
  assert.deepEqual(await policyNames(builder), [`${builder}-PolicyExternalDNS`])
  const attached = await lab.aws('iam', 'list-attached-role-policies', '--role-name', builder)
  assert.match(ok(attached).stdout, /AmazonEC2ContainerRegistryPowerUser/)
  const associations = ['get', 'podidentityassociation', '--cluster', 'irsa']
  assert.match(ok(await lab.podpass(...associations)).stdout, / backend +batch /)
})

test('a pod with such a ServiceAccount lists the buckets, by attachPolicyARNs or attachPolicy', async () => {
  await lab.apply(awsPod('reads', { namespace: 'backend', serviceAccountName: 'reader' }))
  await lab.apply(awsPod('lists', { serviceAccountName: 'lister' }))
  assert.match(await lab.logsOfEnded('reads', 'backend'), / my-bucket$/m)
  assert.match(await lab.logsOfEnded('lists'), / my-bucket$/m)
})

test('create iamserviceaccount shows the plan, makes what the globs choose, and leaves what is there', async () => {
  const file = accounts(
    reader,
    { metadata: metadata('one', 'shop'), attachPolicyARNs: [readOnly] },
    { metadata: metadata('two', 'shop'), attachPolicyARNs: [readOnly] },
  )
  const before = await roleNames()
  const create = "create iamserviceaccount --include 'shop/*,backend/*' --exclude '*/two'"
  const plan = ok(await withConfig(create, file)).stderr
  assert.match(plan, /\+ IAM role +podpass-irsa-shop-one +trusts system:serviceaccount:shop:one/)
  assert.match(plan, /backend\/reader names .* already: left as it is/)
  assert.match(plan, /nothing has been changed: add --approve/)
  assert.doesNotMatch(plan, /shop-two/)
  assert.deepEqual(await roleNames(), before)
  ok(await withConfig(`${create} --approve`, file))
  assert.deepEqual(await roleNames(), [...before, 'podpass-irsa-shop-one'].sort())
  const none = await withConfig("create iamserviceaccount --include 'nobody/*'", file)
  assert.equal(none.code, 2)
  assert.match(none.stderr, /no ServiceAccount of the ClusterConfig fits `--include nobody\/\*`/)
})

test('a role of that name that was made for something else is not touched', async () => {
  const wanted = { metadata: metadata('thief'), roleName: 'own', attachPolicyARNs: [readOnly] }
  const refused = await withConfig('create iamserviceaccount --approve', accounts(wanted))
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /there is an IAM role `own` already, made for something else/)
  const { stdout } = ok(await lab.aws('iam', 'get-role', '--role-name', 'own'))
  assert.doesNotMatch(stdout, /AssumeRoleWithWebIdentity/)
})

test('delete iamserviceaccount takes what the file names, and no role that was only given', async () => {
  const file = accounts(
    { metadata: { name: 'lister' }, attachPolicyARNs: [readOnly], roleName: 'lists' },
    { metadata: metadata('given'), attachRoleARN: `${account}:role/own` },
    { metadata: metadata('elsewhere'), roleOnly: true, attachPolicyARNs: [readOnly] },
  )
  const before = await roleNames()
  const plan = ok(await withConfig('delete iamserviceaccount', file)).stderr
  assert.match(plan, /- IAM role +lists\n/)
  assert.match(plan, /IAM role own was not made for backend\/given alone: left as it is/)
  assert.deepEqual(await roleNames(), before)
  ok(await withConfig('delete iamserviceaccount --approve', file))
  const gone = ['lists', 'podpass-irsa-backend-elsewhere']
  assert.deepEqual(
    await roleNames(),
    before.filter((name) => !gone.includes(name)),
  )
  assert.match((await lab.kubectl('-n', 'backend', 'get', 'sa', 'given')).stderr, /\(NotFound\)/)
  assert.match((await lab.kubectl('get', 'sa', 'lister')).stderr, /\(NotFound\)/)
})

test('what cannot be made is refused before anything is, with the field at fault', async () => {
  const cases: [object, RegExp][] = [
    [
      { serviceAccounts: [reader] },
      /iam\.withOIDC: must be enabled explicitly for iam\.serviceAccounts to be created/,
    ],
    [accounts(reader, reader), /iam\.serviceAccounts\.1: `backend\/reader` is not unique/],
    [accounts({ metadata: metadata('x') }), /iam\.serviceAccounts\.0: .* must be set/],
    [
      accounts({
        metadata: metadata('x'),
        wellKnownPolicies: { awsLoadBalancerController: true },
      }),
      /wellKnownPolicies\.awsLoadBalancerController: Podpass has no policy for it/,
    ],
    [
      accounts({ metadata: metadata('x'), wellKnownPolicies: { karpenter: true } }),
      /wellKnownPolicies: .*karpenter/,
    ],
  ]
  const before = await roleNames()
  for (const [given, message] of cases) {
    const refused = await withConfig('create cluster', given, {
      metadata: { name: 'never', region: 'ap-northeast-1' },
    })
    assert.equal(refused.code, 2, refused.stderr)
    assert.match(refused.stderr, message)
  }
  assert.deepEqual(await roleNames(), before)
  const flags = 'create iamserviceaccount --name x --approve'
  const both = await withConfig(flags, accounts(reader))
  assert.match(both.stderr, /cannot use --name when --config-file\/-f is set/)
})

test('a cluster whose ServiceAccount cannot be made is up, and the way on is told', async () => {
  const arn = `${account}:policy/none`
  const wanted = { metadata: metadata('x'), attachPolicyARNs: [arn] }
  const failed = await withConfig('create cluster --without-nodegroup', accounts(wanted), {
    metadata: { name: 'second', region: 'ap-northeast-1' },
  })
  assert.equal(failed.code, 1)
  assert.match(failed.stderr, /^error: NoSuchEntity.*policy\/none/m)
  assert.match(failed.stderr, /cluster `second` is up; go on from here: +podpass create iamserv/)
  assert.match(ok(await lab.podpass('get', 'cluster')).stdout, /^second .* ACTIVE /m)
})

test('delete cluster takes the roles with names of their own too', async () => {
  const named = { metadata: metadata('z'), roleName: 'zed', attachPolicyARNs: [readOnly] }
  ok(await withConfig('create iamserviceaccount --approve', accounts(named)))
  ok(await lab.podpass('delete', 'cluster', '--name', 'irsa'))
  const left = (await roleNames()).filter((name) => !name.startsWith('AWSServiceRole'))
  assert.ok(left.includes('own'))
  assert.deepEqual(
    left.filter((name) => name === 'zed' || name.startsWith('podpass-irsa-')),
    [],
  )
})
