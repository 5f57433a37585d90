import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import type { KubernetesObject, UserInfo } from '../../object.ts'
import { startHttpTest } from '../http/testing.ts'
import { Objects } from '../objects.ts'
import { clusterRoleBindings, roleBindings } from '../resources/role-bindings.ts'
import { clusterRoles, roles } from '../resources/roles.ts'
import { RbacRules } from './rbac.ts'

let api: Awaited<ReturnType<typeof startHttpTest>>
before(async () => {
  api = await startHttpTest()
})
after(() => api[Symbol.asyncDispose]())

const rbac = '/apis/rbac.authorization.k8s.io/v1'
const names = ['a', 'b', '__proto__', 'constructor', 'system:x', 'ü–字']
const anyName = fc.constantFrom(...names)
const spaces = ['default', 'kube-public']
const anySubject = fc.record({
  kind: fc.constantFrom('User', 'Group', 'ServiceAccount'),
  name: fc.constantFrom('a', '__proto__', 'hasOwnProperty', 'system:serviceaccount:default:a', 'x'),
  namespace: fc.constantFrom(undefined, ...spaces),
})
const anyChange = fc.record({
  kind: fc.constantFrom(roles, clusterRoles, roleBindings, clusterRoleBindings),
  namespace: fc.constantFrom(...spaces),
  name: anyName,
  remove: fc.boolean(),
  role: fc.record({ kind: fc.constantFrom('Role', 'ClusterRole'), name: anyName }),
  verbs: fc.subarray(['get', 'list', '*'], { minLength: 1 }),
  subjects: fc.array(anySubject, { maxLength: 3 }),
})
const users: readonly UserInfo[] = [
  { username: 'a', groups: [] },
  { username: 'x', groups: ['a', '__proto__', 'a'] },
  { username: '__proto__', groups: ['hasOwnProperty'] },
  { username: 'system:serviceaccount:default:a', groups: ['system:serviceaccounts'] },
  { username: 'system:serviceaccount:kube-public:a', groups: ['x'] },
]

type Change = typeof anyChange extends fc.Arbitrary<infer T> ? T : never

async function apply({ kind, namespace, name, remove, ...body }: Change): Promise<void> {
  const { client } = api.server
  const where = kind.namespaced ? namespace : undefined
  const isThere = client.get(kind, where, name) !== undefined
  if (remove || isThere) {
    if (isThere) await client.delete(kind, where, name)
    if (remove) return
  }
  const rules = [{ verbs: body.verbs, apiGroups: [''], resources: [name] }]
  const roleRef = kind.namespaced ? body.role : { ...body.role, kind: 'ClusterRole' }
  const subjects = body.subjects.filter(
    (one) => one.kind !== 'ServiceAccount' || (one.namespace && /^[a-z]/.test(one.name)),
  )
  const of = kind === roles || kind === clusterRoles ? { rules } : { roleRef, subjects }
  await client.create(kind, where, { metadata: { name }, ...of }).catch((error) => {
    // Accounts have names of their own kind.
    assert.match(String(error), /subjects\[\d\]\.(name|namespace|apiGroup)/)
  })
}

/** What a user has by reading everything anew, as Kubernetes does it. */
function slowly(user: UserInfo, namespace: string): string[] {
  const { client } = api.server
  const fits = (subject: { kind: string; name: string; namespace?: string }, home: string) =>
    subject.kind === 'User'
      ? subject.name === user.username
      : subject.kind === 'Group'
        ? user.groups.includes(subject.name)
        : user.username === `system:serviceaccount:${subject.namespace ?? home}:${subject.name}`
  const rulesOf = (binding: KubernetesObject) => {
    const { kind, name } = binding['roleRef']
    const role =
      kind === 'Role'
        ? client.get(roles, namespace, name)
        : client.get(clusterRoles, undefined, name)
    return role?.['rules'] ?? []
  }
  return [
    ...client.list(clusterRoleBindings).items,
    ...client.list(roleBindings, { namespace }).items,
  ]
    .filter((binding) => (binding['subjects'] ?? []).some((s: never) => fits(s, namespace)))
    .flatMap(rulesOf)
    .map((rule) => JSON.stringify(rule))
    .sort()
}

test('whatever is made, changed and removed, a user has just what is stored', async () => {
  const objects = new Objects(api.store, '/c')
  using early = new RbacRules(objects)
  const check = (rules: RbacRules) => {
    for (const user of users) {
      for (const namespace of spaces) {
        const quick = [...rules.grants(user, namespace)].map(({ rule }) => JSON.stringify(rule))
        assert.deepEqual(quick.sort(), slowly(user, namespace))
      }
    }
  }
  const property = fc.asyncProperty(fc.array(anyChange, { maxLength: 8 }), async (changes) => {
    for (const change of changes) await apply(change)
    check(early)
    // One that reads all now knows the same.
    using late = new RbacRules(objects)
    check(late)
  })
  await fc.assert(property, { numRuns: 60 })
  objects[Symbol.dispose]()
})

test('names that are none, and rules that would take for ever, are refused in time', async () => {
  const make = async (name: string) =>
    (await api.call(`${rbac}/clusterroles`, { body: { metadata: { name }, rules: [] } })).json
  const wrong = [
    ['.', "may not be '.'"],
    ['..', "may not be '..'"],
    ['a/b', "may not contain '/'"],
    ['a%b', "may not contain '%'"],
    ['a\0', 'may not contain NUL or characters beyond the basic multilingual plane'],
    ['\ud83d\ude00', 'may not contain NUL or characters beyond the basic multilingual plane'],
  ] as const
  for (const [name, why] of wrong) {
    const { message, code } = await make(name)
    assert.equal(code, 422, name)
    assert.ok(message.includes(`metadata.name: Invalid value: ${JSON.stringify(name)}: ${why}`))
  }
  assert.equal((await make('ü 字:*')).metadata.name, 'ü 字:*')
  const url = `${rbac}/clusterroles/${encodeURIComponent('ü 字:*')}`
  assert.equal((await api.call(url, { method: 'DELETE' })).status, 200)

  const many = (prefix: string) => Array.from({ length: 5000 }, (_, i) => `${prefix}${i}`)
  const rule = { verbs: many('v'), apiGroups: many('g'), resources: many('r') }
  const apiGroups = ['rbac.authorization.k8s.io']
  const writer = { verbs: ['create'], apiGroups, resources: ['roles'] }
  await api.call(`${rbac}/clusterroles`, { body: { metadata: { name: 'w' }, rules: [writer] } })
  const binding = {
    metadata: { name: 'w' },
    roleRef: { kind: 'ClusterRole', name: 'w' },
    subjects: [{ kind: 'User', name: 'mallory' }],
  }
  await api.call(`${rbac}/clusterrolebindings`, { body: binding })
  const refused = await api.call(`${rbac}/namespaces/default/roles`, {
    body: { metadata: { name: 'huge' }, rules: [rule] },
    headers: { 'Impersonate-User': 'mallory' },
  })
  assert.equal(refused.status, 403)
  assert.match(refused.json.message, /^roles.* "huge" is forbidden: .* not currently held:\n\{APIG/)
})
