/** RBAC before the real kubectl: what charts bring, what their accounts then may, and what administrators are told. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { silentLog } from '../src/audit/log.ts'
import { startControllers } from '../src/kubernetes/controllers/controllers.ts'
import { clusterRoles } from '../src/kubernetes/resources.ts'
import { eventually } from './support/cluster.ts'
import { kubeconfigFor, startTestServer, wallClock } from './support/kubernetes-server.ts'

let cluster: Awaited<ReturnType<typeof startTestServer>>
let controllers: AsyncDisposable

before(async () => {
  cluster = await startTestServer()
  const { client, caPem } = cluster
  controllers = startControllers({ client, caPem, clock: wallClock, log: silentLog })
  const rules = (name: string) => client.get(clusterRoles, undefined, name)?.['rules'] ?? []
  await eventually('roles are gathered', () => rules('admin').length > 20)
})
after(async () => {
  await controllers[Symbol.asyncDispose]()
  await cluster[Symbol.asyncDispose]()
})

/** Runs kubectl; fails the test unless it ends as expected. */
async function kubectl(line: string | readonly string[], input = '', code = 0, env = {}) {
  const args = typeof line === 'string' ? line.split(' ') : line
  const result = await cluster.kubectl(args, input, env)
  assert.equal(result.code, code, `kubectl ${args.join(' ')}: ${result.stderr}${result.stdout}`)
  return code === 0 ? result.stdout : result.stderr + result.stdout
}

/** What charts have: an account, what it may, and that it may it. */
const chart = `
apiVersion: v1
kind: ServiceAccount
metadata: { name: robot }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: reader }
rules:
- apiGroups: [""]
  resources: [pods, pods/log]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [settings]
  verbs: [get]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: reads }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader }
subjects: [{ kind: ServiceAccount, name: robot, namespace: default }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: leases
  labels: { rbac.authorization.k8s.io/aggregate-to-view: "true" }
rules: [{ apiGroups: [coordination.k8s.io], resources: [leases], verbs: [get] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: leases }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: leases }
subjects: [{ kind: ServiceAccount, name: robot, namespace: default }]
`

test('a chart brings an account and its rights, and its token has these and no others', async () => {
  const created = await kubectl('apply -f -', chart)
  assert.match(created, /role.rbac.authorization.k8s.io\/reader created\n/)
  assert.match(created, /clusterrolebinding.rbac.authorization.k8s.io\/leases created\n/)
  assert.match(await kubectl('apply -f -', chart), /rolebinding.*\/reads unchanged/)
  await kubectl('create configmap settings --from-literal=a=1')

  const token = (await kubectl('create token robot')).trim()
  const file = join(cluster.directory, 'robot')
  await writeFile(file, kubeconfigFor(cluster.url, cluster.caPem, { token }))
  const robot = (line: string, code = 0) => kubectl(line, '', code, { KUBECONFIG: file })
  await robot('get pods')
  assert.match(await robot('get configmap settings'), /^NAME +DATA +AGE\nsettings +1 /)
  assert.equal(
    await robot('get pods -n kube-system', 1),
    'Error from server (Forbidden): pods is forbidden: User "system:serviceaccount:default:robot" cannot list resource "pods" in API group "" in the namespace "kube-system"\n',
  )
  assert.match(await robot('get configmap other', 1), /configmaps "other" is forbidden: /)
  assert.match(await robot('get secrets', 1), /cannot list resource "secrets"/)
  assert.equal(await robot('auth can-i get pods --subresource=log'), 'yes\n')
  assert.match(await robot('auth can-i delete pods', 1), /^no\n|\nno\n/)
  assert.equal(await robot('auth can-i get leases -A'), 'yes\n')
  const list = await robot('auth can-i --list')
  assert.match(list, /\npods\/log +\[\] +\[\] +\[get list watch\]\n/)
  assert.match(list, /\nconfigmaps +\[\] +\[settings\] +\[get\]\n/)
  assert.match(list, /\n +\[\/openid\/v1\/jwks\] +\[\] +\[get\]\n/)

  const view = () => JSON.stringify(cluster.client.get(clusterRoles, undefined, 'view'))
  await eventually('view gathers leases', () => view().includes('leases'))
  await kubectl('create rolebinding view --clusterrole=view --user=dee')
  assert.equal(await kubectl('auth can-i get leases --as=dee'), 'yes\n')

  await kubectl('delete rolebinding reads')
  assert.match(await robot('get pods', 1), /Forbidden/)
  await kubectl('create rolebinding lost --role=nowhere --serviceaccount=default:robot')
  assert.match(
    await robot('get pods', 1),
    /in the namespace "default": RBAC: role.rbac.authorization.k8s.io "nowhere" not found\n$/,
  )
  assert.match(await robot('auth can-i get pods', 1), /no - RBAC: role.*"nowhere" not found/)
})

test('create, get, describe and reconcile know the four kinds', async () => {
  await kubectl('create role maker --verb=create,patch --resource=pods,deployments.apps')
  await kubectl('create clusterrole paths --verb=get --non-resource-url=/logs/*')
  await kubectl('create rolebinding makes --clusterrole=edit --user=ann --group=ops')
  await kubectl('create clusterrolebinding paths --clusterrole=paths --serviceaccount=default:x')
  assert.match(
    await kubectl('get role maker'),
    /^NAME +CREATED AT\nmaker +\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n$/,
  )
  assert.match(
    await kubectl('get rolebinding makes -o wide'),
    /^NAME +ROLE +AGE +USERS +GROUPS +SERVICEACCOUNTS\nmakes +ClusterRole\/edit +\d+s +ann +ops +\n$/,
  )
  assert.match(
    await kubectl('describe role maker'),
    /\n +pods +\[\] +\[\] +\[create patch\]\n +deployments.apps +\[\] +\[\] +\[create patch\]/,
  )
  assert.match(
    await kubectl('describe clusterrolebinding paths'),
    /Kind: +ClusterRole\n +Name: +paths\n[\s\S]*ServiceAccount +x +default/,
  )
  assert.match(
    await kubectl('get --raw /logs/x --as=system:serviceaccount:default:x', '', 1),
    /NotFound|could not find/,
  )
  assert.match(
    await kubectl('get --raw /other --as=system:serviceaccount:default:x', '', 1),
    /forbidden: User "system:serviceaccount:default:x" cannot get path "\/other"/,
  )
  const role = (verb: string) =>
    JSON.stringify({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'maker', namespace: 'default' },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: [verb] }],
    })
  await kubectl('auth reconcile -f -', role('get'))
  const verbs = '-o=jsonpath={.rules[*].verbs}'
  assert.equal(
    await kubectl(`get role maker ${verbs}`),
    '["create","patch"] ["create","patch"] ["get"]',
  )
  assert.equal(await kubectl('auth can-i create pods --as=ann'), 'yes\n')
  assert.match(
    await kubectl('auth can-i create roles --as=ann --as-group=ops', '', 1),
    /^no\n|\nno\n/,
  )
  assert.match(
    await kubectl('auth can-i get secrets -n kube-system --as=ann', '', 1),
    /^no\n|\nno\n/,
  )
})

test('an administrator of a namespace gives what they have, and no more', async () => {
  await kubectl('create namespace shop')
  await kubectl('create rolebinding admin --clusterrole=admin --user=carl -n shop')
  const carl = (line: string, code = 0) => kubectl(`${line} -n shop --as=carl`, '', code)
  await carl('create rolebinding view --clusterrole=view --user=dee')
  await carl('create role pods --verb=get --resource=pods')
  assert.equal(
    await carl('create role nodes --verb=get,list --resource=nodes', 1),
    'Error from server (Forbidden): roles.rbac.authorization.k8s.io "nodes" is forbidden: user "carl" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["nodes"], Verbs:["get" "list"]}\n',
  )
  assert.match(
    await carl('create rolebinding top --clusterrole=cluster-admin --user=carl', 1),
    /attempting to grant RBAC permissions not currently held/,
  )
  assert.match(await carl('get namespace shop'), /shop +Active/)
  assert.match(await carl('get namespace default', 1), /cannot get resource "namespaces"/)
  assert.equal(await kubectl('auth can-i list pods -n shop --as=dee'), 'yes\n')
  await kubectl('delete namespace shop')
})
