/** What must not work: each twin of the tutorial breaks at its own link, with AWS's own error, and `why` names that link. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { awsPod, ok, startTestLab, type TestLab } from './support/lab.ts'

const policy = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
const role = 'arn:aws:iam::111122223333:role/podpass-irsa-default-my-sa'
let lab: TestLab

before(async () => {
  lab = await startTestLab()
  ok(await lab.podpass('create', 'cluster', '--name', 'irsa', '--nodes', '1'))
  ok(await lab.podpass('utils', 'associate-iam-oidc-provider', '--cluster', 'irsa', '--approve'))
  const create = ['create', 'iamserviceaccount', '--name', 'my-sa', '--cluster', 'irsa']
  ok(await lab.podpass(...create, '--attach-policy-arn', policy, '--approve'))
})
after(() => lab[Symbol.asyncDispose]())

/** Runs a pod, expects its error, and asks `why` which link broke. */
async function breaks(
  pod: string,
  link: string,
  error: RegExp,
  more: Parameters<typeof awsPod>[1] = {},
): Promise<Report> {
  await lab.apply(awsPod(pod, { serviceAccountName: 'my-sa', ...more }))
  assert.match(await lab.logsOfEnded(pod, more.namespace), error)
  const args = ['why', `pod/${pod}`, '-n', more.namespace ?? 'default', '-o', 'json']
  const { stdout, stderr, code } = await lab.podpass(...args)
  assert.equal(code, 1, stderr)
  const report = JSON.parse(stdout) as Report
  assert.equal(report.brokenLink, link, stdout)
  assert.ok(report.fix, 'why offers a fix')
  return report
}

const notAuthorized =
  /An error occurred \(AccessDenied\) when calling the AssumeRoleWithWebIdentity operation: Not authorized to perform sts:AssumeRoleWithWebIdentity/

function serviceAccount(name: string, annotations: Record<string, string>, namespace = 'default') {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace, annotations },
  }
}

test('a ServiceAccount of the same name in another namespace is refused by the trust policy', async () => {
  await lab.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'other' } })
  await lab.apply(serviceAccount('my-sa', { 'eks.amazonaws.com/role-arn': role }, 'other'))
  const report = await breaks('pod-thief', 'trust', notAuthorized, { namespace: 'other' })
  const evidence = report.links.find(({ link }) => link === 'trust')?.evidence ?? []
  assert.ok(
    evidence.some(
      ({ wanted, actual }) =>
        wanted === 'system:serviceaccount:default:my-sa' &&
        actual === 'system:serviceaccount:other:my-sa',
    ),
  )
})

test('another ServiceAccount of the same namespace is refused by the trust policy', async () => {
  await lab.apply(serviceAccount('thief', { 'eks.amazonaws.com/role-arn': role }))
  await breaks('pod-other-sa', 'trust', notAuthorized, { serviceAccountName: 'thief' })
})

test('a role that a ConfigMap gives is injected, and refused by a trust policy that does not know the pod', async () => {
  const map = { name: 'pod-identity-webhook', namespace: 'kube-system' }
  const config = JSON.stringify({ '*/mapped': { RoleARN: role } })
  await lab.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: map, data: { config } })
  await lab.apply(serviceAccount('mapped', {}))
  const more = { serviceAccountName: 'mapped' }
  const report = await breaks('pod-mapped', 'trust', notAuthorized, more)
  const named = report.links.find(({ link }) => link === 'service-account')?.evidence[0]
  const source = 'ConfigMap kube-system/pod-identity-webhook'
  assert.deepEqual(named, { key: 'role', actual: role, source })
  ok(await lab.kubectl('-n', map.namespace, 'delete', 'configmap', map.name))
})

test('a misspelt annotation names no role, so the pod speaks as its node', async () => {
  await lab.apply(serviceAccount('misspelt', { 'eks.amazonaws.com/role-arm': role }))
  await breaks(
    'pod-misspelt',
    'service-account',
    /\(AccessDenied\) when calling the ListBuckets operation: User: arn:aws:sts::111122223333:assumed-role\/eksctl-irsa-nodegroup/,
    { serviceAccountName: 'misspelt' },
  )
})

test('a token for another audience is refused', async () => {
  await lab.apply(
    serviceAccount('audience', {
      'eks.amazonaws.com/role-arn': role,
      'eks.amazonaws.com/audience': 'somebody.else',
    }),
  )
  await breaks(
    'pod-audience',
    'provider',
    /An error occurred \(InvalidIdentityToken\) when calling the AssumeRoleWithWebIdentity operation: Incorrect token audience/,
    { serviceAccountName: 'audience' },
  )
})

test('a detached policy takes effect at the next request', async () => {
  const name = 'podpass-irsa-default-my-sa'
  const change = (verb: string) =>
    lab.aws('iam', `${verb}-role-policy`, '--role-name', name, '--policy-arn', policy)
  ok(await change('detach'))
  await breaks(
    'pod-detached',
    'permissions',
    /\(AccessDenied\) when calling the ListBuckets operation: User: arn:aws:sts::111122223333:assumed-role\/podpass-irsa-default-my-sa\/botocore-session-\d+ is not authorized to perform: s3:ListAllMyBuckets/,
  )
  ok(await change('attach'))
})

test('without the OIDC provider the token is nobody’s', async () => {
  const list = ok(await lab.aws('iam', 'list-open-id-connect-providers', '--output', 'json'))
  const { OpenIDConnectProviderList } = JSON.parse(list.stdout) as {
    OpenIDConnectProviderList: { Arn: string }[]
  }
  const arn = OpenIDConnectProviderList[0]?.Arn ?? ''
  const provider = ['--open-id-connect-provider-arn', arn]
  ok(await lab.aws('iam', 'delete-open-id-connect-provider', ...provider))
  await breaks(
    'pod-no-provider',
    'provider',
    /An error occurred \(InvalidIdentityToken\) when calling the AssumeRoleWithWebIdentity operation: No OpenIDConnect provider found in your account for https:\/\/localhost:\d+\/id\/[0-9A-F]{32}/,
  )
  ok(await lab.podpass('utils', 'associate-iam-oidc-provider', '--cluster', 'irsa', '--approve'))
})

test('an expired token is refused by STS, an expired session by S3', async () => {
  const token = ok(
    await lab.kubectl('create', 'token', 'my-sa', '--audience=sts.amazonaws.com', '--duration=10m'),
  ).stdout.trim()
  const trade = () =>
    lab.aws(
      ...['sts', 'assume-role-with-web-identity', '--role-arn', role, '--role-session-name', 'old'],
      ...['--web-identity-token', token, '--output', 'json'],
    )
  const { Credentials } = JSON.parse(ok(await trade()).stdout) as {
    Credentials: { AccessKeyId: string; SecretAccessKey: string; SessionToken: string }
  }
  const asSession = () =>
    lab.run('aws', ['s3', 'ls'], {
      environment: {
        ...lab.environment,
        AWS_ACCESS_KEY_ID: Credentials.AccessKeyId,
        AWS_SECRET_ACCESS_KEY: Credentials.SecretAccessKey,
        AWS_SESSION_TOKEN: Credentials.SessionToken,
      },
    })
  ok(await asSession())
  ok(await lab.podpass('clock', 'advance', '61m'))
  const expired = await trade()
  assert.match(
    expired.stderr,
    /\(ExpiredTokenException\) when calling the AssumeRoleWithWebIdentity operation: Token expired: current date\/time \d+ must be before the expiration date\/time ?\d+/,
  )
  const refused = await asSession()
  assert.match(
    refused.stderr,
    /\(ExpiredToken\) when calling the ListBuckets operation: The provided token has expired/,
  )
  ok(await lab.podpass('clock', 'reset'))
})

interface Report {
  readonly brokenLink?: string
  readonly fix?: string
  readonly links: readonly {
    readonly link: string
    readonly verdict: string
    readonly evidence: readonly { readonly wanted?: string; readonly actual?: string }[]
  }[]
}
