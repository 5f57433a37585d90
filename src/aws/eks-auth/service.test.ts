import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signHeaders } from '../../kernel/sigv4/sign.ts'
import { administrator, allowing, testAccount, testRegion } from '../gateway/testing.ts'
import { TestIssuer, trusting } from '../sts/testing.ts'
import { associationOf, startTestEksAuth, type TestEksAuth } from './testing.ts'

const hour = 3_600_000
const pods = { Service: 'pods.eks.amazonaws.com' }

async function credentialsOf(running: TestEksAuth, token = running.token()) {
  const { status, text } = await running.ask(token)
  assert.equal(status, 200, text)
  return JSON.parse(text) as Record<string, string>
}

/** What the gateway makes of the credentials' session. */
function sessionOf({ gateway }: TestEksAuth, given: Record<string, string>) {
  const opened = gateway.sessions.open(given['AccessKeyId'] ?? '', given['Token'] ?? '')
  assert.ok('caller' in opened && opened.caller.kind === 'session')
  return opened.caller.session
}

async function refusedWith(running: TestEksAuth, token: string, status: number, text: RegExp) {
  const answer = await running.ask(token)
  assert.equal(answer.status, status, answer.text)
  assert.match(answer.text, text)
  const record = running.gateway.audit.last
  assert.equal(record?.operation, 'AssumeRoleForPodIdentity')
  assert.equal(record?.outcome, 'denied')
  return record?.links.find(({ verdict }) => verdict === 'refused')
}

test('a pod with an association gets a session of six hours with six transitive tags', async () => {
  await using running = await startTestEksAuth()
  const given = await credentialsOf(running)
  assert.deepEqual(Object.keys(given), [
    'AccessKeyId',
    'SecretAccessKey',
    'Token',
    'AccountId',
    'Expiration',
  ])
  assert.equal(given['AccountId'], testAccount)
  assert.match(given['Expiration'] ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  const session = sessionOf(running, given)
  assert.match(
    session.sessionName,
    /^eks-demo-pod-after-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  )
  assert.equal(session.expiresAt - session.issuedAt, 6 * hour)
  assert.deepEqual(session.tags, {
    'eks-cluster-arn': `arn:aws:eks:ap-northeast-1:${testAccount}:cluster/demo`,
    'eks-cluster-name': 'demo',
    'kubernetes-namespace': 'default',
    'kubernetes-pod-name': 'pod-after',
    'kubernetes-pod-uid': '3f5e',
    'kubernetes-service-account': 'reader',
  })
  assert.deepEqual(session.transitiveTagKeys, Object.keys(session.tags ?? {}))
  const record = running.gateway.audit.last
  assert.equal(record?.outcome, 'allowed')
  assert.match(record?.caller.arn ?? '', /:assumed-role\/node\/i-0123456789abcdef0$/)
  assert.equal(record?.subject?.pod, 'pod-after')
  assert.doesNotMatch(JSON.stringify(record), new RegExp(given['SecretAccessKey'] ?? '-'))
  assert.ok(!JSON.stringify(record).includes(running.token().split('.')[2] ?? '-'))
})

test('the answer has the members of the API reference', async () => {
  await using running = await startTestEksAuth()
  await credentialsOf(running)
  const elements = running.gateway.audit.last?.responseElements ?? {}
  assert.deepEqual(elements['subject'], { namespace: 'default', serviceAccount: 'reader' })
  assert.equal(elements['audience'], 'pods.eks.amazonaws.com')
  assert.deepEqual(elements['podIdentityAssociation'], {
    associationArn: `arn:aws:eks:ap-northeast-1:${testAccount}:podidentityassociation/demo/a-1`,
    associationId: 'a-1',
  })
})

test('a trust policy without sts:TagSession refuses, unless the association sends no tags', async () => {
  await using running = await startTestEksAuth()
  const trustPolicy = trusting(pods).replace('"sts:TagSession",', '')
  const role = running.identities.addRole('tagless', [], { trustPolicy })
  running.associations.set('default/reader', associationOf(role.arn))
  const link = await refusedWith(
    running,
    running.token(),
    400,
    /^\[[0-9a-f-]{36}\]: \(AccessDeniedException\): Unauthorized Exception! EKS does not have permissions to assume the associated role\., fault: client\n$/,
  )
  assert.equal(link?.link, 'trust')
  assert.match(link?.summary ?? '', /sts:TagSession/)
  running.associations.set('default/reader', associationOf(role.arn, { disableSessionTags: true }))
  const session = sessionOf(running, await credentialsOf(running))
  assert.equal(session.tags, undefined)
})

test('the trust policy can narrow by namespace, account and cluster', async () => {
  await using running = await startTestEksAuth()
  const condition = (namespace: string) => ({
    StringEquals: {
      'aws:RequestTag/kubernetes-namespace': namespace,
      'aws:SourceAccount': testAccount,
    },
    ArnEquals: { 'aws:SourceArn': 'arn:aws:eks:*:*:cluster/demo' },
  })
  const roleFor = (namespace: string) =>
    running.identities.addRole(`only-${namespace}`, [], {
      trustPolicy: trusting(pods, condition(namespace)),
    })
  running.associations.set('default/reader', associationOf(roleFor('default').arn))
  await credentialsOf(running)
  running.associations.set('default/reader', associationOf(roleFor('other').arn))
  const link = await refusedWith(
    running,
    running.token({ jti: 'a second' }),
    400,
    /AccessDeniedException/,
  )
  assert.equal(link?.evidence[0]?.wanted, 'other')
})

test('tokens that are not the pod’s own are refused, each at its link', async () => {
  await using running = await startTestEksAuth()
  const { clock } = running
  const cases: [token: string, code: string, link: string][] = [
    [running.token({ aud: ['sts.amazonaws.com'] }), 'InvalidTokenException', 'provider'],
    [running.token({ iss: 'https://localhost/id/0' }), 'InvalidTokenException', 'provider'],
    [
      new TestIssuer().token(clock.now(), { aud: ['pods.eks.amazonaws.com'] }),
      'InvalidTokenException',
      'token',
    ],
    [
      running.token({ 'kubernetes.io': { namespace: 'default' } }),
      'InvalidTokenException',
      'token',
    ],
    [
      running.token({ iat: Math.floor(clock.now() / 1000) - 90_000 }),
      'ExpiredTokenException',
      'token',
    ],
  ]
  for (const [token, code, link] of cases) {
    const refused = await refusedWith(running, token, 400, new RegExp(`\\(${code}\\)`))
    assert.equal(refused?.link, link, code)
  }
})

test('another ServiceAccount has no association', async () => {
  await using running = await startTestEksAuth()
  const claims = {
    sub: 'system:serviceaccount:default:thief',
    'kubernetes.io': {
      namespace: 'default',
      pod: { name: 'thief', uid: '1' },
      serviceaccount: { name: 'thief', uid: '2' },
    },
  }
  const link = await refusedWith(
    running,
    running.token(claims),
    404,
    /\(ResourceNotFoundException\): No association found for service account thief in namespace default, fault: client/,
  )
  assert.equal(link?.link, 'service-account')
  assert.match(link?.fix ?? '', /podpass create podidentityassociation --cluster demo/)
})

test('a node whose role may not ask gets nothing, and the pod is named', async () => {
  await using running = await startTestEksAuth()
  running.identities.addRole('node', [], {
    trustPolicy: trusting({ Service: 'ec2.amazonaws.com' }),
  })
  const link = await refusedWith(
    running,
    running.token(),
    400,
    /\(AccessDeniedException\): User: arn:aws:sts::111122223333:assumed-role\/node\/i-0123456789abcdef0 is not authorized to perform: eks-auth:AssumeRoleForPodIdentity on resource: arn:aws:eks:ap-northeast-1:111122223333:cluster\/demo/,
  )
  assert.equal(link?.link, 'permissions')
  assert.equal(running.gateway.audit.last?.subject?.pod, 'pod-after')
})

test('a target role of another account is assumed with the external id, for an hour', async () => {
  await using running = await startTestEksAuth()
  const { identities, associations } = running
  const account = '444455556666'
  const targetArn = `arn:aws:iam::${account}:role/data`
  const first = identities.addRole(
    'hop',
    [allowing(['sts:AssumeRole', 'sts:TagSession'], targetArn)],
    { trustPolicy: trusting(pods) },
  )
  const externalId = `ap-northeast-1/${testAccount}/demo/default/reader`
  const trust = (id: string) =>
    trusting({ AWS: first.arn }, { StringEquals: { 'sts:ExternalId': id } })
  const target = (id: string) =>
    identities.addRole('data', [], { account, arn: targetArn, trustPolicy: trust(id) })
  target(externalId)
  associations.set(
    'default/reader',
    associationOf(first.arn, { targetRoleArn: targetArn, externalId }),
  )
  const given = await credentialsOf(running)
  assert.equal(given['AccountId'], account)
  const session = sessionOf(running, given)
  assert.equal(session.roleArn, targetArn)
  assert.equal(session.chained, true)
  assert.equal(session.expiresAt - session.issuedAt, hour)
  assert.equal(session.tags?.['kubernetes-namespace'], 'default')
  target('somebody/else')
  const other = running.token({ jti: 'a second' })
  const link = await refusedWith(running, other, 400, /AccessDeniedException/)
  assert.match(link?.summary ?? '', /^target role: /)
  target(externalId)
  identities.addRole('hop', [], { trustPolicy: trusting(pods) })
  const third = running.token({ jti: 'a third' })
  const missing = await refusedWith(running, third, 400, /AccessDeniedException/)
  assert.match(missing?.summary ?? '', /^target role: /)
})

test('the association’s policy goes into the session', async () => {
  await using running = await startTestEksAuth()
  const policy = allowing('s3:GetObject')
  const { arn } = running.identities.addRole('reader', [allowing('s3:*')], {
    trustPolicy: trusting(pods),
  })
  const association = associationOf(arn, { policy, disableSessionTags: true })
  running.associations.set('default/reader', association)
  assert.equal(sessionOf(running, await credentialsOf(running)).sessionPolicy, policy)
})

test('a deleted association is felt when the agent renews, and not before', async () => {
  await using running = await startTestEksAuth()
  const token = running.token({ exp: Math.floor(running.clock.now() / 1000) + 86_400 })
  const first = await credentialsOf(running, token)
  running.associations.clear()
  assert.deepEqual(await credentialsOf(running, token), first)
  running.clock.advance(3 * hour)
  for (let turn = 0; running.gateway.audit.last?.status !== 404 && turn < 1000; turn++) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  const answer = await running.ask(token)
  assert.equal(answer.status, 404)
})

test('whoever may ask is told what is wrong with the request', async () => {
  await using running = await startTestEksAuth()
  const ask = async (cluster: string, body: string) => {
    const { endpoint, clock } = running.gateway
    const rawPath = `/clusters/${cluster}/assume-role-for-pod-identity`
    const headers = signHeaders({
      method: 'POST',
      rawPath,
      headers: { host: new URL(endpoint).host, 'content-type': 'application/json' },
      region: testRegion,
      service: 'eks-auth',
      credentials: administrator,
      at: clock.now(),
      body,
    })
    const answer = await fetch(endpoint + rawPath, { method: 'POST', headers, body })
    return [answer.status, answer.headers.get('x-amzn-errortype')]
  }
  assert.deepEqual(await ask('demo', '{}'), [400, 'InvalidParameterException'])
  assert.deepEqual(await ask('demo', '{"token":"a.b.c"}'), [400, 'InvalidTokenException'])
  assert.deepEqual(await ask('gone', '{"token":"a.b.c"}'), [404, 'ResourceNotFoundException'])
  assert.deepEqual(await ask('demo', '{"token":1}'), [400, 'SerializationException'])
})
