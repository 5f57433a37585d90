import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { test } from 'node:test'
import { ManualClock } from '../../clock/manual-clock.ts'
import type { Issuer } from '../../oidc/issuer-port.ts'
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts'
import type { WatchEvent } from '../cluster-client.ts'
import { bootstrapCluster, clusterMachinery, serverUser } from './cluster-machinery.ts'

const core = (resource: string) => ({ group: '', version: 'v1', resource })
const apps = (resource: string) => ({ group: 'apps', version: 'v1', resource })
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const issuer: Issuer = {
  url: 'https://issuer.test',
  sign(claims) {
    const body = [{ alg: 'RS256', kid: 'k' }, claims].map((part) =>
      Buffer.from(JSON.stringify(part)).toString('base64url'),
    )
    const signature = sign('sha256', Buffer.from(body.join('.')), privateKey)
    return [...body, signature.toString('base64url')].join('.')
  },
  verifyOwn: (token) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()),
  discovery: () => ({}),
  jwks: () => ({ keys: [] }),
}

async function open() {
  const clock = new ManualClock()
  const store = openSqliteStore({ path: ':memory:', now: () => clock.now() })
  const cluster = clusterMachinery({ store, prefix: '/clusters/irsa', clock, issuer })
  const client = cluster.clientAs(serverUser)
  await bootstrapCluster(client, 6443)
  await client.create(core('serviceaccounts'), 'default', { metadata: { name: 'default' } })
  return { clock, client, ...cluster }
}

const podSpec = { containers: [{ name: 'c', image: 'amazon/aws-cli:latest' }] }

test('a pod is created with defaults, the default ServiceAccount and its token volume', async () => {
  const { client } = await open()
  const pod = await client.create(core('pods'), 'default', {
    metadata: { name: 'p' },
    spec: structuredClone(podSpec),
  })
  assert.equal(pod['spec'].serviceAccountName, 'default')
  assert.match(pod['spec'].volumes[0].name, /^kube-api-access-[a-z0-9]{5}$/)
  assert.equal(pod['spec'].containers[0].imagePullPolicy, 'Always')
  assert.equal(pod['spec'].tolerations.length, 2)
  assert.equal(pod['status'].phase, 'Pending')
  assert.equal(pod.metadata.creationTimestamp, '2026-01-01T00:00:00Z')
  await assert.rejects(
    client.create(core('pods'), 'default', {
      metadata: { name: 'q' },
      spec: { ...podSpec, serviceAccountName: 'my-sa' },
    }),
    {
      code: 'Forbidden',
      message:
        'pods "q" is forbidden: error looking up service account default/my-sa: serviceaccount "my-sa" not found',
    },
  )
})

test('a watch sees what exists, then each change, and objects that leave its selector go', async () => {
  const { client } = await open()
  const events: string[] = []
  const note = (e: WatchEvent) => events.push(`${e.type} ${e.object.metadata.name}`)
  using _watch = client.watch(core('configmaps'), { labelSelector: 'a=b' }, note)
  const labels = { a: 'b' }
  const made = await client.create(core('configmaps'), 'default', {
    metadata: { name: 'm', labels },
  })
  await client.update(core('configmaps'), { ...made, data: { k: 'v' } })
  await client.modify(core('configmaps'), 'default', 'm', (o) => {
    delete o.metadata.labels
    return o
  })
  assert.deepEqual(events, ['ADDED m', 'MODIFIED m', 'DELETED m'])
  await assert.rejects(client.update(core('configmaps'), { ...made, data: {} }), {
    code: 'Conflict',
  })
})

test('a bound pod is deleted with grace, an unbound one at once, a finalizer holds', async () => {
  const { client } = await open()
  const create = (name: string, finalizers: string[] = []) =>
    client.create(core('pods'), 'default', { metadata: { name, finalizers }, spec: podSpec })
  await create('bound')
  await client.bind('default', 'bound', 'node-1')
  await client.delete(core('pods'), 'default', 'bound')
  const going = client.get(core('pods'), 'default', 'bound')
  assert.equal(going?.metadata.deletionTimestamp, '2026-01-01T00:00:30Z')
  await client.delete(core('pods'), 'default', 'bound', { gracePeriodSeconds: 0 })
  assert.equal(client.get(core('pods'), 'default', 'bound'), undefined)
  await create('free')
  await client.delete(core('pods'), 'default', 'free')
  assert.equal(client.get(core('pods'), 'default', 'free'), undefined)
  await create('held', ['a.b/c'])
  await client.delete(core('pods'), 'default', 'held')
  await client.modify(core('pods'), 'default', 'held', (o) => {
    o.metadata.finalizers = []
    return o
  })
  assert.equal(client.get(core('pods'), 'default', 'held'), undefined)
})

test('generation counts changes of the spec, status is a subresource, a no-op writes nothing', async () => {
  const { client } = await open()
  const made = await client.create(apps('deployments'), 'default', {
    metadata: { name: 'd' },
    spec: {
      selector: { matchLabels: { a: 'b' } },
      template: { metadata: { labels: { a: 'b' } }, spec: podSpec },
    },
  })
  const scaled = await client.modify(apps('deployments'), 'default', 'd', (o) => {
    o['spec'].replicas = 3
    o['status'] = { replicas: 9 }
    return o
  })
  assert.equal(scaled?.metadata.generation, 2)
  assert.deepEqual(scaled?.['status'], made['status'])
  const same = await client.modify(apps('deployments'), 'default', 'd', (o) => o)
  assert.equal(same?.metadata.resourceVersion, scaled?.metadata.resourceVersion)
  const status = await client.modify(
    apps('deployments'),
    'default',
    'd',
    (o) => ({ ...o, status: { replicas: 3 } }),
    'status',
  )
  assert.deepEqual([status?.metadata.generation, status?.['status'].replicas], [2, 3])
})

test('a token carries its pod, and dies with it', async () => {
  const { client, tokens, apiAudiences } = await open()
  const pod = await client.create(core('pods'), 'default', {
    metadata: { name: 'p' },
    spec: podSpec,
  })
  const issued = await client.createToken('default', 'default', {
    audiences: [],
    expirationSeconds: 3607,
    boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'p', uid: pod.metadata.uid },
  })
  const verdict = tokens.verify(issued.token, apiAudiences)
  assert.ok(verdict && 'user' in verdict)
  assert.equal(verdict.user.username, 'system:serviceaccount:default:default')
  assert.deepEqual(verdict.user.extra?.['authentication.kubernetes.io/pod-name'], ['p'])
  await client.delete(core('pods'), 'default', 'p')
  assert.deepEqual(tokens.verify(issued.token, apiAudiences), {
    why: 'service account token has been invalidated',
  })
  await assert.rejects(
    client.createToken('default', 'default', { audiences: ['a'], expirationSeconds: 300 }),
    { code: 'Invalid', message: /may not specify a duration less than 10 minutes/ },
  )
})

test('a pod may go without a token, and gets the pull secrets of its ServiceAccount', async () => {
  const { client } = await open()
  const imagePullSecrets = [{ name: 'registry' }]
  await client.create(core('serviceaccounts'), 'default', {
    metadata: { name: 'quiet' },
    automountServiceAccountToken: false,
    imagePullSecrets,
  })
  const create = (name: string, more: object) =>
    client.create(core('pods'), 'default', {
      metadata: { name },
      spec: { ...structuredClone(podSpec), serviceAccountName: 'quiet', ...more },
    })
  const quiet = await create('quiet', {})
  assert.deepEqual(
    [quiet['spec'].volumes, quiet['spec'].imagePullSecrets],
    [undefined, imagePullSecrets],
  )
  const loud = await create('loud', { automountServiceAccountToken: true })
  assert.equal(loud['spec'].volumes.length, 1)
  const [mount] = loud['spec'].containers[0].volumeMounts
  assert.deepEqual(
    [mount.mountPath, mount.readOnly],
    ['/var/run/secrets/kubernetes.io/serviceaccount', true],
  )
})

test('names are generated, and a namespace keeps its label', async () => {
  const { client } = await open()
  const made = await client.create(core('configmaps'), 'default', {
    metadata: { generateName: 'x-' },
  })
  assert.match(made.metadata.name, /^x-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
  const named = client.get(core('namespaces'), undefined, 'default')
  assert.deepEqual(named?.metadata.labels, { 'kubernetes.io/metadata.name': 'default' })
})

test('what is handed out is frozen, so that nobody changes what others read', async () => {
  const { client } = await open()
  const found = client.get(core('namespaces'), undefined, 'default')
  assert.throws(() => Object.assign(found?.['status'], { phase: 'x' }), TypeError)
})
