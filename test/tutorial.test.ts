/** The tutorial's commands as a person types them, with the real kubectl and the real aws. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { awsPod, ok, startTestLab, type TestLab } from './support/lab.ts'

let lab: TestLab

before(async () => {
  lab = await startTestLab()
})
after(() => lab[Symbol.asyncDispose]())

test('the tutorial, typed by hand, ends as the README shows', async () => {
  ok(await lab.shell('eksctl create cluster --name irsa --region ap-northeast-1'))
  ok(await lab.shell('aws s3 mb s3://my-bucket'))
  await lab.apply(awsPod('pod-before'))
  const refused = await lab.logsOfEnded('pod-before')
  assert.match(
    refused,
    /An error occurred \(AccessDenied\) when calling the ListBuckets operation: User: arn:aws:sts::111122223333:assumed-role\/eksctl-irsa-nodegroup-ng-1-NodeInstanceRole-\w+\/i-[0-9a-f]{17} is not authorized to perform: s3:ListAllMyBuckets .*because no identity-based policy allows the s3:ListAllMyBuckets action/,
  )
  ok(
    await lab.shell(
      'eksctl utils associate-iam-oidc-provider --region=ap-northeast-1 --cluster=irsa --approve',
    ),
  )
  ok(
    await lab.shell(
      "eksctl create iamserviceaccount --name my-sa --namespace default --cluster irsa --approve \\\n --attach-policy-arn $(aws iam list-policies --query 'Policies[?PolicyName==`AmazonS3ReadOnlyAccess`].Arn' --output text)",
    ),
  )
  await lab.apply(awsPod('pod-after', { serviceAccountName: 'my-sa' }))
  assert.match(await lab.logsOfEnded('pod-after'), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d my-bucket$/m)
})

test('why explains both pods link by link', async () => {
  const before = await lab.podpass('why', 'pod/pod-before', '-o', 'json')
  assert.equal(before.code, 1)
  const denied = JSON.parse(before.stdout) as Report
  assert.equal(denied.brokenLink, 'service-account')
  assert.equal(denied.action, 's3:ListAllMyBuckets')
  assert.equal(verdict(denied, 'permissions'), 'refused')
  const allowed = JSON.parse(
    ok(await lab.podpass('why', 'pod/pod-after', '-o', 'json')).stdout,
  ) as Report
  assert.equal(allowed.decision, 'allowed')
  for (const link of ['service-account', 'injection', 'token', 'provider', 'trust', 'session']) {
    assert.equal(verdict(allowed, link), 'passed', link)
  }
})

test('why without an argument explains the last denial', async () => {
  const { stdout, code } = await lab.podpass('why')
  assert.equal(code, 1)
  assert.match(stdout, /DENIED {2}s3:ListAllMyBuckets on \*/)
  assert.match(stdout, /podpass create iamserviceaccount/)
})

test('kubectl describe shows a pod as a cluster of Kubernetes would', async () => {
  const { stdout } = ok(await lab.kubectl('describe', 'pod', 'pod-after'))
  assert.match(stdout, /AWS_ROLE_ARN: +arn:aws:iam::111122223333:role\/podpass-irsa-default-my-sa/)
  assert.match(
    stdout,
    /\/var\/run\/secrets\/eks\.amazonaws\.com\/serviceaccount from aws-iam-token \(ro\)/,
  )
  for (const reason of ['Scheduled', 'Pulled', 'Created', 'Started']) {
    assert.match(stdout, new RegExp(`Normal +${reason} `))
  }
})

test('deleting the ServiceAccount and the cluster undoes what was made', async () => {
  ok(
    await lab.shell(
      'eksctl delete iamserviceaccount --name my-sa --namespace default --cluster irsa',
    ),
  )
  const account = await lab.kubectl('get', 'sa', 'my-sa')
  assert.match(account.stderr, /NotFound/)
  ok(await lab.shell('eksctl delete cluster --name irsa --region ap-northeast-1'))
  const roles = ok(
    await lab.aws('iam', 'list-roles', '--query', 'Roles[].RoleName', '--output', 'json'),
  )
  assert.deepEqual(
    (JSON.parse(roles.stdout) as string[]).filter((name) => /irsa/.test(name)),
    [],
  )
  const providers = ok(await lab.aws('iam', 'list-open-id-connect-providers', '--output', 'json'))
  assert.deepEqual(JSON.parse(providers.stdout), { OpenIDConnectProviderList: [] })
})

interface Report {
  readonly decision: string
  readonly brokenLink?: string
  readonly action: string
  readonly links: readonly { readonly link: string; readonly verdict: string }[]
}

function verdict(report: Report, link: string): string | undefined {
  return report.links.find((each) => each.link === link)?.verdict
}
