import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:https'
import { after, before, test } from 'node:test'
import { type Log, silentLog } from '../audit/log.ts'
import { createCertificateAuthority } from '../x509/authority.ts'
import { mutatingWebhookConfiguration } from './configuration.ts'
import { startWebhook, type Webhook } from './server.ts'
import { defaultSettings } from './settings.ts'

const ca = await createCertificateAuthority({
  commonName: 'webhook test',
  clock: { now: () => Date.now() },
})
const tls = await ca.issueServer({ names: ['localhost'], addresses: ['127.0.0.1'] })
const roleArn = 'arn:aws:iam::111122223333:role/s3-reader'
let ready = false
let asked: string[] = []
const logged: object[] = []
const log: Log = { ...silentLog, error: (facts) => logged.push(facts) }
let webhook: Webhook

before(async () => {
  webhook = await startWebhook({
    host: '127.0.0.1',
    port: 0,
    metricsPort: 0,
    tls,
    settings: defaultSettings,
    log,
    ready: () => ready,
    serviceAccounts: {
      async serviceAccount(namespace, name) {
        asked.push(`${namespace}/${name}`)
        if (name === 'broken') throw new Error('the cluster does not answer')
        if (name !== 'app') return undefined
        return { metadata: { name, annotations: { 'eks.amazonaws.com/role-arn': roleArn } } }
      },
    },
  })
})
after(() => webhook[Symbol.asyncDispose]())

async function call(
  body: string,
  {
    path = '/mutate?timeout=10s',
    method = 'POST',
    type = 'application/json' as string | null,
  } = {},
) {
  const outgoing = request({
    host: '127.0.0.1',
    port: webhook.port,
    path,
    method,
    ca: ca.certPem,
    headers: type === null ? {} : { 'Content-Type': type },
  })
  outgoing.end(body)
  const [response] = await once(outgoing, 'response')
  let text = ''
  for await (const chunk of response) text += chunk
  return { status: response.statusCode, text, type: response.headers['content-type'] }
}
const pod = (serviceAccountName?: string) => ({
  metadata: { name: 'p', namespace: 'ignored' },
  spec: { serviceAccountName, containers: [{ name: 'c' }] },
})
const review = (object: unknown, version = 'v1') =>
  JSON.stringify({
    kind: 'AdmissionReview',
    apiVersion: `admission.k8s.io/${version}`,
    request: { uid: 'u-1', namespace: 'default', operation: 'CREATE', object },
  })
const response = async (body: string) => JSON.parse((await call(body)).text).response

for (const version of ['v1', 'v1beta1']) {
  test(`a ${version} review is answered in its own version with a patch`, async () => {
    asked = []
    const answer = await call(review(pod('app'), version))
    assert.equal(answer.status, 200)
    assert.equal(answer.type, 'application/json')
    const { kind, apiVersion, response, ...rest } = JSON.parse(answer.text)
    assert.deepEqual(
      [kind, apiVersion, rest],
      ['AdmissionReview', `admission.k8s.io/${version}`, {}],
    )
    assert.deepEqual(
      [response.uid, response.allowed, response.patchType],
      ['u-1', true, 'JSONPatch'],
    )
    const patch = JSON.parse(Buffer.from(response.patch, 'base64').toString())
    assert.equal(patch[1].value[0].value, roleArn)
    assert.deepEqual(asked, ['default/app'], "the request's namespace counts, not the pod's")
  })
}

test('a pod without a role is allowed, and nothing else is said', async () => {
  assert.deepEqual(await response(review(pod('other'))), { uid: 'u-1', allowed: true })
})

test('a pod without a ServiceAccount is answered without a look-up', async () => {
  asked = []
  assert.deepEqual(await response(review(pod())), { uid: 'u-1', allowed: true })
  assert.deepEqual(asked, [])
})

test('only JSON is taken, with or without a charset', async () => {
  assert.equal((await call(review(pod()), { type: 'application/json; charset=utf-8' })).status, 200)
  for (const type of [null, 'text/xml', 'application/yaml', 'application/jsonx']) {
    const answer = await call(review(pod()), { type })
    assert.equal(answer.status, 415)
    assert.equal(answer.text, 'Invalid Content-Type, expected `application/json`\n')
  }
})

const faults: [what: string, body: string, message: string | RegExp][] = [
  ['nothing', '', 'bad content'],
  ['no request', '{}', 'bad content'],
  ['a list', '[]', 'bad content'],
  ['a request that is none', '{"request":5}', 'bad content'],
  [
    'half a review',
    review(pod()).slice(0, -20),
    /^couldn't get version\/kind; json parse error: unexpected end of JSON input$/,
  ],
  ['no JSON', '<xml>', /^couldn't get version\/kind; json parse error: invalid JSON/],
  ['a text as pod', review('x'), 'json: cannot unmarshal string into Go value of type v1.Pod'],
  ['a list as pod', review([]), 'json: cannot unmarshal array into Go value of type v1.Pod'],
  ['no pod', review(null), 'unexpected end of JSON input'],
  [
    'containers that are no list',
    review({ spec: { containers: {} } }),
    /cannot unmarshal object into Go struct field spec\.containers/,
  ],
  ['a container that is null', review({ spec: { containers: [null] } }), /spec\.containers/],
  [
    'a variable that is a text',
    review({ spec: { containers: [{ env: ['x'] }] } }),
    /spec\.containers\.env/,
  ],
  [
    'an annotation that is a number',
    review({ metadata: { annotations: { a: 1 } } }),
    /cannot unmarshal number into Go struct field metadata\.annotations/,
  ],
  ['a spec that is a flag', review({ spec: true }), /cannot unmarshal bool/],
  [
    'volumes in disorder',
    review({ spec: { volumes: [{ projected: { sources: {} } }] } }),
    /sources/,
  ],
]
for (const [what, body, message] of faults) {
  test(`a body with ${what} is refused in words, status 200`, async () => {
    const answer = await call(body)
    assert.equal(answer.status, 200)
    const { response } = JSON.parse(answer.text)
    assert.equal(response.allowed, false)
    assert.equal(
      response.uid,
      body.includes('u-1') && !/end of JSON.*\$/.test(String(message)) ? 'u-1' : '',
    )
    if (typeof message === 'string') assert.equal(response.status.message, message)
    else assert.match(response.status.message, message)
  })
}

test('a review without type is answered without, to the byte', async () => {
  const answer = async (body: string) => (await call(body)).text
  assert.equal(
    await answer('{"request":{"uid":"a","object":{}}}'),
    '{"response":{"uid":"a","allowed":true}}',
  )
  const denied = (message: string) =>
    `{"response":{"uid":"","allowed":false,"status":{"metadata":{},"message":"${message}"}}}`
  assert.equal(await answer(''), denied('bad content'))
  assert.equal(await answer('{}'), denied('bad content'))
  assert.equal(
    await answer('{"request":{"object":"x"}}'),
    denied('json: cannot unmarshal string into Go value of type v1.Pod'),
  )
  assert.equal(
    await answer('{"request":{"object":{}}'),
    denied("couldn't get version/kind; json parse error: unexpected end of JSON input"),
  )
})

test('a cluster that does not answer is left to the failure policy', async () => {
  const answer = await call(review(pod('broken')))
  assert.equal(answer.status, 500)
  assert.equal(answer.text, 'internal error\n')
  assert.equal(logged.length, 1)
})

test('a body beyond the limit is 413, announced or not', async () => {
  assert.equal((await call('x'.repeat(5 * 1024 * 1024))).status, 413)
})

test('paths, queries and health', async () => {
  assert.equal((await call('', { path: '/mutate/' })).status, 404)
  assert.equal((await call('', { path: '/' })).status, 404)
  const malformed = await call(review(pod()), { path: '/mutate?x=%zz' })
  assert.deepEqual([malformed.status, malformed.text], [400, '{"error": "error parsing form"}'])
  assert.equal((await call('', { path: '/healthz', method: 'GET' })).text, 'ok')
  assert.equal((await call('', { path: '/readyz', method: 'GET' })).status, 503)
  ready = true
  assert.equal((await call('', { path: '/readyz', method: 'GET' })).status, 200)
})

test('decisions are counted', async () => {
  const text = await (await fetch(`http://127.0.0.1:${webhook.metricsPort}/metrics`)).text()
  assert.match(text, /^pod_identity_webhook_pod_count\{method="sts_web_identity"\} 2$/m)
  assert.match(text, /^pod_identity_webhook_missing_sa_count \d+$/m)
  assert.match(
    text,
    /decisions_total\{mode="none",result="not-injected",reason="no-service-account"\} \d/,
  )
})

test('the configuration registers it as EKS does', () => {
  const { metadata, webhooks } = mutatingWebhookConfiguration({
    url: 'https://127.0.0.1:1/mutate',
    caPem: ca.certPem,
  })
  const [hook] = webhooks
  assert.equal(metadata.name, 'pod-identity-webhook')
  assert.equal(hook?.name, 'iam-for-pods.amazonaws.com')
  assert.equal(Buffer.from(hook?.clientConfig.caBundle ?? '', 'base64').toString(), ca.certPem)
  assert.deepEqual(
    [hook?.failurePolicy, hook?.reinvocationPolicy, hook?.sideEffects, hook?.timeoutSeconds],
    ['Ignore', 'IfNeeded', 'None', 10],
  )
})
