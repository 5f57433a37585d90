import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startHttpTest } from '../http/testing.ts'

let api: Awaited<ReturnType<typeof startHttpTest>>
const rbac = '/apis/rbac.authorization.k8s.io/v1'
const here = `${rbac}/namespaces/default`
const ref = (kind: string, name: string) => ({ kind, name })
const user = (name: string) => [{ kind: 'User', name }]

before(async () => {
  api = await startHttpTest()
  const all = ['create', 'update', 'patch', 'delete']
  const writer = { apiGroups: ['rbac.authorization.k8s.io'], resources: ['*'], verbs: all }
  await grant('ann', [writer, { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }])
  const escalate = { ...writer, resources: ['roles'], verbs: ['escalate'], resourceNames: ['big'] }
  await grant('bob', [writer, escalate])
  await grant('cid', [writer, { ...writer, resources: ['clusterroles'], verbs: ['bind'] }])
  await grant('dee', [writer, { ...writer, resources: ['clusterroles'], verbs: ['escalate'] }])
})
after(() => api[Symbol.asyncDispose]())

/** Gives a user a ClusterRole everywhere. */
async function grant(name: string, rules: readonly object[]): Promise<void> {
  const role = { metadata: { name }, rules }
  assert.equal((await api.call(`${rbac}/clusterroles`, { body: role })).status, 201)
  const body = { metadata: { name }, roleRef: ref('ClusterRole', name), subjects: user(name) }
  assert.equal((await api.call(`${rbac}/clusterrolebindings`, { body })).status, 201)
}

const as = (name: string) => ({ headers: { 'Impersonate-User': name } })
const podRule = (...verbs: string[]) => ({ apiGroups: [''], resources: ['pods'], verbs })

test('nobody makes or widens a role beyond what they hold', async () => {
  const role = (name: string, ...rules: object[]) => ({ metadata: { name }, rules })
  const roles = `${here}/roles`
  const own = await api.call(roles, { body: role('own', podRule('get')), ...as('ann') })
  assert.equal(own.status, 201, own.text)
  const more = await api.call(roles, {
    body: role('more', podRule('get', 'watch', 'delete')),
    ...as('ann'),
  })
  assert.deepEqual(
    [more.status, more.json.message],
    [
      403,
      'roles.rbac.authorization.k8s.io "more" is forbidden: user "ann" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["watch" "delete"]}',
    ],
  )
  assert.equal((await api.call(`${roles}/more`)).status, 404)
  const dry = await api.call(`${roles}?dryRun=All`, {
    body: role('more', podRule('*')),
    ...as('ann'),
  })
  assert.equal(dry.status, 403)
  const ways = [
    ['PATCH', 'application/merge-patch+json', { rules: [podRule('*')] }],
    [
      'PATCH',
      'application/json-patch+json',
      [{ op: 'replace', path: '/rules/0/verbs/0', value: '*' }],
    ],
    ['PATCH', 'application/apply-patch+yaml', role('own', podRule('*'))],
    ['PUT', 'application/json', role('own', podRule('*'))],
  ] as const
  for (const [method, type, body] of ways) {
    const url = `${roles}/own${type.includes('apply') ? '?fieldManager=m&force=true' : ''}`
    const widened = await api.call(url, { method, type, body, ...as('ann') })
    assert.equal(widened.status, 403, `${type}: ${widened.text}`)
    assert.match(widened.json.message, /attempting to grant RBAC permissions not currently held/)
  }
  const upsert = await api.call(`${roles}/fresh?fieldManager=m`, {
    method: 'PATCH',
    type: 'application/apply-patch+yaml',
    body: role('fresh', podRule('*')),
    ...as('ann'),
  })
  assert.equal(upsert.status, 403, upsert.text)
  const put = await api.call(`${roles}/fresh`, {
    method: 'PUT',
    body: role('fresh', podRule('*')),
    ...as('ann'),
  })
  assert.equal(put.status, 403, put.text)
  assert.match(put.json.message, /not currently held/)
})

test('escalate lifts it, for the roles that it names; owners may be set by who holds nothing', async () => {
  const big = { metadata: { name: 'big' }, rules: [podRule('*')] }
  // A create names no object yet.
  assert.equal((await api.call(`${here}/roles`, { body: big, ...as('bob') })).status, 403)
  assert.equal((await api.call(`${here}/roles`, { body: big })).status, 201)
  const patch = (body: object, name: string) =>
    api.call(`${here}/roles/big`, {
      method: 'PATCH',
      type: 'application/merge-patch+json',
      body,
      ...as(name),
    })
  assert.equal((await patch({ metadata: { finalizers: ['a.io/b'] } }, 'ann')).status, 200)
  assert.equal((await patch({ metadata: { finalizers: null } }, 'ann')).status, 200)
  assert.equal((await patch({ metadata: { labels: { a: 'b' } } }, 'ann')).status, 403)
  assert.equal((await patch({ rules: [podRule('*', 'x')] }, 'bob')).status, 200)
  const another = { metadata: { name: 'another' }, rules: [podRule('*')] }
  const made = await api.call(`${rbac}/clusterroles`, { body: another, ...as('dee') })
  assert.equal(made.status, 201, made.text)
  // The right to widen ClusterRoles says nothing of Roles.
  assert.equal((await api.call(`${here}/roles`, { body: another, ...as('dee') })).status, 403)
})

test('nobody binds a role beyond what they hold; bind lifts it', async () => {
  const bind = (path: string, kind: string, role: string, by: string) =>
    api.call(`${path}bindings?dryRun=All`, {
      body: { metadata: { name: 'x' }, roleRef: ref(kind, role), subjects: user('x') },
      ...as(by),
    })
  const refused = await bind(`${here}/role`, 'ClusterRole', 'cluster-admin', 'ann')
  assert.equal(refused.status, 403)
  assert.equal(
    refused.json.message,
    'rolebindings.rbac.authorization.k8s.io "x" is forbidden: user "ann" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:["*"], Resources:["*"], Verbs:["*"]}\n{NonResourceURLs:["*"], Verbs:["*"]}',
  )
  assert.equal((await bind(`${here}/role`, 'ClusterRole', 'ann', 'ann')).status, 201)
  assert.equal((await bind(`${rbac}/clusterrole`, 'ClusterRole', 'ann', 'ann')).status, 201)
  assert.equal(
    (await bind(`${rbac}/clusterrole`, 'ClusterRole', 'cluster-admin', 'cid')).status,
    201,
  )
  assert.equal((await bind(`${here}/role`, 'ClusterRole', 'nowhere', 'cid')).status, 201)
  const lost = await bind(`${here}/role`, 'Role', 'nowhere', 'ann')
  assert.deepEqual(
    [lost.status, lost.json.message],
    [404, 'roles.rbac.authorization.k8s.io "nowhere" not found'],
  )
  assert.equal((await bind(`${here}/role`, 'Nothing', 'x', 'ann')).status, 422)
  assert.equal((await bind(`${rbac}/clusterrole`, 'Role', 'x', 'ann')).status, 422)
})

test('only who may do everything makes or changes a role that gathers others', async () => {
  const gather = (name: string) => ({
    metadata: { name },
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] },
  })
  const url = `${rbac}/clusterroles`
  const refused = await api.call(url, { body: gather('g'), ...as('ann') })
  assert.equal(
    refused.json.message,
    'clusterroles.rbac.authorization.k8s.io "g" is forbidden: must have cluster-admin privileges to use the aggregationRule',
  )
  assert.equal((await api.call(url, { body: gather('g') })).status, 201)
  const type = 'application/merge-patch+json'
  const body = { aggregationRule: null }
  const emptied = await api.call(`${url}/g`, { method: 'PATCH', type, body, ...as('ann') })
  assert.equal(emptied.status, 403)
  await grant('top', [
    { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
    { nonResourceURLs: ['*'], verbs: ['*'] },
  ])
  assert.equal((await api.call(url, { body: gather('h'), ...as('top') })).status, 201)
})
