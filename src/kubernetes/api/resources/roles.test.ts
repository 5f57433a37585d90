import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startHttpTest } from '../http/testing.ts'

let api: Awaited<ReturnType<typeof startHttpTest>>
before(async () => {
  api = await startHttpTest()
})
after(() => api[Symbol.asyncDispose]())

const rbac = '/apis/rbac.authorization.k8s.io/v1'
const paths: Readonly<Record<string, string>> = {
  Role: '/namespaces/default/roles',
  ClusterRole: '/clusterroles',
  RoleBinding: '/namespaces/default/rolebindings',
  ClusterRoleBinding: '/clusterrolebindings',
}
const group = 'rbac.authorization.k8s.io'
const pods = { verbs: ['get'], apiGroups: [''], resources: ['pods'] }
const roleRef = { kind: 'ClusterRole', name: 'r' }
const subject = (of: object) => ({ roleRef, subjects: [of] })

/** A kind, the fields of an object of it, and the field errors that it is refused with. */
const cases: readonly (readonly [string, object, string])[] = [
  [
    'Role',
    { rules: [{}] },
    '[rules[0].verbs: Required value: verbs must contain at least one value, rules[0].apiGroups: Required value: resource rules must supply at least one api group, rules[0].resources: Required value: resource rules must supply at least one resource]',
  ],
  [
    'Role',
    { rules: [{ verbs: ['get'], nonResourceURLs: ['/a', '/b'] }] },
    'rules[0].nonResourceURLs: Invalid value: []string{"/a", "/b"}: namespaced rules cannot apply to non-resource URLs',
  ],
  [
    'ClusterRole',
    { rules: [{ ...pods, nonResourceURLs: ['/a'] }] },
    'rules[0].nonResourceURLs: Invalid value: []string{"/a"}: rules cannot apply to both regular resources and non-resource URLs',
  ],
  [
    'ClusterRole',
    { aggregationRule: {} },
    'aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil',
  ],
  [
    'ClusterRole',
    {
      aggregationRule: {
        clusterRoleSelectors: [{ matchExpressions: [{ key: 'a', operator: 'Is' }] }],
      },
    },
    'aggregationRule.clusterRoleSelectors[0].matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
  ],
  [
    'RoleBinding',
    {},
    '[roleRef.kind: Unsupported value: "": supported values: "Role", "ClusterRole", roleRef.name: Required value]',
  ],
  [
    'RoleBinding',
    { roleRef: { apiGroup: 'x', kind: 'Role', name: 'a/b' } },
    `[roleRef.apiGroup: Unsupported value: "x": supported values: "${group}", roleRef.name: Invalid value: "a/b": may not contain '/']`,
  ],
  [
    'ClusterRoleBinding',
    { roleRef: { kind: 'Role', name: 'r' } },
    'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"',
  ],
  [
    'RoleBinding',
    subject({ kind: 'Robot', name: 'r' }),
    'subjects[0].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"',
  ],
  ['RoleBinding', subject({ kind: 'User' }), 'subjects[0].name: Required value'],
  [
    'RoleBinding',
    subject({ kind: 'User', name: 'u', apiGroup: 'x' }),
    `subjects[0].apiGroup: Unsupported value: "x": supported values: "${group}"`,
  ],
  [
    'RoleBinding',
    subject({ kind: 'ServiceAccount', name: 's', apiGroup: group }),
    `subjects[0].apiGroup: Unsupported value: "${group}": supported values: ""`,
  ],
  [
    'ClusterRoleBinding',
    subject({ kind: 'ServiceAccount', name: 's' }),
    'subjects[0].namespace: Required value',
  ],
]

test('what is wrong is named as Kubernetes names it', async () => {
  for (const [kind, fields, errors] of cases) {
    const body = { metadata: { name: 'x' }, ...fields }
    const { status, json } = await api.call(`${rbac}${paths[kind]}`, { body })
    assert.equal(status, 422, JSON.stringify(fields))
    assert.equal(json.message, `${kind}.${group} "x" is invalid: ${errors}`)
  }
})

test('groups of role and subjects are filled in; the role of a binding stays', async () => {
  const url = `${rbac}${paths['RoleBinding']}`
  const subjects = [
    { kind: 'User', name: 'u' },
    { kind: 'Group', name: 'g' },
    { kind: 'ServiceAccount', name: 's' },
  ]
  const body = { metadata: { name: 'b' }, roleRef, subjects }
  const { json } = await api.call(url, { body })
  assert.deepEqual(json.roleRef, { apiGroup: group, ...roleRef })
  assert.deepEqual(json.subjects, [
    { ...subjects[0], apiGroup: group },
    { ...subjects[1], apiGroup: group },
    subjects[2],
  ])
  // Role, subjects and the like are owned whole.
  assert.deepEqual(json.metadata.managedFields[0].fieldsV1, { 'f:roleRef': {}, 'f:subjects': {} })
  const type = 'application/merge-patch+json'
  const patch = { method: 'PATCH', type, body: { roleRef: { kind: 'Role' } } }
  const changed = await api.call(`${url}/b`, patch)
  assert.equal(changed.status, 422)
  assert.equal(
    changed.json.message,
    `RoleBinding.${group} "b" is invalid: roleRef: Invalid value: rbac.RoleRef{APIGroup:"${group}", Kind:"Role", Name:"r"}: cannot change roleRef`,
  )
  const gone = await api.call(`${url}/b`, { method: 'DELETE' })
  assert.deepEqual([gone.json.kind, gone.json.details.kind], ['Status', 'rolebindings'])
})

test('a PUT makes what is not there', async () => {
  const url = `${rbac}${paths['Role']}/put`
  const put = (verb: string) =>
    api.call(url, {
      method: 'PUT',
      body: { metadata: { name: 'put' }, rules: [{ ...pods, verbs: [verb] }] },
    })
  const made = await put('get')
  assert.deepEqual([made.status, made.json.rules], [201, [pods]])
  const changed = await put('list')
  assert.deepEqual([changed.status, changed.json.rules[0].verbs], [200, ['list']])
  assert.equal(changed.json.metadata.uid, made.json.metadata.uid)
  assert.equal((await api.call(`${url}?dryRun=All`, { method: 'DELETE' })).status, 200)
})

test('a role without rules says so, and tables are Kubernetes’ own', async () => {
  const url = `${rbac}${paths['Role']}`
  const made = await api.call(url, { body: { metadata: { name: 'empty' } } })
  assert.equal(made.json.rules, null)
  const headers = { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }
  const table = async (path: string) => {
    const { json } = await api.call(path, { headers })
    const columns = json.columnDefinitions as { name: string; priority: number }[]
    return [columns.map((c) => `${c.name} ${c.priority}`), json.rows[0].cells]
  }
  assert.deepEqual(await table(`${url}/empty`), [
    ['Name 0', 'Created At 0'],
    ['empty', made.json.metadata.creationTimestamp],
  ])
  assert.deepEqual(await table(`${rbac}/clusterrolebindings/system:kube-dns`), [
    ['Name 0', 'Role 0', 'Age 0', 'Users 1', 'Groups 1', 'ServiceAccounts 1'],
    ['system:kube-dns', 'ClusterRole/system:kube-dns', '0s', '', '', 'kube-system/kube-dns'],
  ])
})
