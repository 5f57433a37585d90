/** kube2iam as it really is: each hole is a title here that says what it does, and why. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../clock/manual-clock.ts'
import { fnv32a, Kube2iam, sessionNameFor } from './kube2iam.ts'
import { type Kube2iamSettings, mapRole } from './kube2iam-mapping.ts'
import type {
  AnnotatedPod,
  AssumeRefusal,
  AssumeRequest,
  PodsByAddress,
  ProxyAnswer,
} from './role-proxy.ts'

const base = 'arn:aws:iam::111122223333:role/'
const role = 'iam.amazonaws.com/role'
const start = Date.UTC(2026, 0, 1)
const directory = '/latest/meta-data/iam/security-credentials/'

/** The node's own metadata, as it is before an agent. */
const metadata = (path: string): ProxyAnswer =>
  path === '/latest/meta-data/instance-id'
    ? { status: 200, text: 'i-1' }
    : { status: 200, text: '192.168.0.1' }

function podsWith(
  at: Readonly<Record<string, readonly AnnotatedPod[]>>,
  namespaces: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
): PodsByAddress {
  return {
    activePodsAt: (ip) => at[ip] ?? [],
    addresses: () => Object.keys(at),
    namespaceAnnotations: (name) => namespaces[name],
    namespaces: () => Object.keys(namespaces),
  }
}

const pod = (name: string, annotations: Record<string, string> = {}, namespace = 'default') => ({
  namespace,
  name,
  annotations,
})

function agent(
  pods: PodsByAddress,
  settings: Kube2iamSettings = { baseRoleArn: base },
  refusal?: AssumeRefusal,
) {
  const clock = new ManualClock(start)
  const asked: AssumeRequest[] = []
  const proxy = new Kube2iam({
    clock,
    settings: () => settings,
    pods,
    retryMs: 0,
    assume: async (request) => {
      asked.push(request)
      return (
        refusal ?? {
          accessKeyId: `ASIA${asked.length}`,
          secretAccessKey: 'secret',
          sessionToken: 'token',
          expiration: clock.now() + request.durationSeconds * 1000,
        }
      )
    },
  })
  const get = async (path: string, sourceIp: string) => {
    const answer = await proxy.answer({ method: 'GET', path, sourceIp, metadata })
    assert.notEqual(answer, 'pass')
    return answer as ProxyAnswer
  }
  return { clock, asked, proxy, get }
}

test('a pod gets the role that its annotation names, for half an hour', async () => {
  const { asked, get } = agent(podsWith({ '10.0.0.1': [pod('app', { [role]: 'app-role' })] }))
  assert.deepEqual(await get(directory, '10.0.0.1'), { status: 200, text: 'app-role' })
  const { status, text } = await get(`${directory}app-role`, '10.0.0.1')
  assert.equal(status, 200)
  assert.deepEqual(JSON.parse(text), {
    AccessKeyId: 'ASIA1',
    Code: 'Success',
    Expiration: '2026-01-01T00:30:00Z',
    LastUpdated: '2026-01-01T00:00:00Z',
    SecretAccessKey: 'secret',
    Token: 'token',
    Type: 'AWS-HMAC',
  })
  assert.equal(asked[0]?.roleArn, `${base}app-role`)
  assert.equal(asked[0]?.durationSeconds, 1800)
})

test('a role outside the base is shown as its ARN', async () => {
  const other = 'arn:aws:iam::444455556666:role/other'
  const { get } = agent(podsWith({ '10.0.0.1': [pod('app', { [role]: other })] }))
  assert.equal((await get(directory, '10.0.0.1')).text, other)
  assert.equal((await get(`${directory}${other}`, '10.0.0.1')).status, 200)
})

test('a role that is not the annotated one is 403', async () => {
  const { get } = agent(podsWith({ '10.0.0.1': [pod('app', { [role]: 'app-role' })] }))
  const answer = await get(`${directory}admin`, '10.0.0.1')
  assert.deepEqual([answer.status, answer.text], [403, 'Invalid role admin\n'])
})

test('without the annotation there is the default role, and without that, and a base, 404', () => {
  const pods = podsWith({ '10.0.0.1': [pod('app')] })
  assert.deepEqual(mapRole('10.0.0.1', pods, {}), {
    problem: 'unable to find role for IP 10.0.0.1',
  })
  const settings = { baseRoleArn: base, defaultRole: 'plain', namespaceRestrictions: true }
  // Exempt from the namespace's rule: the default role is whoever set up the cluster's own choice.
  assert.deepEqual(mapRole('10.0.0.1', pods, settings), {
    roleArn: `${base}plain`,
    namespace: 'default',
  })
})

test('with a base the list of a pod without the annotation is 200 and empty, restricted or not', async () => {
  const at = { '10.0.0.1': [pod('bare')], '10.0.0.2': [pod('blank', { [role]: '' })] }
  for (const namespaceRestrictions of [false, true]) {
    const { get } = agent(podsWith(at), { baseRoleArn: base, namespaceRestrictions })
    for (const ip of ['10.0.0.1', '10.0.0.2']) {
      assert.deepEqual(await get(directory, ip), { status: 200, text: '' })
      assert.equal((await get(`${directory}database`, ip)).status, 403)
    }
  }
})

test('what begins with arn:, in any case, is an ARN; a slash in front of a name stays', () => {
  const mapped = (wanted: string) =>
    mapRole('10.0.0.1', podsWith({ '10.0.0.1': [pod('x', { [role]: wanted })] }), {
      baseRoleArn: base,
    })
  const roles: [wanted: string, roleArn: string][] = [
    ['app', `${base}app`],
    ['team/app', `${base}team/app`],
    ['/app', `${base}/app`],
    ['ARN:aws:iam::444455556666:role/app', 'ARN:aws:iam::444455556666:role/app'],
  ]
  for (const [wanted, roleArn] of roles) {
    assert.deepEqual(mapped(wanted), { roleArn, namespace: 'default' })
  }
})

test('an address of nobody, or of two pods, is 404', async () => {
  const { get } = agent(podsWith({ '10.0.0.1': [pod('a'), pod('b')] }))
  const nobody = await get(directory, '10.0.0.9')
  assert.deepEqual([nobody.status, nobody.text], [404, 'pod with specificed IP not found\n'])
  const two = await get(directory, '10.0.0.1')
  assert.deepEqual([two.status, two.text], [404, '2 pods ([a b]) with the ip 10.0.0.1 indexed\n'])
})

test('an unknown address is looked for over two seconds, since its cache lags behind the cluster', async () => {
  const clock = new ManualClock(start)
  const at: Record<string, AnnotatedPod[]> = {}
  const proxy = new Kube2iam({
    clock,
    settings: () => ({ baseRoleArn: base }),
    pods: podsWith(at),
    assume: async () => ({ code: 'X', message: '', requestId: '' }),
  })
  const answer = proxy.answer({ method: 'GET', path: directory, sourceIp: '10.0.0.1', metadata })
  at['10.0.0.1'] = [pod('late', { [role]: 'late-role' })]
  await clock.advance(50)
  assert.deepEqual(await answer, { status: 200, text: 'late-role' })
})

test('hole: whoever may change a pod may have any role, since namespace restrictions are off unless asked for', () => {
  const pods = podsWith({ '10.0.0.1': [pod('cracked', { [role]: 'database' })] })
  assert.deepEqual(mapRole('10.0.0.1', pods, { baseRoleArn: base }), {
    roleArn: `${base}database`,
    namespace: 'default',
  })
})

test('with namespace restrictions a namespace that names no roles has none', () => {
  const settings = { baseRoleArn: base, namespaceRestrictions: true }
  const at = { '10.0.0.1': [pod('app', { [role]: 'app-role' })] }
  const problem = `role requested ${base}app-role not valid for namespace of pod at 10.0.0.1 with namespace default`
  assert.deepEqual(mapRole('10.0.0.1', podsWith(at), settings), { problem })
  const broken = podsWith(at, { default: { 'iam.amazonaws.com/allowed-roles': 'app-role' } })
  assert.deepEqual(mapRole('10.0.0.1', broken, settings), { problem })
  const named = podsWith(at, { default: { 'iam.amazonaws.com/allowed-roles': '["app-*"]' } })
  assert.ok('roleArn' in mapRole('10.0.0.1', named, settings))
})

test('hole: expressions are not anchored, so a rule for `app` allows every role that begins so', () => {
  const settings = {
    baseRoleArn: base,
    namespaceRestrictions: true,
    namespaceRestrictionFormat: 'regexp' as const,
  }
  const namespaces = { default: { 'iam.amazonaws.com/allowed-roles': '["app"]' } }
  const may = (wanted: string) => {
    const pods = podsWith({ '10.0.0.1': [pod('x', { [role]: wanted })] }, namespaces)
    return 'roleArn' in mapRole('10.0.0.1', pods, settings)
  }
  assert.equal(may('app'), true)
  assert.equal(may('app-admin'), true)
  assert.equal(may('web'), false)
})

test('a glob is anchored, and its star goes over slashes', () => {
  const settings = { baseRoleArn: base, namespaceRestrictions: true }
  const may = (pattern: string, wanted: string) => {
    const annotation = { 'iam.amazonaws.com/allowed-roles': JSON.stringify([pattern]) }
    const pods = podsWith({ '10.0.0.1': [pod('x', { [role]: wanted })] }, { default: annotation })
    return 'roleArn' in mapRole('10.0.0.1', pods, settings)
  }
  assert.equal(may('app', 'app-admin'), false)
  assert.equal(may('team/*', 'team/a/b'), true)
  assert.equal(may('*-reader', 'app-reader'), true)
  assert.equal(may('*-reader', 'app-reader-not'), false)
  assert.equal(may('a*b*c', 'abc'), true)
  assert.equal(may('ab*ba', 'aba'), false)
})

test('hole: credentials are kept by role alone, so the external id and the name are those of who came first', async () => {
  const pods = podsWith({
    '10.0.0.1': [pod('first', { [role]: 'shared', 'iam.amazonaws.com/external-id': 'right' })],
    '10.0.0.2': [pod('second', { [role]: 'shared', 'iam.amazonaws.com/external-id': 'wrong' })],
  })
  const { asked, get, clock } = agent(pods)
  const one = JSON.parse((await get(`${directory}shared`, '10.0.0.1')).text)
  const two = JSON.parse((await get(`${directory}shared`, '10.0.0.2')).text)
  assert.equal(two.AccessKeyId, one.AccessKeyId)
  assert.equal(asked.length, 1)
  assert.equal(asked[0]?.externalId, 'right')
  assert.equal(asked[0]?.sessionName, `${fnv32a('10.0.0.1')}-shared`)
  await clock.advance(15 * 60_000)
  await get(`${directory}shared`, '10.0.0.2')
  assert.equal(asked[1]?.externalId, 'wrong')
})

test('hole: the address is all that says who asks, so whoever takes it takes the role', async () => {
  const { get } = agent(podsWith({ '10.0.0.2': [pod('victim', { [role]: 'database' })] }))
  assert.equal((await get(`${directory}database`, '10.0.0.2')).status, 200)
})

test("hole: every other path goes to the node's own metadata: user data, and the extended credentials where there are any", async () => {
  const { proxy } = agent(podsWith({}))
  const paths = [
    '/latest/user-data',
    '/latest/meta-data/iam/security-credentials-extended/node-role',
    '/latest/api/token',
    '/latest/meta-data/iam/info',
  ]
  for (const path of paths) {
    assert.equal(
      await proxy.answer({ method: 'GET', path, sourceIp: '10.0.0.1', metadata }),
      'pass',
    )
  }
})

test('what STS refuses is 500 with its text, and is not kept', async () => {
  const pods = podsWith({ '10.0.0.1': [pod('app', { [role]: 'app-role' })] })
  const { get, asked } = agent(
    pods,
    { baseRoleArn: base },
    {
      status: 403,
      code: 'AccessDenied',
      message: 'User: x is not authorized',
      requestId: 'r1',
    },
  )
  const answer = await get(`${directory}app-role`, '10.0.0.1')
  assert.equal(answer.status, 500)
  assert.equal(
    answer.text,
    'AccessDenied: User: x is not authorized\n\tstatus code: 403, request id: r1\n',
  )
  await get(`${directory}app-role`, '10.0.0.1')
  assert.equal(asked.length, 2)
})

test('session names are the hash of the address and the role, cut at 64', () => {
  assert.equal(fnv32a(''), '811c9dc5')
  assert.equal(fnv32a('a'), 'e40c292c')
  assert.equal(fnv32a('foobar'), 'bf9cf968')
  const name = sessionNameFor(`${base}team/${'r'.repeat(64)}`, '10.0.0.1')
  assert.equal(name.length, 64)
  assert.match(name, /^[0-9a-f]+-r+$/)
})

test('hole: any pod reads at /metrics which roles its neighbours asked for', async () => {
  const pods = podsWith({
    '10.0.0.1': [pod('bank', { [role]: 'bank' })],
    '10.0.0.2': [pod('cracked')],
  })
  const { get } = agent(pods)
  await get(directory, '10.0.0.1')
  await get(`${directory}bank`, '10.0.0.1')
  await get(`${directory}bank`, '10.0.0.1')
  await get(`${directory}other`, '10.0.0.1')
  const { status, text } = await get('/metrics', '10.0.0.2')
  assert.equal(status, 200)
  const bank = `role_arn="${base}bank"`
  for (const line of [
    '# TYPE kube2iam_iam_request_duration_seconds histogram',
    `kube2iam_iam_request_duration_seconds_bucket{code="Success",${bank},le="0.001"} 1`,
    `kube2iam_iam_request_duration_seconds_bucket{code="Success",${bank},le="8.192"} 1`,
    `kube2iam_iam_request_duration_seconds_bucket{code="Success",${bank},le="+Inf"} 1`,
    `kube2iam_iam_request_duration_seconds_count{code="Success",${bank}} 1`,
    'kube2iam_iam_request_duration_seconds_count{code="UnknownError",role_arn=""} 0',
    `kube2iam_iam_cache_hits_total{${bank}} 1`,
    'kube2iam_http_request_duration_seconds_count{code="200",handler="roleHandler",method="GET"} 2',
    'kube2iam_http_request_duration_seconds_count{code="403",handler="roleHandler",method="GET"} 1',
    'kube2iam_http_request_duration_seconds_count{code="200",handler="securityCredentialsHandler",method="GET"} 1',
    'kube2iam_healthcheck_status 1',
  ]) {
    assert.ok(text.split('\n').includes(line), `${line}\nis not in\n${text}`)
  }
})

test('hole: with --debug any pod reads the roles of all; without, the path is the node’s', async () => {
  const pods = podsWith(
    {
      '10.0.0.1': [pod('bank', { [role]: 'bank' }, 'money')],
      '10.0.0.2': [pod('one'), pod('two')],
      '10.0.0.3': [pod('plain')],
    },
    { money: { 'iam.amazonaws.com/allowed-roles': '["bank*"]' }, default: {} },
  )
  const open = agent(pods, { baseRoleArn: base, debug: true })
  assert.deepEqual(JSON.parse((await open.get('/debug/store', '10.0.0.3')).text), {
    namespaceByIP: { '10.0.0.1': 'money', '10.0.0.3': 'default' },
    rolesByIP: { '10.0.0.1': 'bank', '10.0.0.3': '' },
    rolesByNamespace: { money: ['bank*'], default: null },
  })
  const request = { method: 'GET', path: '/debug/store', sourceIp: '10.0.0.3', metadata }
  assert.equal(await agent(pods).proxy.answer(request), 'pass')
})

test('/healthz reads the instance’s id by version 1: with tokens required kube2iam is never healthy', async () => {
  const { get, proxy } = agent(podsWith({}))
  const healthy = await get('/healthz', '10.0.0.1')
  assert.equal(healthy.text, '{"hostIP":"192.168.0.1","instanceId":"i-1"}\n')
  const shut = () => ({ status: 401, text: '' })
  const request = { method: 'GET', path: '/healthz', sourceIp: '10.0.0.1', metadata: shut }
  const ill = (await proxy.answer(request)) as ProxyAnswer
  assert.equal(ill.status, 500)
  assert.match(ill.text, /^Error getting instance id, got status: 401 Unauthorized/)
  const page = (await proxy.answer({ ...request, path: '/metrics' })) as ProxyAnswer
  assert.match(page.text, /^kube2iam_healthcheck_status 0$/m)
})
