import assert from 'node:assert/strict'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { silentLog } from '../../../audit/log.ts'
import { ManualClock } from '../../../clock/manual-clock.ts'
import { openSqliteStore } from '../../../store/sqlite/sqlite-store.ts'
import { createCertificateAuthority } from '../../../x509/authority.ts'
import { createObject } from '../create-object.ts'
import { deleteObject } from '../delete-object.ts'
import { Objects } from '../objects.ts'
import { Registry } from '../registry.ts'
import { configMaps } from '../resources/config-maps.ts'
import { kinds, reviews } from '../resources/kinds.ts'
import {
  mutatingWebhookConfigurations,
  type Webhook,
} from '../resources/mutating-webhook-configurations.ts'
import { namespaces } from '../resources/namespaces.ts'
import { openSchema } from '../schema/schema.ts'
import { admissionChain } from './admission.ts'
import { mutatingWebhooks } from './mutating-webhooks.ts'

type Review = { request: Record<string, unknown> }
type Answer = (review: Review, path: string) => object | undefined

let answer: Answer = () => ({ allowed: true })
const seen: { path: string; review: Review }[] = []
let url = ''
let caBundle = ''
let stop: () => void

before(async () => {
  const clock = { now: () => Date.now() }
  const ca = await createCertificateAuthority({ commonName: 'hook', clock })
  const tls = await ca.issueServer({
    names: ['hook.sys.svc', 'localhost'],
    addresses: ['127.0.0.1'],
  })
  caBundle = Buffer.from(ca.certPem).toString('base64')
  const server = createServer(tls, async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const review = JSON.parse(Buffer.concat(chunks).toString())
    seen.push({ path: request.url ?? '', review })
    const made = answer(review, request.url ?? '')
    if (!made) return
    const { apiVersion, kind } = review
    const status = 'http' in made ? Number(made.http) : 200
    response.writeHead(status, { 'Content-Type': 'application/json' })
    response.end(
      JSON.stringify({ apiVersion, kind, response: { uid: review.request.uid, ...made } }),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  stop = () => {
    server.closeAllConnections()
    server.close()
  }
})
after(() => stop())

async function open(webhooks: Partial<Webhook>[]) {
  seen.length = 0
  const clock = new ManualClock()
  const store = openSqliteStore({ path: ':memory:', now: () => clock.now() })
  const objects = new Objects(store, '/c')
  const schema = openSchema()
  const plugin = mutatingWebhooks({
    objects,
    schema,
    log: silentLog,
    serviceAddress: (namespace, name) =>
      `${name}.${namespace}` === 'hook.sys'
        ? { host: '127.0.0.1', port: Number(new URL(url).port) }
        : undefined,
  })
  const machinery = {
    registry: new Registry(kinds, reviews),
    objects,
    clock,
    admission: admissionChain([], plugin),
    track: () => {},
  }
  const warnings: string[] = []
  const context = {
    user: { username: 'jane', groups: ['dev'], accessPolicies: [{ policy: 'secret' }] },
    dryRun: false,
    fieldManager: 'test',
    warn: (text: string) => warnings.push(text),
  }
  await createObject(
    machinery,
    namespaces,
    undefined,
    { metadata: { name: 'ns', labels: { a: 'b' } } },
    context,
  )
  const configuration = {
    metadata: { name: 'hooks' },
    webhooks: webhooks.map((more, i) => ({
      name: `h${i}.example.com`,
      clientConfig: { url: `${url}/h${i}`, caBundle },
      rules: [
        { operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] },
      ],
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      ...more,
    })),
  }
  await createObject(machinery, mutatingWebhookConfigurations, undefined, configuration, context)
  const create = (more: object = {}) =>
    createObject(machinery, configMaps, 'ns', { metadata: { name: 'm', ...more } }, context)
  return { machinery, context, warnings, create }
}

const patch = (...operations: object[]) => ({
  allowed: true,
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
})

test('a webhook is asked with the whole review and its patch is applied', async () => {
  const { create, warnings, machinery, context } = await open([{}])
  answer = () => ({ ...patch({ op: 'add', path: '/data', value: { k: 'v' } }), warnings: ['hm'] })
  const made = await create()
  assert.deepEqual(made['data'], { k: 'v' })
  assert.deepEqual(warnings, ['hm'])
  const { request } = seen[0]?.review ?? { request: {} }
  assert.equal(seen[0]?.path, '/h0?timeout=10s')
  assert.deepEqual(
    [request['operation'], request['name'], request['namespace'], request['dryRun']],
    ['CREATE', 'm', 'ns', false],
  )
  assert.deepEqual(request['userInfo'], { username: 'jane', groups: ['dev'] })
  assert.deepEqual(request['resource'], { group: '', version: 'v1', resource: 'configmaps' })
  assert.equal(request['oldObject'], null)
  answer = () => ({ allowed: true })
  await deleteObject(machinery, { kind: configMaps, namespace: 'ns', name: 'm' }, {}, context)
  assert.equal(seen[1]?.review.request['operation'], 'DELETE')
  assert.equal(seen[1]?.review.request['object'], null)
})

test('a denial carries the webhook’s words and code', async () => {
  const { create } = await open([{}])
  answer = () => ({
    allowed: false,
    status: { message: 'not today', code: 403, reason: 'Forbidden' },
  })
  const message = 'admission webhook "h0.example.com" denied the request: not today'
  await assert.rejects(create(), { status: 403, code: 'Forbidden', message })
  answer = () => ({ allowed: false })
  await assert.rejects(create(), {
    status: 400,
    message: 'admission webhook "h0.example.com" denied the request without explanation',
  })
})

test('a failing call is an internal error, or passes when the policy is Ignore', async () => {
  const failing = await open([{ clientConfig: { url: 'https://127.0.0.1:1/x', caBundle } }])
  await assert.rejects(failing.create(), {
    status: 500,
    message:
      'Internal error occurred: failed calling webhook "h0.example.com": failed to call webhook: Post "https://127.0.0.1:1/x?timeout=10s": dial tcp 127.0.0.1:1: connect: connection refused',
  })
  const ignored = await open([
    { clientConfig: { url: 'https://127.0.0.1:1/x', caBundle }, failurePolicy: 'Ignore' },
  ])
  assert.equal((await ignored.create()).metadata.name, 'm')
  const slow = await open([{ timeoutSeconds: 1 }])
  answer = () => undefined
  await assert.rejects(slow.create(), { message: /context deadline exceeded$/ })
  const untrusted = await open([{ clientConfig: { url: `${url}/h0` } }])
  await assert.rejects(untrusted.create(), { message: /certificate signed by unknown authority$/ })
  answer = () => ({ http: 500 })
  await assert.rejects((await open([{}])).create(), { message: /an error on the server \(/ })
  answer = () => ({ uid: 'other', allowed: true })
  await assert.rejects((await open([{}])).create(), { message: /expected response.uid="/ })
  answer = () => ({ ...patch(), patchType: undefined })
  await assert.rejects((await open([{}])).create(), {
    message: /webhook returned response.patch but not response.patchType/,
  })
})

test('a patch that does not fit is an internal error whatever the policy', async () => {
  const { create } = await open([{ failurePolicy: 'Ignore' }])
  answer = () => patch({ op: 'replace', path: '/spec/x/y', value: 1 })
  await assert.rejects(create(), { status: 500, message: /^Internal error occurred: / })
  answer = () => patch({ op: 'add', path: '/data', value: 'text' })
  await assert.rejects(create(), { status: 500, message: /cannot unmarshal string/ })
})

test('rules, namespace selectors and object selectors decide who is asked', async () => {
  answer = () => ({ allowed: true })
  const { create } = await open([
    { namespaceSelector: { matchLabels: { a: 'x' } } },
    { objectSelector: { matchExpressions: [{ key: 'skip', operator: 'DoesNotExist' }] } },
    { rules: [{ operations: ['UPDATE'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] }] },
    {
      rules: [
        {
          operations: ['CREATE'],
          apiGroups: ['*'],
          apiVersions: ['*'],
          resources: ['*/*'],
          scope: 'Cluster',
        },
      ],
    },
    { namespaceSelector: { matchLabels: { a: 'b' } } },
  ])
  await create({ labels: { skip: 'yes' } })
  assert.deepEqual(
    seen.map((s) => s.path.slice(0, 3)),
    ['/h4'],
  )
})

test('a webhook that wants it is asked again when a later one changed the object', async () => {
  const { create } = await open([{ reinvocationPolicy: 'IfNeeded' }, {}])
  answer = (_review, path) =>
    path.startsWith('/h1')
      ? patch({ op: 'add', path: '/data', value: { k: 'v' } })
      : { allowed: true }
  await create()
  assert.deepEqual(
    seen.map((s) => s.path.slice(0, 3)),
    ['/h0', '/h1', '/h0'],
  )
})

test('a service is reached under its cluster name', async () => {
  const service = { namespace: 'sys', name: 'hook', path: '/mutate' }
  const { create } = await open([{ clientConfig: { service, caBundle } }])
  answer = () => ({ allowed: true })
  await create()
  assert.equal(seen[0]?.path, '/mutate?timeout=10s')
  const nobody = await open([{ clientConfig: { service: { ...service, name: 'gone' }, caBundle } }])
  await assert.rejects(nobody.create(), {
    message:
      /Post "https:\/\/gone.sys.svc:443\/mutate\?timeout=10s": no endpoints available for service "gone"$/,
  })
})

test('a configuration is held to its rules', async () => {
  await assert.rejects(open([{ name: 'short' }]), {
    message: /should be a domain with at least three segments/,
  })
  const { sideEffects: _, ...without } = { sideEffects: undefined }
  await assert.rejects(open([{ ...without, timeoutSeconds: 31 }]), {
    message: /between 1 and 30 seconds/,
  })
  await assert.rejects(open([{ clientConfig: { url: 'http://a.b/c' } }]), {
    message: /'https' is the only allowed URL scheme/,
  })
})
