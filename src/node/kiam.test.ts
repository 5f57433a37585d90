/** kiam as it really was: what its server holds back, and what it cannot. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../clock/manual-clock.ts'
import { forbids, Kiam, type KiamSettings, sessionNameFor } from './kiam.ts'
import type {
  AnnotatedPod,
  AssumeRefusal,
  AssumeRequest,
  PodsByAddress,
  ProxyAnswer,
} from './role-proxy.ts'

const base = 'arn:aws:iam::111122223333:role/'
const role = 'iam.amazonaws.com/role'
const permitted = 'iam.amazonaws.com/permitted'
const start = Date.UTC(2026, 0, 1)
const directory = '/latest/meta-data/iam/security-credentials/'

/** The node's own metadata, as it is before an agent. */
const metadata = (): ProxyAnswer => ({ status: 200, text: 'i-1' })

function podsWith(
  at: Readonly<Record<string, readonly AnnotatedPod[]>>,
  expression: string | undefined = '.*',
): PodsByAddress {
  return {
    activePodsAt: (ip) => at[ip] ?? [],
    addresses: () => Object.keys(at),
    namespaces: () => ['default'],
    namespaceAnnotations: () => (expression === '' ? {} : { [permitted]: expression }),
  }
}

const pod = (name: string, annotations: Record<string, string> = {}) => ({
  namespace: 'default',
  name,
  annotations,
})

function agent(
  pods: PodsByAddress,
  settings: KiamSettings = { roleBaseArn: base },
  refusal?: AssumeRefusal,
) {
  const clock = new ManualClock(start)
  const asked: AssumeRequest[] = []
  const events: string[] = []
  const proxy = new Kiam({
    clock,
    settings: () => settings,
    pods,
    retryMs: 0,
    event: (of, reason, message) => events.push(`${of.name} ${reason} ${message}`),
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
  const get = async (path: string, sourceIp = '10.0.0.1') =>
    (await proxy.answer({ method: 'GET', path, sourceIp, metadata })) as ProxyAnswer
  return { clock, asked, events, proxy, get }
}

test('a pod gets its annotated role for a quarter of an hour, new ones five minutes ahead', async () => {
  const { get, asked, clock } = agent(podsWith({ '10.0.0.1': [pod('app', { [role]: 'app' })] }))
  assert.deepEqual(await get(directory), { status: 200, text: 'app' })
  assert.deepEqual(await get(directory.slice(0, -1)), {
    status: 301,
    text: `<a href="${directory}">Moved Permanently</a>.\n\n`,
    headers: { location: directory, 'content-type': 'text/html; charset=utf-8' },
  })
  const { text, headers } = await get(`${directory}app`)
  assert.equal(headers?.['content-type'], 'application/json')
  assert.equal(JSON.parse(text).Expiration, '2026-01-01T00:15:00Z')
  assert.deepEqual(asked[0], {
    roleArn: `${base}app`,
    sessionName: 'kiam-kiam',
    durationSeconds: 900,
  })
  await clock.advance(10 * 60_000 - 1)
  await get(`${directory}app`)
  assert.equal(asked.length, 1)
  await clock.advance(1)
  await get(`${directory}app`)
  assert.equal(asked.length, 2)
})

test('a pod without the annotation is 404, an unknown address 500', async () => {
  const { get } = agent(podsWith({ '10.0.0.1': [pod('app')], '10.0.0.2': [pod('a'), pod('b')] }))
  const empty = await get(directory)
  assert.deepEqual([empty.status, empty.text], [404, 'empty role\n'])
  const unknown = await get(`${directory}app`, '10.0.0.9')
  assert.deepEqual(
    [unknown.status, unknown.text],
    [500, 'error fetching credentials: no pod found\n'],
  )
  const nobody = await get(directory, '10.0.0.9')
  assert.deepEqual([nobody.status, nobody.text], [500, 'pod not found\n'])
  const two = await get(`${directory}app`, '10.0.0.2')
  assert.equal(two.text, 'error fetching credentials: multiple running pods found\n')
})

test('a namespace that permits nothing has nothing: what kube2iam leaves open is closed here', async () => {
  const pods = podsWith({ '10.0.0.1': [pod('app', { [role]: 'app' })] }, '')
  const { get, events } = agent(pods)
  const answer = await get(`${directory}app`)
  assert.equal(answer.status, 500)
  assert.equal(answer.text, 'error fetching credentials: forbidden by policy\n')
  assert.match(events[0] ?? '', /^app KiamRoleForbidden failed assuming role "app": .*\(empty\)/)
})

test('a role that is not the annotated one is forbidden', async () => {
  const { get, events } = agent(podsWith({ '10.0.0.1': [pod('app', { [role]: 'app' })] }))
  assert.equal((await get(`${directory}admin`)).status, 500)
  assert.equal(
    events[0],
    "app KiamRoleForbidden failed assuming role \"admin\": requested 'admin' but annotated with 'app', forbidden",
  )
})

test('a slash in front of a role, asked for or annotated, changes nothing', () => {
  const may = (asked: string, annotated: string, settings: KiamSettings) =>
    forbids(asked, pod('x', { [role]: annotated }), podsWith({}, '.*/app'), settings) === undefined
  for (const asked of ['app', '/app', `${base}app`]) {
    for (const annotated of ['app', '/app', `${base}app`]) {
      assert.equal(may(asked, annotated, { roleBaseArn: base }), true, `${asked} ${annotated}`)
    }
  }
  assert.equal(may('team/app', '/team/app', { roleBaseArn: base }), true)
  assert.equal(may('app', 'app', { roleBaseArn: `${base}team/` }), true)
  assert.equal(may('app', 'app', {}), false, 'without a base there is no ARN to match')
})

test('expressions stand between ^ and $, on the ARN', () => {
  const may = (expression: string, wanted: string, strictNamespaceRegexp = true) => {
    const of = pod('x', { [role]: wanted })
    const settings = { roleBaseArn: base, strictNamespaceRegexp }
    return forbids(wanted, of, podsWith({}, expression), settings) === undefined
  }
  assert.equal(may('.*/app', 'app'), true)
  assert.equal(may('app', 'app'), false)
  assert.equal(may('.*/app', 'app-admin'), false)
  // Hole of --no-strict-namespace-regexp: the same as kube2iam's.
  assert.equal(may('app', 'app-admin', false), true)
  // Hole: the ends bind closer than the bar, so each alternative is open on one side.
  assert.equal(may('.*/app|.*/web', 'app-admin'), true)
  assert.equal(may('(', 'app'), false)
})

test('an expression that would take forever is stopped, and permits nothing', () => {
  const wanted = 'a'.repeat(60)
  const of = pod('x', { [role]: wanted })
  const why = forbids(wanted, of, podsWith({}, '.*/(a+)+!'), { roleBaseArn: base })
  assert.match(why ?? '', /forbids/)
})

test("hole: whoever may change a pod has every role of the namespace's expression", () => {
  const of = pod('cracked', { [role]: 'database' })
  assert.equal(forbids('database', of, podsWith({}, `${base}.*`), { roleBaseArn: base }), undefined)
})

test('hole: the address is all that says who asks, so whoever takes it takes the role', async () => {
  const { get } = agent(podsWith({ '10.0.0.2': [pod('victim', { [role]: 'database' })] }))
  assert.equal((await get(`${directory}database`, '10.0.0.2')).status, 200)
})

test('other paths are 404 unless allowed; the token of version 2 passes', async () => {
  const { proxy, get } = agent(podsWith({}))
  const blocked = await get('/latest/user-data')
  assert.equal(blocked.status, 404)
  assert.match(blocked.text, /^request blocked by allow-route-regexp "\^\$": \/latest\/user-data/)
  const put = { method: 'PUT', path: '/latest/api/token', sourceIp: '10.0.0.1', metadata }
  assert.equal(await proxy.answer(put), 'pass')
  const open = agent(podsWith({}), { allowRouteRegexp: '^/latest/meta-data/placement/.*$' })
  assert.equal(await open.get('/latest/meta-data/placement/region'), 'pass')
  assert.equal((await open.get('/latest/user-data')).status, 404)
  assert.equal((await get('/ping')).text, 'pong')
})

test('/health shows what the node answers to version 1, whatever that is', async () => {
  const { get, proxy } = agent(podsWith({}))
  assert.deepEqual(await get('/health'), { status: 200, text: 'i-1' })
  const shut = () => ({ status: 401, text: 'the page of 401' })
  const request = { method: 'GET', path: '/health', sourceIp: '10.0.0.1', metadata: shut }
  assert.deepEqual(await proxy.answer(request), { status: 200, text: 'the page of 401' })
})

test('credentials are kept by role, session name and external id: pods that differ do not share', async () => {
  const id = 'iam.amazonaws.com/external-id'
  const pods = podsWith({
    '10.0.0.1': [pod('first', { [role]: 'shared', [id]: 'one' })],
    '10.0.0.2': [pod('second', { [role]: 'shared', [id]: 'two' })],
    '10.0.0.3': [pod('third', { [role]: 'shared', [id]: 'one' })],
  })
  const { get, asked } = agent(pods)
  for (const ip of ['10.0.0.1', '10.0.0.2', '10.0.0.3']) await get(`${directory}shared`, ip)
  assert.deepEqual(
    asked.map(({ externalId }) => externalId),
    ['one', 'two'],
  )
})

test('session names come from the annotation, with what STS does not take made a hyphen', () => {
  const named = (name: string) =>
    sessionNameFor(pod('x', { 'iam.amazonaws.com/session-name': name }))
  assert.equal(named('a b/c'), 'kiam-a-b-c')
  assert.equal(named('n'.repeat(80)).length, 63)
})

test('what STS refuses is 500, with an event', async () => {
  const pods = podsWith({ '10.0.0.1': [pod('app', { [role]: 'app' })] })
  const { get, events } = agent(
    pods,
    { roleBaseArn: base },
    {
      status: 403,
      code: 'AccessDenied',
      message: 'no',
      requestId: 'r1',
    },
  )
  const { status, text } = await get(`${directory}app`)
  assert.equal(status, 500)
  assert.match(text, /^error fetching credentials: AccessDenied: no\n\tstatus code: 403/)
  const event = 'app KiamCredentialError failed retrieving credentials: AccessDenied: no'
  assert.equal(events[0], event)
})
