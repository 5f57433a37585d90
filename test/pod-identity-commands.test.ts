/** `podidentityassociation` and `migrate-to-pod-identity` as a person types them; the aws command in a pod says what came of it. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { awsPod, ok, startTestLab, type TestLab } from './support/lab.ts'

const policy = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
const who = ['sts', 'get-caller-identity', '--query', 'Arn', '--output', 'text']
const api = ['--cluster', 'irsa', '--namespace', 'shop', '--service-account-name', 'api']
let lab: TestLab

before(async () => {
  lab = await startTestLab()
  ok(await lab.podpass('create', 'cluster', '--name', 'irsa', '--nodes', '1', '--with-oidc'))
  ok(await lab.aws('s3', 'mb', 's3://my-bucket'))
})
after(() => lab[Symbol.asyncDispose]())

async function associations(): Promise<
  { namespace: string; serviceAccountName: string; roleARN: string }[]
> {
  const get = ['get', 'podidentityassociation', '--cluster', 'irsa', '-o', 'json']
  return JSON.parse(ok(await lab.podpass(...get)).stdout)
}

test('create makes agent, role, ServiceAccount and association; a pod lists buckets', async () => {
  const create = ['create', 'podidentityassociation', ...api, '--create-service-account']
  const { stderr } = ok(await lab.podpass(...create, '--permission-policy-arns', policy))
  assert.match(stderr, /add-on eks-pod-identity-agent/)
  assert.match(stderr, /association a-[a-z0-9]{17} of shop\/api/)
  const [found] = await associations()
  assert.equal(found?.roleARN, 'arn:aws:iam::111122223333:role/podpass-irsa-podid-shop-api')
  await lab.apply(awsPod('lists', { namespace: 'shop', serviceAccountName: 'api' }))
  assert.match(await lab.logsOfEnded('lists', 'shop'), / my-bucket$/m)
  const again = ok(await lab.podpass(...create, '--permission-policy-arns', policy))
  assert.match(again.stderr, /has association a-\w+ already: left as it is/)
})

test('get shows a table; update gives another role; what is missing is told', async () => {
  const { stdout } = ok(await lab.podpass('get', 'podidentityassociation', '--cluster', 'irsa'))
  assert.match(stdout, /^ASSOCIATION ARN +NAMESPACE +SERVICE ACCOUNT NAME +IAM ROLE ARN/)
  const trust = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'pods.eks.amazonaws.com' },
        Action: ['sts:AssumeRole', 'sts:TagSession'],
      },
    ],
  })
  const role = ['iam', 'create-role', '--role-name', 'other']
  ok(await lab.aws(...role, '--assume-role-policy-document', trust))
  const arn = 'arn:aws:iam::111122223333:role/other'
  ok(await lab.podpass('update', 'podidentityassociation', ...api, '--role-arn', arn))
  await lab.apply(awsPod('who', { namespace: 'shop', serviceAccountName: 'api', args: who }))
  assert.match(await lab.logsOfEnded('who', 'shop'), /assumed-role\/other\/eks-irsa-who-/)
  const nothing = await lab.podpass('update', 'podidentityassociation', ...api)
  assert.equal(nothing.code, 2)
  const missing = ['--cluster', 'irsa', '--service-account-name', 'nobody']
  const refused = await lab.podpass('delete', 'podidentityassociation', ...missing)
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /`default\/nobody` has no association/)
})

test('delete leaves a role that it did not make', async () => {
  const { stderr } = ok(await lab.podpass('delete', 'podidentityassociation', ...api))
  assert.doesNotMatch(stderr, /IAM role/)
  assert.deepEqual(await associations(), [])
  ok(await lab.aws('iam', 'get-role', '--role-name', 'other'))
})

test('a ClusterConfig names associations too; their roles go with them', async () => {
  const config = {
    apiVersion: 'eksctl.io/v1alpha5',
    kind: 'ClusterConfig',
    metadata: { name: 'irsa', region: 'ap-northeast-1' },
    iam: {
      podIdentityAssociations: [
        {
          namespace: 'shop',
          serviceAccountName: 'batch',
          roleName: 'batch',
          permissionPolicyARNs: [policy],
        },
      ],
    },
  }
  const podpass = (verb: string) =>
    lab.shell(`podpass ${verb} podidentityassociation -f - <<'END'\n${JSON.stringify(config)}\nEND`)
  ok(await podpass('create'))
  assert.equal((await associations())[0]?.serviceAccountName, 'batch')
  assert.match(ok(await podpass('delete')).stderr, /IAM role batch removed/)
})

test('migrate shows its plan, then moves annotated ServiceAccounts; pods made later use the agent', async () => {
  const create = ['create', 'iamserviceaccount', '--name', 'my-sa', '--cluster', 'irsa']
  ok(await lab.podpass(...create, '--attach-policy-arn', policy, '--approve'))
  const migrate = ['utils', 'migrate-to-pod-identity', '--cluster', 'irsa']
  const plan = ok(await lab.podpass(...migrate))
  assert.match(plan.stderr, /trust policy +podpass-irsa-default-my-sa +trusts pods/)
  assert.match(plan.stderr, /association +default\/my-sa/)
  assert.match(plan.stderr, /nothing has been changed: add --approve/)
  assert.deepEqual(await associations(), [])
  ok(await lab.podpass(...migrate, '--approve'))
  const own = { serviceAccountName: 'my-sa', args: who }
  await lab.apply(awsPod('migrated', own))
  assert.match(
    await lab.logsOfEnded('migrated'),
    /assumed-role\/podpass-irsa-default-my-sa\/eks-irsa-migrated-/,
  )
  assert.match(ok(await lab.podpass(...migrate)).stderr, /no ServiceAccount is left to migrate/)
  const remove = [...migrate, '--remove-oidc-provider-trust-relationship', '--approve']
  ok(await lab.podpass(...remove))
  const trust = ok(await lab.aws('iam', 'get-role', '--role-name', 'podpass-irsa-default-my-sa'))
  assert.doesNotMatch(trust.stdout, /WebIdentity/)
  const account = ok(await lab.kubectl('get', 'sa', 'my-sa', '-o', 'json')).stdout
  assert.doesNotMatch(account, /role-arn/)
  await lab.apply(awsPod('after', own))
  assert.match(await lab.logsOfEnded('after'), /assumed-role\/podpass-irsa-default-my-sa\/eks-/)
})
