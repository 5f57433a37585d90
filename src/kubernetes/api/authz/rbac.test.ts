import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startHttpTest } from '../http/testing.ts'

let api: Awaited<ReturnType<typeof startHttpTest>>
before(async () => {
  api = await startHttpTest()
})
after(() => api[Symbol.asyncDispose]())

const rbac = '/apis/rbac.authorization.k8s.io/v1'
const review = '/apis/authorization.k8s.io/v1'

async function make(path: string, body: object): Promise<void> {
  const made = await api.call(`${rbac}${path}`, { body })
  assert.equal(made.status, 201, made.text)
}

interface Asked {
  readonly user?: string
  readonly groups?: readonly string[]
  readonly resourceAttributes?: object
  readonly nonResourceAttributes?: object
}

async function may(spec: Asked): Promise<{ allowed: boolean; reason?: string }> {
  const answer = await api.call(`${review}/subjectaccessreviews`, { body: { spec } })
  assert.equal(answer.status, 201, answer.text)
  return answer.json.status
}

const pods = { verbs: ['get'], apiGroups: [''], resources: ['pods'] }
const getPod = { verb: 'get', resource: 'pods', namespace: 'default' }
const resource = (of: object) => ({ resourceAttributes: { ...getPod, ...of } })
const path = (verb: string, of: string) => ({ nonResourceAttributes: { verb, path: of } })

/** What a rule is, what is asked, and whether it is allowed. */
const ruleCases: readonly (readonly [string, object, object, boolean])[] = [
  ['what the rule says', pods, resource({}), true],
  ['another verb', pods, resource({ verb: 'list' }), false],
  ['another resource', pods, resource({ resource: 'secrets' }), false],
  ['another group', pods, resource({ group: 'apps' }), false],
  ['a subresource is no part of its resource', pods, resource({ subresource: 'log' }), false],
  [
    'a subresource by its name',
    { ...pods, resources: ['pods/log'] },
    resource({ subresource: 'log' }),
    true,
  ],
  [
    'nor the resource of its subresource',
    { ...pods, resources: ['pods/log'] },
    resource({}),
    false,
  ],
  [
    'a subresource of all resources',
    { ...pods, resources: ['*/log'] },
    resource({ subresource: 'log' }),
    true,
  ],
  [
    'but no other subresource',
    { ...pods, resources: ['*/log'] },
    resource({ subresource: 'exec' }),
    false,
  ],
  ['all resources', { ...pods, resources: ['*'] }, resource({ subresource: 'log' }), true],
  ['no prefixes of resources', { ...pods, resources: ['pod*'] }, resource({}), false],
  ['all groups', { ...pods, apiGroups: ['*'] }, resource({ group: 'any.io' }), true],
  ['all verbs', { ...pods, verbs: ['*'] }, resource({ verb: 'brew' }), true],
  ['a named object', { ...pods, resourceNames: ['a', 'b'] }, resource({ name: 'b' }), true],
  ['an object of another name', { ...pods, resourceNames: ['a'] }, resource({ name: 'c' }), false],
  ['named objects are no lists', { ...pods, resourceNames: ['a'] }, resource({}), false],
  ['no star among names', { ...pods, resourceNames: ['*'] }, resource({ name: 'c' }), false],
  ['a resource rule is of no path', { ...pods, resources: ['*'] }, path('get', '/metrics'), false],
  ['a path', { verbs: ['get'], nonResourceURLs: ['/metrics'] }, path('get', '/metrics'), true],
  ['a path below', { verbs: ['get'], nonResourceURLs: ['/m'] }, path('get', '/m/x'), false],
  ['all paths below', { verbs: ['get'], nonResourceURLs: ['/m/*'] }, path('get', '/m/x'), true],
  ['but not the path', { verbs: ['get'], nonResourceURLs: ['/m/*'] }, path('get', '/m'), false],
  ['all paths', { verbs: ['*'], nonResourceURLs: ['*'] }, path('post', '/'), true],
  ['a star within', { verbs: ['get'], nonResourceURLs: ['/*/x'] }, path('get', '/m/x'), false],
  ['a path rule is of no resource', { verbs: ['*'], nonResourceURLs: ['*'] }, resource({}), false],
]

test('a rule allows what it says and nothing else', async () => {
  for (const [i, [what, rule, asked, allowed]] of ruleCases.entries()) {
    const user = `rule-${i}`
    await make('/clusterroles', { metadata: { name: user }, rules: [rule] })
    await make('/clusterrolebindings', {
      metadata: { name: user },
      roleRef: { kind: 'ClusterRole', name: user },
      subjects: [{ kind: 'User', name: user }],
    })
    assert.equal((await may({ user, ...asked })).allowed, allowed, what)
  }
})

const robot = 'system:serviceaccount:default:robot'
const robotGroups = ['system:serviceaccounts', 'system:serviceaccounts:default']
/** Whom a binding names, who asks, and where it holds: in the binding's namespace, elsewhere. */
const subjectCases: readonly (readonly [string, object, Asked, boolean])[] = [
  ['a user', { kind: 'User', name: 'ann' }, { user: 'ann' }, true],
  ['another user', { kind: 'User', name: 'ann' }, { user: 'Ann' }, false],
  ['a group is no user', { kind: 'User', name: 'ann' }, { user: 'x', groups: ['ann'] }, false],
  ['a group', { kind: 'Group', name: 'ops' }, { user: 'x', groups: ['dev', 'ops'] }, true],
  ['a user is no group', { kind: 'Group', name: 'ops' }, { user: 'ops' }, false],
  ['an account here', { kind: 'ServiceAccount', name: 'robot' }, { user: robot }, true],
  [
    'an account from elsewhere',
    { kind: 'ServiceAccount', name: 'robot', namespace: 'kube-system' },
    { user: 'system:serviceaccount:kube-system:robot' },
    true,
  ],
  [
    'its namesake',
    { kind: 'ServiceAccount', name: 'robot', namespace: 'kube-system' },
    { user: robot },
    false,
  ],
  ['an account as a user', { kind: 'User', name: robot }, { user: robot }, true],
  [
    'all accounts of a namespace',
    { kind: 'Group', name: 'system:serviceaccounts:default' },
    { user: robot, groups: robotGroups },
    true,
  ],
  [
    'those of another',
    { kind: 'Group', name: 'system:serviceaccounts:other' },
    { user: robot, groups: robotGroups },
    false,
  ],
]

test('a binding holds for its subjects, in its namespace alone, until it is gone', async () => {
  await make('/clusterroles', { metadata: { name: 'pods' }, rules: [pods] })
  for (const [what, subject, who, allowed] of subjectCases) {
    const name = 'b'
    const roleRef = { kind: 'ClusterRole', name: 'pods' }
    const body = { metadata: { name }, roleRef, subjects: [subject] }
    await make('/namespaces/default/rolebindings', body)
    const here = { ...who, ...resource({}) }
    assert.equal((await may(here)).allowed, allowed, what)
    const elsewhere = resource({ namespace: 'kube-public' })
    assert.equal((await may({ ...who, ...elsewhere })).allowed, false, what)
    assert.equal((await may({ ...who, ...resource({ namespace: '' }) })).allowed, false, what)
    await api.call(`${rbac}/namespaces/default/rolebindings/${name}`, { method: 'DELETE' })
    assert.equal((await may(here)).allowed, false, what)
  }
})

test('a role and the subjects of a binding may change, and each change holds at once', async () => {
  const role = `${rbac}/namespaces/default/roles/changing`
  const binding = `${rbac}/namespaces/default/rolebindings/changing`
  const subject = (name: string) => ({ kind: 'User', name })
  await make('/namespaces/default/rolebindings', {
    metadata: { name: 'changing' },
    roleRef: { kind: 'Role', name: 'changing' },
    subjects: [subject('cid'), subject('cid')],
  })
  const ask = (user: string, verb = 'get') => may({ user, ...resource({ verb }) })
  const lost = {
    allowed: false,
    reason: 'RBAC: role.rbac.authorization.k8s.io "changing" not found',
  }
  assert.deepEqual(await ask('cid'), lost)
  await make('/namespaces/default/roles', { metadata: { name: 'changing' }, rules: [pods] })
  assert.deepEqual(await ask('cid'), {
    allowed: true,
    reason: 'RBAC: allowed by RoleBinding "changing/default" of Role "changing" to User "cid"',
  })
  const type = 'application/merge-patch+json'
  const change = async (url: string, body: object) => {
    const answer = await api.call(url, { method: 'PATCH', type, body })
    assert.equal(answer.status, 200, answer.text)
  }
  await change(role, { rules: [{ ...pods, verbs: ['list'] }] })
  assert.equal((await ask('cid')).allowed, false)
  assert.equal((await ask('cid', 'list')).allowed, true)
  await change(binding, { subjects: [subject('dee'), { kind: 'ServiceAccount', name: 'dee' }] })
  assert.equal((await ask('cid', 'list')).allowed, false)
  assert.equal((await ask('dee', 'list')).allowed, true)
  assert.match(
    (await ask('system:serviceaccount:default:dee', 'list')).reason ?? '',
    / to ServiceAccount "dee\/default"$/,
  )
  await api.call(role, { method: 'DELETE' })
  assert.deepEqual(await ask('dee', 'list'), lost)
})

test('the rules of a user are told, and what is lost of them', async () => {
  await make('/clusterrolebindings', {
    metadata: { name: 'told' },
    roleRef: { kind: 'ClusterRole', name: 'gone' },
    subjects: [{ kind: 'User', name: 'eve' }],
  })
  const headers = { 'Impersonate-User': 'eve' }
  const body = { spec: { namespace: 'default' } }
  const { json } = await api.call(`${review}/selfsubjectrulesreviews`, { body, headers })
  assert.equal(
    json.status.evaluationError,
    'clusterrole.rbac.authorization.k8s.io "gone" not found',
  )
  assert.deepEqual(
    json.status.resourceRules.map((r: { resources: string[] }) => r.resources),
    [['selfsubjectaccessreviews', 'selfsubjectrulesreviews'], ['selfsubjectreviews']],
  )
  const listed = await api.call('/api/v1/namespaces/default/pods', { headers })
  assert.equal(
    listed.json.message,
    'pods is forbidden: User "eve" cannot list resource "pods" in API group "" in the namespace "default": RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found',
  )
})

test('a rule of names lets its object be listed and watched by name', async () => {
  await make('/namespaces/default/roles', {
    metadata: { name: 'one' },
    rules: [{ ...pods, verbs: ['list', 'watch'], resourceNames: ['p'] }],
  })
  await make('/namespaces/default/rolebindings', {
    metadata: { name: 'one' },
    roleRef: { kind: 'Role', name: 'one' },
    subjects: [{ kind: 'User', name: 'fay' }],
  })
  const headers = { 'Impersonate-User': 'fay' }
  const list = (query: string) => api.call(`/api/v1/namespaces/default/pods${query}`, { headers })
  assert.equal((await list('?fieldSelector=metadata.name%3Dp')).status, 200)
  assert.equal((await list('?fieldSelector=metadata.name%3D%3Dp,spec.nodeName%3D')).status, 200)
  assert.equal((await list('?fieldSelector=metadata.name!%3Dp')).status, 403)
  assert.equal((await list('?fieldSelector=metadata.name%3Dq')).status, 403)
  assert.equal((await list('')).status, 403)
})

test('what is of the whole cluster is not to be had by the path of a namespace', async () => {
  const all = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }
  await make('/namespaces/default/roles', { metadata: { name: 'all' }, rules: [all] })
  await make('/namespaces/default/rolebindings', {
    metadata: { name: 'all' },
    roleRef: { kind: 'Role', name: 'all' },
    subjects: [{ kind: 'User', name: 'hal' }],
  })
  const headers = { 'Impersonate-User': 'hal' }
  const get = async (url: string) => (await api.call(url, { headers })).status
  const core = '/api/v1/namespaces'
  assert.equal(await get(`${core}/default`), 200)
  assert.equal(await get(`${core}/default/namespaces/kube-system`), 404)
  assert.equal(await get(`${core}/default/nodes`), 404)
  assert.equal(await get(`${core}/kube-system`), 403)
  assert.equal(await get(`${core}//secrets`), 403)
  assert.equal(await get(`${core}/default/secrets/..%2Fkube-system%2Fs`), 404)
  assert.equal(await get(`${core}/default%2F..%2Fkube-system/secrets`), 403)
  assert.equal(await get(`${rbac}/namespaces/default/clusterroles`), 404)
  const ask = (path: string) =>
    api.call(`${review}${path}`, { headers, body: { spec: { user: 'x', ...resource({}) } } })
  assert.equal((await ask('/namespaces/default/subjectaccessreviews')).status, 404)
  assert.equal((await ask('/namespaces/default/localsubjectaccessreviews')).status, 201)
})

test('an apply that makes an object asks for create as well', async () => {
  const rules = [{ verbs: ['patch'], apiGroups: [''], resources: ['configmaps'] }]
  await make('/clusterroles', { metadata: { name: 'patcher' }, rules })
  await make('/clusterrolebindings', {
    metadata: { name: 'patcher' },
    roleRef: { kind: 'ClusterRole', name: 'patcher' },
    subjects: [{ kind: 'User', name: 'gil' }],
  })
  const url = '/api/v1/namespaces/default/configmaps/made?fieldManager=m'
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'made' } }
  const apply = { method: 'PATCH', type: 'application/apply-patch+yaml', body }
  const headers = { 'Impersonate-User': 'gil' }
  const refused = await api.call(url, { ...apply, headers })
  assert.equal(refused.status, 403)
  assert.match(refused.json.message, /"gil" cannot create resource "configmaps"/)
  assert.equal((await api.call(url, apply)).status, 201)
  assert.equal((await api.call(url, { ...apply, headers })).status, 200)
})

test('who is nobody gets what is bound to nobody, else 401', async () => {
  const keys = '/openid/v1/jwks'
  assert.equal((await api.call(keys, { as: 'nobody' })).status, 401)
  await make('/clusterrolebindings', {
    metadata: { name: 'public-issuer' },
    roleRef: { kind: 'ClusterRole', name: 'system:service-account-issuer-discovery' },
    subjects: [{ kind: 'Group', name: 'system:unauthenticated' }],
  })
  assert.equal((await api.call(keys, { as: 'nobody' })).status, 200)
  assert.equal((await api.call('/api/v1/pods', { as: 'nobody' })).status, 401)
  const headers = { 'Impersonate-User': 'system:anonymous' }
  const { status, json } = await api.call('/api/v1/pods', { headers })
  assert.equal(status, 403)
  assert.match(json.message, /^pods is forbidden: User "system:anonymous" cannot list/)
})
