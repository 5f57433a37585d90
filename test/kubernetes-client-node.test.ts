/** The embedded API server before @kubernetes/client-node: typed calls, informers, logs, patches. */
import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { after, before, test } from 'node:test'
import {
  AppsV1Api,
  AuthenticationV1Api,
  CoreV1Api,
  KubeConfig,
  Log,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  type V1Pod,
  Watch,
} from '@kubernetes/client-node'
import { pods, serviceAccounts } from '../src/kubernetes/resources.ts'
import { startTestServer } from './support/kubernetes-server.ts'

let cluster: Awaited<ReturnType<typeof startTestServer>>
let config: KubeConfig
let core: CoreV1Api
const namespace = 'default'

before(async () => {
  cluster = await startTestServer({
    nodeAgent: () => ({
      exec: () => undefined,
      attach: () => undefined,
      async *logs(_namespace, pod) {
        yield Buffer.from(`log of ${pod}\n`)
      },
    }),
  })
  await cluster.client.create(serviceAccounts, namespace, { metadata: { name: 'default' } })
  config = new KubeConfig()
  config.loadFromFile(cluster.kubeconfig)
  core = config.makeApiClient(CoreV1Api)
})
after(async () => {
  await cluster[Symbol.asyncDispose]()
})

const pod = (name: string): V1Pod => ({
  metadata: { name, labels: { app: name } },
  spec: { containers: [{ name: 'c', image: 'busybox' }] },
})

async function eventually(what: string, isTrue: () => boolean): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (isTrue()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  assert.fail(`not in time: ${what}`)
}

test('an informer keeps up with what is made, changed and deleted', async () => {
  const list = () => core.listNamespacedPod({ namespace })
  const informer = makeInformer(config, `/api/v1/namespaces/${namespace}/pods`, list)
  const heard: string[] = []
  for (const event of ['add', 'update', 'delete'] as const) {
    informer.on(event, (object) => heard.push(`${event} ${object.metadata?.name}`))
  }
  informer.on('error', (error) => heard.push(`error ${error}`))
  await core.createNamespacedPod({ namespace, body: pod('i1') })
  await informer.start()
  await eventually('the first list', () => heard.includes('add i1'))
  await core.createNamespacedPod({ namespace, body: pod('i2') })
  await eventually('the new pod', () => heard.includes('add i2'))
  await cluster.client.modify(pods, namespace, 'i2', (o) => {
    o.metadata.labels = { changed: 'yes' }
    return o
  })
  await eventually('the change', () => heard.includes('update i2'))
  assert.equal(informer.get('i2', namespace)?.metadata?.labels?.['changed'], 'yes')
  await core.deleteNamespacedPod({ namespace, name: 'i1' })
  await eventually('the deletion', () => heard.includes('delete i1'))
  await informer.stop()
  assert.deepEqual(
    heard.filter((h) => h.startsWith('error')),
    [],
  )
})

test('typed calls read, write, patch and are refused with a Status', async () => {
  const made = await core.createNamespacedServiceAccount({
    namespace,
    body: { metadata: { name: 'my-sa' } },
  })
  assert.ok(made.metadata?.creationTimestamp instanceof Date)
  const patched = await core.patchNamespacedServiceAccount(
    { namespace, name: 'my-sa', body: { metadata: { annotations: { a: 'b' } } } },
    setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch),
  )
  assert.equal(patched.metadata?.annotations?.['a'], 'b')
  const token = await core.createNamespacedServiceAccountToken({
    namespace,
    name: 'my-sa',
    body: { spec: { audiences: ['sts.amazonaws.com'], expirationSeconds: 600 } },
  })
  assert.ok(token.status?.token)
  const review = await config.makeApiClient(AuthenticationV1Api).createTokenReview({
    body: { spec: { token: token.status.token, audiences: ['sts.amazonaws.com'] } },
  })
  assert.equal(review.status?.user?.username, 'system:serviceaccount:default:my-sa')
  await assert.rejects(core.readNamespacedPod({ namespace, name: 'none' }), (error) => {
    const { code, body } = error as { code: number; body: string }
    assert.equal(code, 404)
    assert.match(body, /pods \\?"none\\?" not found/)
    return true
  })
  const labels = { app: 'd' }
  const apps = config.makeApiClient(AppsV1Api)
  await apps.createNamespacedDeployment({
    namespace,
    body: {
      metadata: { name: 'd' },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } },
      },
    },
  })
  const scale = await apps.readNamespacedDeploymentScale({ namespace, name: 'd' })
  assert.equal(scale.spec?.replicas, 1)
  const page = await core.listNamespace({ limit: 2 })
  assert.ok(page.metadata?._continue)
})

test('a watch and a log stream', async () => {
  await core.createNamespacedPod({ namespace, body: pod('w1') })
  const seen: string[] = []
  const watch = new Watch(config)
  const controller = await watch.watch(
    `/api/v1/namespaces/${namespace}/pods`,
    { fieldSelector: 'metadata.name=w1' },
    (type, object) => seen.push(`${type} ${object.metadata.name}`),
    () => {},
  )
  await eventually('the pod', () => seen.includes('ADDED w1'))
  controller.abort()
  await cluster.client.bind(namespace, 'w1', 'n')
  const status = { phase: 'Running', containerStatuses: [{ name: 'c', state: { running: {} } }] }
  await cluster.client.modify(pods, namespace, 'w1', (o) => ({ ...o, status }), 'status')
  const stream = new PassThrough()
  let text = ''
  stream.on('data', (chunk) => {
    text += chunk
  })
  await new Log(config).log(namespace, 'w1', 'c', stream, { follow: false })
  await eventually('the log', () => text === 'log of w1\n')
})
