/** The embedded API server before the real kubectl: what people type, and what they are told. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { KubernetesObject } from '../src/kubernetes/object.ts'
import {
  deployments,
  nodes,
  pods,
  replicaSets,
  serviceAccounts,
} from '../src/kubernetes/resources.ts'
import { startTestServer } from './support/kubernetes-server.ts'

let cluster: Awaited<ReturnType<typeof startTestServer>>
const follow = Promise.withResolvers<void>()

before(async () => {
  cluster = await startTestServer({
    nodeAgent: () => ({
      exec: () => undefined,
      attach: () => undefined,
      async *logs(_namespace, pod, container, options) {
        yield Buffer.from(`${pod}/${container} tail=${options.tailLines ?? 'all'}\n`)
        if (!options.follow) return
        await follow.promise
        yield Buffer.from('the end\n')
      },
    }),
  })
  await cluster.client.create(serviceAccounts, 'default', { metadata: { name: 'default' } })
  await cluster.client.create(nodes, undefined, { metadata: { name: 'node-1' } })
})
after(async () => {
  await cluster[Symbol.asyncDispose]()
})

/** Runs kubectl; fails the test unless it ends as expected. */
async function kubectl(line: string | readonly string[], input = '', code = 0): Promise<string> {
  const args = typeof line === 'string' ? line.split(' ') : line
  const result = await cluster.kubectl(args, input)
  assert.equal(result.code, code, `kubectl ${args.join(' ')}: ${result.stderr}${result.stdout}`)
  return code === 0 ? result.stdout : result.stderr
}

const pod = (name: string, more: object = {}) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: name } },
    spec: {
      restartPolicy: 'Never',
      containers: [{ name: 'c', image: 'amazon/aws-cli:latest', args: ['s3', 'ls'] }],
      ...more,
    },
  })

/** What the kubelet would say of a pod. */
async function setPod(name: string, phase: string, state: object): Promise<void> {
  const found = cluster.client.get(pods, 'default', name)
  if (!found?.['spec'].nodeName) await cluster.client.bind('default', name, 'node-1')
  const isReady = phase === 'Running'
  const change = (current: KubernetesObject): KubernetesObject => ({
    ...current,
    status: {
      ...current['status'],
      phase,
      conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }],
      containerStatuses: [
        { name: 'c', ready: isReady, restartCount: 0, image: 'i', imageID: '', state },
      ],
    },
  })
  await cluster.client.modify(pods, 'default', name, change, 'status')
}

test('apply creates, leaves alone, changes, and refuses what may not change', async () => {
  assert.equal(await kubectl('apply -f -', pod('a1')), 'pod/a1 created\n')
  assert.equal(await kubectl('apply -f -', pod('a1')), 'pod/a1 unchanged\n')
  const image = pod('a1').replace('latest', 'v2')
  assert.equal(await kubectl('apply -f -', image), 'pod/a1 configured\n')
  assert.match(await kubectl('diff -f -', pod('a1'), 1), /^$/)
  const args = pod('a1').replace('"ls"', '"mb"')
  const refused = await kubectl('apply -f -', args, 1)
  assert.match(
    refused,
    /The Pod "a1" is invalid: spec: Forbidden: pod updates may not change fields/,
  )
  assert.match(
    await kubectl('apply --dry-run=server -f -', pod('a2')),
    /created \(server dry run\)/,
  )
  await kubectl('get pod a2', '', 1)
})

test('a misspelt field, a wrong type and a bad value are named as Kubernetes names them', async () => {
  const misspelt = pod('b').replace('restartPolicy', 'restrtPolicy')
  assert.match(
    await kubectl('create -f -', misspelt, 1),
    /Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.restrtPolicy"/,
  )
  assert.equal(
    await kubectl('create --validate=warn -f -', misspelt.replace('"b"', '"b1"')),
    'pod/b1 created\n',
  )
  assert.match(
    await kubectl('create -f -', pod('b', { hostNetwork: 'yes' }), 1),
    /json: cannot unmarshal string into Go struct field PodSpec.spec.hostNetwork of type bool/,
  )
  const two = await kubectl('create -f -', pod('B_', { containers: [{ name: 'c' }] }), 1)
  assert.match(
    two,
    /^The Pod "B_" is invalid: \n\* metadata.name: Invalid value: "B_": a lowercase/,
  )
  assert.match(two, /\* spec.containers\[0\].image: Required value/)
  assert.match(
    await kubectl('create -f -', pod('b', { serviceAccountName: 'nobody' }), 1),
    /pods "b" is forbidden: error looking up service account default\/nobody: serviceaccount "nobody" not found/,
  )
  assert.match(
    await kubectl('create -f -', pod('b1'), 1),
    /\(AlreadyExists\).*pods "b1" already exists/,
  )
})

test('a kind that the server does not have is said to be none', async () => {
  const widget = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w' } }
  for (const command of ['create -f -', 'apply -f -']) {
    assert.match(
      await kubectl(command, JSON.stringify(widget), 1),
      /resource mapping not found for name: "w" namespace: "" from "STDIN": no matches for kind "Widget" in version "example.com\/v1"/,
    )
  }
})

test('get shows tables, wide, yaml, selections, and watches', async () => {
  await kubectl('apply -f -', pod('g1'))
  await setPod('g1', 'Running', { running: { startedAt: '2026-01-01T00:00:00Z' } })
  assert.match(
    await kubectl('get pod g1'),
    /^NAME +READY +STATUS +RESTARTS +AGE\ng1 +1\/1 +Running +0 +\d+s\n$/,
  )
  assert.match(await kubectl('get pods -l app=g1 -o wide'), /g1 .* node-1 /)
  assert.equal(await kubectl('get pods --field-selector spec.nodeName=node-1 -o name'), 'pod/g1\n')
  assert.match(await kubectl('get pods -A --show-labels --sort-by=.metadata.name'), /app=g1/)
  assert.match(await kubectl('get all'), /pod\/g1/)
  const watching = cluster.kubectl(['get', 'pod', 'g1', '-w', '--request-timeout=2s'])
  const waiting = kubectl('wait --for=jsonpath={.status.phase}=Succeeded pod/g1 --timeout=10s')
  await setPod('g1', 'Succeeded', { terminated: { exitCode: 0, reason: 'Completed' } })
  assert.match(await waiting, /condition met/)
  assert.match((await watching).stdout, /0\/1 +Completed/)
  assert.match(await kubectl('get pod nope', '', 1), /\(NotFound\): pods "nope" not found/)
  assert.match(
    await kubectl('get pods --field-selector a=b', '', 1),
    /field label not supported: a/,
  )
  assert.match(await kubectl('get pods -l a==b,!c,d notin (e)'.split(/ (?!notin|\()/)), /^$/)
})

test('logs come from the kubelet, follow until the end, and say why there are none', async () => {
  await kubectl('apply -f -', pod('l1'))
  await setPod('l1', 'Pending', { waiting: { reason: 'ImagePullBackOff' } })
  assert.match(
    await kubectl('logs l1', '', 1),
    /container "c" in pod "l1" is waiting to start: trying and failing to pull image/,
  )
  await setPod('l1', 'Running', { running: {} })
  assert.equal(await kubectl('logs l1 --tail=5'), 'l1/c tail=5\n')
  const following = kubectl('logs -f l1')
  setTimeout(() => follow.resolve(), 300)
  assert.equal(await following, 'l1/c tail=all\nthe end\n')
  assert.match(await kubectl('logs l1 -c x', '', 1), /container x is not valid for pod l1/)
  assert.match(await kubectl('logs l1 -p', '', 1), /previous terminated container "c" in pod "l1"/)
})

test('ServiceAccounts: create, annotate, label, describe, token', async () => {
  await kubectl('create sa my-sa')
  await kubectl('annotate sa my-sa eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/r')
  await kubectl('label sa my-sa team=a')
  await kubectl('label sa my-sa team-')
  assert.match(await kubectl('describe sa my-sa'), /Annotations: +eks.amazonaws.com\/role-arn: arn/)
  const token = await kubectl('create token my-sa --audience sts.amazonaws.com --duration 1h')
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
  assert.equal(claims.sub, 'system:serviceaccount:default:my-sa')
  assert.deepEqual(claims.aud, ['sts.amazonaws.com'])
  assert.equal(claims.exp - claims.iat, 3600)
  assert.match(
    await kubectl('create token my-sa --duration 5m', '', 1),
    /may not specify a duration less than 10 minutes/,
  )
  assert.match(await kubectl('create token nobody', '', 1), /serviceaccounts "nobody" not found/)
})

test('a ServiceAccount may look at itself and nothing else', async () => {
  await kubectl('create sa lone')
  const token = (await kubectl('create token lone')).trim()
  const as = `--token=${token} --client-certificate= --client-key=`
  const plain = (line: string) =>
    cluster.kubectl([
      ...`${as} --server=${cluster.url} --kubeconfig=/dev/null`.split(' '),
      `--certificate-authority=${cluster.directory}/ca.pem`,
      ...line.split(' '),
    ])
  const { writeFile } = await import('node:fs/promises')
  await writeFile(`${cluster.directory}/ca.pem`, cluster.caPem)
  assert.match((await plain('auth whoami')).stdout, /system:serviceaccount:default:lone/)
  assert.equal((await plain('auth can-i get pods')).stdout, 'no\n')
  const refused = await plain('get pods')
  assert.match(
    refused.stderr,
    /pods is forbidden: User "system:serviceaccount:default:lone" cannot list resource "pods" in API group "" in the namespace "default"/,
  )
  await kubectl('delete sa lone')
  assert.match((await plain('get pods')).stderr, /You must be logged in to the server/)
})

test('an administrator acts as others and sees what they may', async () => {
  assert.equal(await kubectl('auth can-i create deployments'), 'yes\n')
  assert.match(await kubectl('auth whoami --as jane --as-group dev'), /jane[\s\S]*dev/)
  assert.equal(
    (await cluster.kubectl('auth can-i create pods --as jane'.split(' '))).stdout,
    'no\n',
  )
  assert.match(
    await kubectl('get pods --as jane', '', 1),
    /User "jane" cannot list resource "pods"/,
  )
  assert.match(await kubectl('auth can-i --list --as jane'), /selfsubjectaccessreviews/)
})

test('Deployments: create, scale, set image, rollout, patches of every kind', async () => {
  await kubectl('create deployment d --image=amazon/aws-cli:latest --replicas=2')
  assert.equal(await kubectl('scale deployment d --replicas=3'), 'deployment.apps/d scaled\n')
  const setStatus = (o: KubernetesObject): KubernetesObject => {
    const { replicas } = o['spec']
    return {
      ...o,
      status: {
        observedGeneration: o.metadata.generation,
        replicas,
        updatedReplicas: replicas,
        readyReplicas: replicas,
        availableReplicas: replicas,
      },
    }
  }
  const rollout = kubectl('rollout status deployment d --timeout=10s')
  await cluster.client.modify(deployments, 'default', 'd', setStatus, 'status')
  assert.match(await rollout, /successfully rolled out/)
  assert.match(await kubectl('get deployment d'), /d +3\/3 +3 +3/)
  assert.match(await kubectl('set image deployment/d aws-cli=amazon/aws-cli:v2'), /image updated/)
  await kubectl([
    'patch',
    'deployment',
    'd',
    '-p',
    '{"spec":{"template":{"spec":{"containers":[{"name":"aws-cli","env":[{"name":"A","value":"1"}]}]}}}}',
  ])
  await kubectl([
    'patch',
    'deployment',
    'd',
    '--type=json',
    '-p',
    '[{"op":"replace","path":"/spec/replicas","value":1}]',
  ])
  await kubectl([
    'patch',
    'deployment',
    'd',
    '--type=merge',
    '-p',
    '{"metadata":{"labels":{"x":"y"}}}',
  ])
  const made = JSON.parse(await kubectl('get deployment d -o json'))
  const [container] = made.spec.template.spec.containers
  assert.deepEqual(
    [container.image, container.env],
    ['amazon/aws-cli:v2', [{ name: 'A', value: '1' }]],
  )
  assert.deepEqual([made.spec.replicas, made.metadata.labels], [1, { app: 'd', x: 'y' }])
  assert.match(await kubectl('rollout restart deployment d'), /restarted/)
  assert.match(await kubectl('describe deployment d'), /StrategyType: +RollingUpdate/)
  await kubectl('delete deployment d')
  assert.equal(cluster.client.list(replicaSets).items.length, 0)
})

test('server-side apply owns fields, finds conflicts, and takes back what is no longer applied', async () => {
  const map = (data: object) =>
    JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'ssa' }, data })
  await kubectl('apply --server-side -f -', map({ a: '1', b: '2' }))
  const refused = await kubectl(
    'apply --server-side --field-manager=other -f -',
    map({ a: '9' }),
    1,
  )
  assert.match(refused, /Apply failed with 1 conflict: conflict with "kubectl": .data.a/)
  await kubectl('apply --server-side --field-manager=other --force-conflicts -f -', map({ a: '9' }))
  await kubectl('apply --server-side -f -', map({ c: '3' }))
  const made = JSON.parse(await kubectl('get cm ssa -o json --show-managed-fields'))
  assert.deepEqual(made.data, { a: '9', c: '3' })
  assert.deepEqual(made.metadata.managedFields.map((m: { manager: string }) => m.manager).sort(), [
    'kubectl',
    'other',
  ])
})

test('deletions: at once, by selector, with a finalizer, of a namespace that stays', async () => {
  await kubectl('create configmap x1 --from-literal=a=b')
  await kubectl('label configmap x1 del=yes')
  assert.match(await kubectl('delete configmap -l del=yes'), /"x1" deleted/)
  await kubectl('create configmap held')
  await kubectl(['patch', 'configmap', 'held', '-p', '{"metadata":{"finalizers":["a.b/c"]}}'])
  await kubectl('delete configmap held --wait=false')
  assert.match(await kubectl('get configmap held -o jsonpath={.metadata.deletionTimestamp}'), /Z$/)
  const gone = kubectl('wait --for=delete configmap/held --timeout=10s')
  await kubectl(['patch', 'configmap', 'held', '-p', '{"metadata":{"finalizers":null}}'])
  await gone
  assert.match(await kubectl('delete ns default', '', 1), /this namespace may not be deleted/)
  await kubectl('create ns going')
  await kubectl('delete ns going --wait=false')
  assert.match(await kubectl('get ns going'), /Terminating/)
  assert.match(
    await kubectl('create configmap y -n going', '', 1),
    /unable to create new content in namespace going because it is being terminated/,
  )
  assert.match(
    await kubectl('create configmap y -n nowhere', '', 1),
    /namespaces "nowhere" not found/,
  )
})

test('events, explain, edit, versions and discovery answer', async () => {
  const involvedObject = {
    kind: 'Pod',
    namespace: 'default',
    name: 'a1',
    uid: 'u',
    apiVersion: 'v1',
  }
  const now = new Date().toISOString()
  await cluster.client.create({ group: '', version: 'v1', resource: 'events' }, 'default', {
    metadata: { name: 'a1.1' },
    involvedObject,
    reason: 'Scheduled',
    message: 'Successfully assigned',
    type: 'Normal',
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
  })
  assert.match(
    await kubectl('events --for pod/a1'),
    /Normal +Scheduled +Pod\/a1 +Successfully assigned/,
  )
  assert.match(await kubectl('get events'), /pod\/a1/)
  assert.match(await kubectl('get events.events.k8s.io -o jsonpath={.items[0].note}'), /assigned/)
  assert.match(await kubectl('explain pod.spec.restartPolicy'), /FIELD: restartPolicy <string>/)
  assert.match(await kubectl('explain mutatingwebhookconfiguration.webhooks'), /failurePolicy/)
  assert.match(await kubectl('version'), /Server Version: v1\.32\./)
  assert.match(await kubectl('cluster-info'), /is running at/)
  assert.match(await kubectl('api-resources'), /selfsubjectreviews/)
  assert.match(await kubectl('get --raw /readyz'), /ok/)
  assert.match(await kubectl('get --raw /.well-known/openid-configuration'), /jwks_uri/)
  await kubectl('create configmap e1 --from-literal=a=b')
  const editor = { KUBE_EDITOR: "sed -i 's/a: b/a: c/'" }
  const edited = await cluster.kubectl(['edit', 'configmap', 'e1'], '', editor)
  assert.equal(edited.stdout, 'configmap/e1 edited\n')
  assert.equal(await kubectl('get configmap e1 -o jsonpath={.data.a}'), 'c')
})
