/** Acceptance checks 28 and 30 of the STS and IAM specification: EKS tokens, the simulator, the audit log. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { presignQuery, type SigningCredentials } from '../src/kernel/sigv4/sign.ts'
import {
  type Acceptance,
  account,
  bucket,
  createCluster,
  createClusterRole,
  document,
  reader,
  roleArn,
  startAcceptance,
} from './support/acceptance.ts'
import { ok } from './support/lab.ts'

let it: Acceptance
before(async () => {
  it = await startAcceptance()
})
after(() => it[Symbol.asyncDispose]())

interface Review {
  readonly authenticated?: boolean
  readonly user?: { readonly username: string; readonly groups: readonly string[] }
}

/** Asks the API server of cluster `demo` who a token is, as its administrator. */
async function review(token: string): Promise<Review> {
  const kind = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview' }
  const kubeconfig = join(it.lab.home, 'kubeconfig-demo')
  const created = await it.lab.run(
    'kubectl',
    ['--kubeconfig', kubeconfig, 'create', '--validate=false', '-f', '-', '-o', 'json'],
    { input: JSON.stringify({ ...kind, spec: { token } }) },
  )
  return (JSON.parse(ok(created).stdout) as { status: Review }).status
}

async function eksToken(credentials: SigningCredentials, cluster: string): Promise<string> {
  const shown = await it.awsAs(credentials, 'eks', 'get-token', '--cluster-name', cluster)
  return (JSON.parse(ok(shown).stdout) as { status: { token: string } }).status.token
}

test('check 28: an EKS token speaks for its signer at its own cluster, fresh, while its key is active', async () => {
  const { lab } = it
  await createClusterRole(it)
  await createCluster(it, 'demo')
  await createCluster(it, 'second')
  const kubeconfig = join(lab.home, 'kubeconfig-demo')
  ok(await lab.aws('eks', 'update-kubeconfig', '--name', 'demo', '--kubeconfig', kubeconfig))
  ok(await lab.aws('iam', 'create-user', '--user-name', 'dev'))
  const made = ok(await lab.aws('iam', 'create-access-key', '--user-name', 'dev'))
  const { AccessKeyId, SecretAccessKey } = JSON.parse(made.stdout).AccessKey
  const dev = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey }
  ok(
    await lab.aws(
      ...['eks', 'create-access-entry', '--cluster-name', 'demo', '--username', 'dev-user'],
      ...['--principal-arn', `arn:aws:iam::${account}:user/dev`, '--kubernetes-groups', 'devs'],
    ),
  )
  const token = await eksToken(dev, 'demo')
  const known = await review(token)
  assert.equal(known.authenticated, true)
  assert.equal(known.user?.username, 'dev-user')
  assert.ok(known.user.groups.includes('devs'))

  assert.notEqual((await review(await eksToken(dev, 'second'))).authenticated, true)

  const url = new URL(lab.environment['AWS_ENDPOINT_URL'] ?? '')
  const signedAt = (at: number) => {
    const query = presignQuery({
      method: 'GET',
      rawPath: '/',
      rawQuery: 'Action=GetCallerIdentity&Version=2011-06-15',
      headers: { host: url.host, 'x-k8s-aws-id': 'demo' },
      region: 'ap-northeast-1',
      service: 'sts',
      credentials: dev,
      at,
      expiresSeconds: 60,
    })
    return `k8s-aws-v1.${Buffer.from(`${url.origin}/?${query}`).toString('base64url')}`
  }
  assert.equal((await review(signedAt(Date.now()))).authenticated, true)
  assert.notEqual((await review(signedAt(Date.now() - 16 * 60_000))).authenticated, true)

  ok(
    await lab.aws(
      ...['iam', 'update-access-key', '--user-name', 'dev', '--access-key-id', AccessKeyId],
      ...['--status', 'Inactive'],
    ),
  )
  assert.notEqual((await review(token)).authenticated, true)
})

interface Simulated {
  readonly EvalDecision: string
  readonly MatchedStatements: readonly { readonly SourcePolicyId: string }[]
}

async function simulate(role: string, action: string, resource: string): Promise<Simulated> {
  const shown = await it.lab.aws(
    ...['iam', 'simulate-principal-policy', '--policy-source-arn', roleArn(role)],
    ...['--action-names', action, '--resource-arns', resource, '--output', 'json'],
  )
  const [result] = JSON.parse(ok(shown).stdout).EvaluationResults as Simulated[]
  assert.ok(result)
  return result
}

test('check 30: the simulator decides as the service does', async () => {
  const all = { Effect: 'Allow', Action: 's3:*', Resource: '*' }
  await it.role('denied', { all, deny: { ...all, Effect: 'Deny', Action: 's3:PutObject' } })
  const PolicyDocument = document([{ Effect: 'Allow', Action: 'ec2:*', Resource: '*' }])
  await it.iam('CreatePolicy', { PolicyName: 'ec2-only', PolicyDocument })
  await it.role('bounded', { all })
  await it.iam('PutRolePermissionsBoundary', {
    RoleName: 'bounded',
    PermissionsBoundary: `arn:aws:iam::${account}:policy/ec2-only`,
  })
  const on = `arn:aws:s3:::${bucket}`
  const actions: Record<string, [method: string, target: string, resource: string]> = {
    's3:ListBucket': ['GET', `/${bucket}`, on],
    's3:GetObject': ['GET', `/${bucket}/k`, `${on}/k`],
    's3:PutObject': ['PUT', `/${bucket}/k`, `${on}/k`],
  }
  const decided: Record<string, string> = {}
  for (const role of ['denied', 'irsa', 'bounded']) {
    const credentials = await it.session(role)
    for (const [action, [method, target, resource]] of Object.entries(actions)) {
      const live = await it.signed({ service: 's3', credentials, method, target })
      const simulated = await simulate(role, action, resource)
      decided[`${role} ${action}`] = simulated.EvalDecision
      const matched = simulated.MatchedStatements.map(({ SourcePolicyId }) => SourcePolicyId)
      if (simulated.EvalDecision === 'allowed') {
        assert.ok(live.status === 200 || live.status === 404, live.text)
        assert.ok(matched.length > 0)
      } else {
        assert.equal(live.status, 403, `${role} ${action} ${live.text}`)
        const explicit = /with an explicit deny/.test(live.value('Message') ?? '')
        assert.equal(simulated.EvalDecision, explicit ? 'explicitDeny' : 'implicitDeny')
      }
    }
  }
  assert.deepEqual(decided, {
    'denied s3:ListBucket': 'allowed',
    'denied s3:GetObject': 'allowed',
    'denied s3:PutObject': 'explicitDeny',
    'irsa s3:ListBucket': 'allowed',
    'irsa s3:GetObject': 'allowed',
    'irsa s3:PutObject': 'implicitDeny',
    'bounded s3:ListBucket': 'implicitDeny',
    'bounded s3:GetObject': 'implicitDeny',
    'bounded s3:PutObject': 'implicitDeny',
  })
})

interface Event {
  readonly eventName: string
  readonly sourceIPAddress: string
  readonly errorCode?: string
  readonly errorMessage?: string
  readonly userIdentity: {
    readonly type: string
    readonly principalId?: string
    readonly userName?: string
    readonly identityProvider?: string
    readonly sessionContext?: {
      readonly sessionIssuer?: { readonly arn: string; readonly userName: string }
      readonly webIdFederationData?: { readonly federatedProvider: string }
    }
  }
}

async function events(name: string): Promise<Event[]> {
  const shown = await it.lab.aws(
    ...['cloudtrail', 'lookup-events', '--output', 'json', '--lookup-attributes'],
    `AttributeKey=EventName,AttributeValue=${name}`,
  )
  const { Events } = JSON.parse(ok(shown).stdout) as { Events: { CloudTrailEvent: string }[] }
  return Events.map(({ CloudTrailEvent }) => JSON.parse(CloudTrailEvent) as Event)
}

test('check 30: the audit log says who traded which token, from where, and what was refused', async () => {
  const providerArn = `arn:aws:iam::${account}:oidc-provider/${it.provider}`
  const session = await it.session()
  await it.exchange(it.issuer.token({ sub: 'system:serviceaccount:default:other' }))
  await it.signed({ service: 's3', credentials: session, method: 'PUT', target: `/${bucket}/k` })
  const [refused, granted] = await events('AssumeRoleWithWebIdentity')
  assert.equal(refused?.errorCode, 'AccessDenied')
  assert.equal(refused.errorMessage, 'Not authorized to perform sts:AssumeRoleWithWebIdentity')
  assert.equal(refused.userIdentity.userName, 'system:serviceaccount:default:other')
  assert.equal(refused.sourceIPAddress, '127.0.0.1')
  assert.equal(granted?.errorCode, undefined)
  assert.equal(granted?.userIdentity.type, 'WebIdentityUser')
  assert.equal(granted.userIdentity.principalId, `${providerArn}:sts.amazonaws.com:${reader}`)
  assert.equal(granted.userIdentity.userName, reader)
  assert.equal(granted.userIdentity.identityProvider, providerArn)
  const [put] = await events('PutObject')
  assert.equal(put?.errorCode, 'AccessDenied')
  assert.equal(put.sourceIPAddress, '127.0.0.1')
  assert.equal(put.userIdentity.type, 'AssumedRole')
  const { sessionIssuer, webIdFederationData } = put.userIdentity.sessionContext ?? {}
  assert.equal(sessionIssuer?.arn, roleArn('irsa'))
  assert.equal(webIdFederationData?.federatedProvider, providerArn)
})
