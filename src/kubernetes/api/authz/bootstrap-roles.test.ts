import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '../../../../test/support/cluster.ts'
import { silentLog } from '../../../audit/log.ts'
import { startControllers } from '../../controllers/controllers.ts'
import { startHttpTest } from '../http/testing.ts'
import { clusterRoleBindings, roleBindings } from '../resources/role-bindings.ts'
import { clusterRoles, roles } from '../resources/roles.ts'
import { bootstrapRoles } from './bootstrap-roles.ts'
import type { PolicyRule } from './policy-rule.ts'

const autoUpdate = 'rbac.authorization.kubernetes.io/autoupdate'

test('what a start finds lacking is added, what is added or protected by its owner stays', async () => {
  await using api = await startHttpTest()
  const { client } = api.server
  const revision = client.list(clusterRoles).resourceVersion
  await bootstrapRoles(client)
  assert.equal(client.list(clusterRoles).resourceVersion, revision)

  const own = { verbs: ['brew'], apiGroups: ['tea.io'], resources: ['pots'] }
  await client.modify(clusterRoles, undefined, 'system:basic-user', (role) => ({
    ...role,
    rules: [own],
    metadata: { ...role.metadata, labels: { team: 'tea' } },
  }))
  await client.modify(clusterRoles, undefined, 'system:discovery', (role) => ({
    ...role,
    rules: null,
    metadata: { ...role.metadata, annotations: { [autoUpdate]: 'false' } },
  }))
  await client.modify(clusterRoles, undefined, 'view', (role) => ({
    ...role,
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] },
  }))
  await client.modify(clusterRoleBindings, undefined, 'system:discovery', (binding) => ({
    ...binding,
    subjects: [{ kind: 'User', name: 'u', apiGroup: 'rbac.authorization.k8s.io' }],
  }))
  await client.delete(clusterRoleBindings, undefined, 'system:basic-user')
  await client.create(clusterRoleBindings, undefined, {
    metadata: { name: 'system:basic-user' },
    roleRef: { kind: 'ClusterRole', name: 'view' },
  })
  await client.delete(roles, 'kube-system', 'extension-apiserver-authentication-reader')
  await bootstrapRoles(client)

  const role = (name: string) => client.get(clusterRoles, undefined, name)
  const binding = (name: string) => client.get(clusterRoleBindings, undefined, name)
  const basic = role('system:basic-user')
  assert.deepEqual(basic?.['rules'][0], own)
  const resources = basic?.['rules'].flatMap((rule: PolicyRule) => rule.resources)
  assert.deepEqual(resources.slice(1).sort(), [
    'selfsubjectaccessreviews',
    'selfsubjectreviews',
    'selfsubjectrulesreviews',
  ])
  assert.equal(basic?.metadata.labels?.['team'], 'tea')
  assert.equal(basic?.metadata.labels?.['kubernetes.io/bootstrapping'], 'rbac-defaults')
  assert.equal(role('system:discovery')?.['rules'], null)
  assert.equal(role('view')?.['aggregationRule'].clusterRoleSelectors.length, 2)
  assert.deepEqual(
    binding('system:discovery')?.['subjects'].map((s: { name: string }) => s.name),
    ['u', 'system:authenticated'],
  )
  assert.equal(binding('system:basic-user')?.['roleRef'].name, 'system:basic-user')
  assert.ok(client.get(roles, 'kube-system', 'extension-apiserver-authentication-reader'))
  assert.equal(client.list(roleBindings, { namespace: 'kube-system' }).items.length, 6)
})

test('roles that gather others follow them, through each other', async () => {
  await using api = await startHttpTest()
  const { client } = api.server
  const { clock } = api
  await using _ = startControllers({ client, clock, caPem: 'CA', log: silentLog })
  const rulesOf = (name: string): PolicyRule[] =>
    client.get(clusterRoles, undefined, name)?.['rules'] ?? []
  const hasPots = (name: string) => rulesOf(name).some((r) => r.resources?.includes('pots'))
  const hasPods = (name: string) => rulesOf(name).some((r) => r.resources?.includes('pods'))
  await eventually('gathered', () => ['view', 'edit', 'admin'].every(hasPods))
  assert.ok(!rulesOf('view').some((rule) => rule.resources?.includes('secrets')))
  assert.ok(!rulesOf('edit').some((rule) => rule.resources?.includes('roles')))
  assert.ok(rulesOf('admin').some((rule) => rule.resources?.includes('roles')))

  const labels = { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' }
  const rules = [{ verbs: ['get'], apiGroups: ['tea.io'], resources: ['pots'] }]
  await client.create(clusterRoles, undefined, { metadata: { name: 'pots', labels }, rules })
  await eventually('added', () => ['view', 'edit', 'admin'].every(hasPots))
  await client.modify(clusterRoles, undefined, 'view', (role) => ({ ...role, rules: [] }))
  await eventually('restored', () => hasPods('view'))
  await client.delete(clusterRoles, undefined, 'pots')
  await eventually('taken away', () => !['view', 'edit', 'admin'].some(hasPots))
})
