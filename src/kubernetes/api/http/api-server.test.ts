import assert from 'node:assert/strict'
import { Agent, request as httpsRequest } from 'node:https'
import { after, before, test } from 'node:test'
import { createCertificateAuthority } from '../../../x509/authority.ts'
import type { KeyPair } from '../../../x509/certificate-port.ts'
import { type Options, startHttpTest } from './testing.ts'

const configMaps = '/api/v1/namespaces/default/configmaps'
let api: Awaited<ReturnType<typeof startHttpTest>>
const call = (path: string, options?: Options) => api.call(path, options)
let stranger: KeyPair

before(async () => {
  const wall = { now: () => Date.now() }
  const foreign = await createCertificateAuthority({ commonName: 'kubernetes', clock: wall })
  stranger = await foreign.issueClient({ commonName: 'admin', organizations: ['system:masters'] })
  const policy = 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy'
  const viewer = {
    username: 'arn:aws:sts::1:assumed-role/r/s',
    groups: [],
    accessPolicies: [{ policy, namespaces: ['default'] }],
  }
  api = await startHttpTest({
    authenticateAws: (token) => (token === 'k8s-aws-v1.good' ? viewer : undefined),
  })
})
after(() => api[Symbol.asyncDispose]())

const configMap = (name: string, more: object = {}) => ({ metadata: { name }, ...more })

test('nobody gets health and version; bad credentials get 401, whatever they ask', async () => {
  assert.equal((await call('/healthz', { as: 'nobody' })).text, 'ok')
  assert.equal((await call('/version', { as: 'nobody' })).json.minor, '32')
  for (const path of ['/api', '/apis', '/openapi/v3', configMaps, '/nothing', '/api/v1/nothing']) {
    const { status, json } = await call(path, { as: 'nobody' })
    assert.deepEqual([path, status, json.reason], [path, 401, 'Unauthorized'])
  }
  const bearer = (token: string) => ({ as: 'nobody' as const, headers: { Authorization: token } })
  for (const token of ['Bearer x', 'Bearer k8s-aws-v1.bad', 'Basic YTpi', 'Bearer a.b.c']) {
    assert.equal((await call('/healthz', bearer(token))).status, 401, token)
  }
  assert.equal((await call('/healthz', { as: stranger })).status, 401)
})

test('an EKS token brings its access policies, in their namespaces only', async () => {
  const as = 'nobody' as const
  const headers = { Authorization: 'Bearer k8s-aws-v1.good' }
  assert.equal((await call(configMaps, { as, headers })).status, 200)
  for (const path of [
    '/api/v1/configmaps',
    '/api/v1/namespaces/default/secrets',
    '/api/v1/nodes',
  ]) {
    assert.equal((await call(path, { as, headers })).status, 403, path)
  }
  const written = await call(configMaps, { as, headers, body: configMap('x') })
  assert.match(
    written.json.message,
    /^configmaps is forbidden: User "arn:aws:sts::1:assumed-role\/r\/s" cannot create resource "configmaps" in API group "" in the namespace "default"$/,
  )
  const review = { spec: {}, kind: 'SelfSubjectReview', apiVersion: 'authentication.k8s.io/v1' }
  const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
  const { json } = await call(path, { as, headers, body: review })
  assert.deepEqual(Object.keys(json.status.userInfo), ['username', 'groups'])
})

test('a resumed TLS session is still who it was', async () => {
  const agent = new Agent({ ...api.admin, ca: api.server.caPem, maxCachedSessions: 10 })
  const get = () =>
    new Promise<number>((resolve, reject) => {
      const request = httpsRequest(
        api.server.url + configMaps,
        { agent, headers: { Connection: 'close' } },
        (response) => response.resume().on('end', () => resolve(response.statusCode ?? 0)),
      )
      request.on('error', reject).end()
    })
  assert.deepEqual([await get(), await get(), await get()], [200, 200, 200])
  agent.destroy()
})

test('bodies: YAML is read, malformed ones and foreign types are refused', async () => {
  const yaml = 'metadata: {name: y}\ndata:\n  a: "1"\n'
  const made = await call(configMaps, { body: yaml, type: 'application/yaml' })
  assert.deepEqual([made.status, made.json.data], [201, { a: '1' }])
  const check = async (options: Options, status: number, message: RegExp) => {
    const answer = await call(configMaps, { method: 'POST', ...options })
    assert.equal(answer.status, status, answer.text)
    assert.match(answer.json.message, message)
  }
  await check({ body: '{"a":' }, 400, /json parse error/)
  await check({ body: '[]' }, 400, /json parse error/)
  await check({ body: 'a: [', type: 'application/yaml' }, 400, /yaml/)
  await check(
    { body: '<a/>', type: 'text/xml' },
    415,
    /accepted media types include: application\/json/,
  )
  await check({ body: 'k8s', type: 'application/vnd.kubernetes.protobuf' }, 400, /protobuf/)
  const cut = Buffer.from([0x6b, 0x38, 0x73, 0, 0x0a, 0xff])
  await check({ body: cut, type: 'application/vnd.kubernetes.protobuf' }, 400, /unexpected EOF/)
  await check({ body: '' }, 400, /body is empty/)
  await check({ body: 'x'.repeat(3 * 1024 * 1024 + 1) }, 413, /limit is 3145728/)
  await check({ body: { kind: 'Pod', apiVersion: 'v1' } }, 400, /cannot be handled as a ConfigMap/)
  await check({ body: { metadata: { name: 1 } } }, 400, /cannot unmarshal number/)
  const other = configMap('x')
  Object.assign(other.metadata, { namespace: 'other' })
  await check({ body: other }, 400, /namespace of the provided object does not match/)
  const accept = { headers: { Accept: 'text/html' } }
  await check({ body: configMap('x'), ...accept }, 406, /only the following media types/)
})

test('unknown and repeated fields are warned of, or refused when that is asked', async () => {
  const body = '{"metadata":{"name":"w"},"foo":1,"data":{"a":"1","a":"2"}}'
  const warned = await call(configMaps, { body })
  assert.equal(warned.status, 201)
  assert.match(
    String(warned.headers['warning']),
    /299 - "unknown field \\"foo\\""[\s\S]*duplicate field \\"data.a\\"/,
  )
  const strict = await call(`${configMaps}?fieldValidation=Strict`, { body })
  assert.equal(
    strict.json.message,
    'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "foo", duplicate field "data.a"',
  )
  assert.equal((await call(`${configMaps}?fieldValidation=No`, { body })).status, 422)
  const sly = '{"metadata":{"name":"sly","labels":{"__proto__":"x"}}}'
  assert.equal((await call(configMaps, { body: sly })).status, 422)
})

test('paths that are nothing are 404, methods that are not offered 405', async () => {
  for (const path of [
    '/nothing',
    '/api/v2',
    '/api/v1/nothing',
    '/apis/apps/v1/pods',
    `${configMaps}/a/b/c`,
    `${configMaps}/a/status`,
  ]) {
    assert.equal((await call(path)).status, 404, path)
  }
  const twice = await call('/api/v1/namespaces/default/nodes')
  assert.equal(twice.status, 404)
  assert.equal((await call('/api/v1/namespaces', { method: 'DELETE' })).status, 405)
  assert.equal((await call(`${configMaps}/y`, { body: {} })).status, 405)
  assert.equal((await call(`${configMaps}/%zz`)).status, 400)
})

test('a PUT names its version or none, and another object or version is a conflict', async () => {
  const { json } = await call(configMaps, { body: configMap('put') })
  const put = (body: object, name = 'put') => call(`${configMaps}/${name}`, { method: 'PUT', body })
  assert.equal((await put({ ...json, data: { a: '1' } })).status, 200)
  const stale = await put({ ...json, data: { a: '2' } })
  assert.deepEqual([stale.status, stale.json.reason], [409, 'Conflict'])
  assert.match(stale.json.message, /the object has been modified; please apply your changes/)
  assert.equal((await put(configMap('put', { data: {} }))).status, 200)
  const foreign = configMap('put')
  Object.assign(foreign.metadata, { uid: 'x' })
  assert.match((await put(foreign)).json.message, /Precondition failed: UID in precondition: x/)
  assert.match((await put(configMap('other'))).json.message, /does not match the name on the URL/)
  assert.equal((await put(configMap('none'), 'none')).status, 404)
  const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases'
  await call(leases, { body: configMap('l') })
  const lease = await call(`${leases}/l`, { method: 'PUT', body: configMap('l') })
  assert.match(
    lease.json.message,
    /metadata.resourceVersion: Invalid value: 0x0: must be specified for an update/,
  )
  const gone = await call(`${configMaps}/put`, {
    method: 'DELETE',
    body: { preconditions: { uid: 'y' } },
  })
  assert.equal(gone.status, 409)
  assert.equal(
    (await call(`${configMaps}/put?gracePeriodSeconds=x`, { method: 'DELETE' })).status,
    400,
  )
})

test('patches: kinds of patch, refusals of each', async () => {
  await call(configMaps, { body: configMap('pt', { data: { a: '1' } }) })
  const patch = (type: string, body: unknown) =>
    call(`${configMaps}/pt`, { method: 'PATCH', type: `application/${type}`, body })
  const merged = await patch('merge-patch+json', { data: { a: null, b: '2' } })
  assert.deepEqual(merged.json.data, { b: '2' })
  const add = [{ op: 'add', path: '/data/c', value: '3' }]
  assert.deepEqual((await patch('json-patch+json', add)).json.data, { b: '2', c: '3' })
  assert.equal((await patch('json-patch+json', {})).status, 400)
  assert.equal((await patch('json-patch+json', [{ op: 'remove', path: '/x/y' }])).status, 422)
  assert.equal(
    (await patch('json-patch+json', [{ op: 'add', path: '/__proto__/x', value: 1 }])).status,
    422,
  )
  assert.equal((await patch('merge-patch+json', '{')).status, 400)
  assert.equal((await patch('merge-patch+json', [])).status, 400)
  assert.equal(
    (await patch('merge-patch+json', { metadata: { resourceVersion: '1' } })).status,
    409,
  )
  assert.equal((await patch('merge-patch+json', { metadata: { name: 'no' } })).status, 422)
  assert.equal((await patch('json', {})).status, 415)
  assert.equal((await patch('apply-patch+yaml', 'data: {}')).status, 422)
})

test('discovery has an ETag, OpenAPI a document for each group', async () => {
  const headers = { Accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' }
  const first = await call('/apis', { headers })
  assert.match(String(first.headers['content-type']), /as=APIGroupDiscoveryList/)
  const again = await call('/apis', {
    headers: { ...headers, 'If-None-Match': String(first.headers['etag']) },
  })
  assert.deepEqual([again.status, again.text], [304, ''])
  const { json } = await call('/openapi/v3')
  for (const { serverRelativeURL } of Object.values<{ serverRelativeURL: string }>(json.paths)) {
    const document = await call(serverRelativeURL)
    assert.equal(document.status, 200)
    const text = document.text
    for (const [, name] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      assert.ok(document.json.components.schemas[name ?? ''], name)
    }
  }
  assert.equal(
    (await call('/api', { headers: { Accept: 'application/json' } })).json.kind,
    'APIVersions',
  )
})

test('a TokenReview answers for tokens of ServiceAccounts and for others', async () => {
  const accounts = '/api/v1/namespaces/default/serviceaccounts'
  await call(accounts, { body: configMap('sa') })
  const request = { spec: { audiences: ['vault'], expirationSeconds: 600 } }
  const { json } = await call(`${accounts}/sa/token`, { body: request })
  assert.match(json.status.expirationTimestamp, /Z$/)
  const review = async (token: string, audiences?: string[]) => {
    const body = { spec: { token, ...(audiences ? { audiences } : {}) } }
    const answer = await call('/apis/authentication.k8s.io/v1/tokenreviews', { body })
    assert.equal(answer.status, 201)
    return answer.json.status
  }
  const good = await review(json.status.token, ['vault', 'other'])
  assert.deepEqual([good.authenticated, good.audiences], [true, ['vault']])
  assert.equal(good.user.username, 'system:serviceaccount:default:sa')
  assert.match((await review(json.status.token)).error, /audiences/)
  assert.match((await review('nonsense')).error, /invalid bearer token/)
  api.clock.advance(601_000)
  assert.match((await review(json.status.token, ['vault'])).error, /has expired/)
})

test('Tables are made on request, with the age by the clock of the cluster', async () => {
  const headers = { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' }
  await call(configMaps, { body: configMap('aged', { data: { a: '1' } }) })
  api.clock.advance(200_000)
  const { json } = await call(`${configMaps}/aged`, { headers })
  assert.equal(json.kind, 'Table')
  assert.deepEqual(json.rows[0].cells, ['aged', 1, '3m20s'])
  assert.equal(json.rows[0].object.kind, 'PartialObjectMetadata')
})
