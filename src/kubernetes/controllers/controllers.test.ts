import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually, openCluster, until } from '../../../test/support/cluster.ts'
import { silentLog } from '../../audit/log.ts'
import type { KubernetesObject } from '../object.ts'
import {
  configMaps,
  deployments,
  events,
  namespaces,
  nodes,
  pods,
  replicaSets,
  secrets,
  serviceAccounts,
} from '../resources.ts'
import { startControllers } from './controllers.ts'

const nodeStatus = {
  conditions: [{ type: 'Ready', status: 'True' }],
  capacity: { cpu: '2', memory: '4Gi', pods: '110' },
}

/** A cluster with controllers; with `nodes` its pods run as soon as they are bound, and go as soon as they are deleted. */
async function open({ nodeNames = ['node-1'] }: { nodeNames?: string[] } = {}) {
  const cluster = await openCluster({ withDefaults: false })
  const { client, clock } = cluster
  const controllers = startControllers({ client, clock, caPem: 'CA', log: silentLog })
  for (const name of nodeNames) await addNode(name)
  const play = client.watch(pods, {}, ({ type, object }) => {
    if (type === 'DELETED' || !object['spec'].nodeName) return
    const { namespace, name, uid, deletionTimestamp } = object.metadata
    if (deletionTimestamp) {
      void client.delete(pods, namespace, name, { gracePeriodSeconds: 0, uid }).catch(() => {})
    } else if (object['status'].phase === 'Pending' && !isBroken(object)) void run(object)
  })
  const isBroken = (pod: KubernetesObject) => pod['spec'].containers[0].image === 'broken'
  async function run({ metadata: { namespace, name } }: KubernetesObject) {
    await client.modify(
      pods,
      namespace,
      name,
      (pod) => {
        if (pod['status'].phase !== 'Pending') return undefined
        const lastTransitionTime = new Date(clock.now()).toISOString()
        const ready = { type: 'Ready', status: 'True', lastTransitionTime }
        const conditions = [...(pod['status'].conditions ?? []), ready]
        return { ...pod, status: { ...pod['status'], phase: 'Running', conditions } }
      },
      'status',
    )
  }
  async function addNode(name: string, labels = {}) {
    await client.create(nodes, undefined, { metadata: { name, labels }, status: nodeStatus })
  }
  await until(client, serviceAccounts, { namespace: 'default', name: 'default' }, (sa) => sa)
  return {
    ...cluster,
    addNode,
    async [Symbol.asyncDispose]() {
      play[Symbol.dispose]()
      await controllers[Symbol.asyncDispose]()
      await cluster[Symbol.asyncDispose]()
    },
  }
}

const inDefault = (name: string) => ({ namespace: 'default', name })
const template = (image = 'app:1') => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'c', image }] },
})
const deployment = (spec: object = {}) => ({
  metadata: { name: 'web', annotations: { team: 'blue' } },
  spec: { replicas: 3, selector: { matchLabels: { app: 'web' } }, template: template(), ...spec },
})
const isComplete = (d: KubernetesObject | undefined) =>
  d?.['status'].observedGeneration === d?.metadata.generation &&
  d?.['status'].updatedReplicas === d?.['spec'].replicas &&
  d?.['status'].replicas === d?.['spec'].replicas &&
  d?.['status'].availableReplicas === d?.['spec'].replicas
const reasonOf = (d: KubernetesObject | undefined, type: string) =>
  d?.['status'].conditions?.find((c: { type: string }) => c.type === type)?.reason

test('each namespace gets its default ServiceAccount and the CA, again when they are deleted or changed', async () => {
  await using cluster = await open()
  const { client } = cluster
  await client.create(namespaces, undefined, { metadata: { name: 'team' } })
  const account = { namespace: 'team', name: 'default' }
  const map = { namespace: 'team', name: 'kube-root-ca.crt' }
  await until(client, serviceAccounts, account, (sa) => sa)
  await until(client, configMaps, map, (m) => m?.['data']['ca.crt'] === 'CA')
  const { uid } = client.get(serviceAccounts, 'team', 'default')?.metadata ?? {}
  await client.delete(serviceAccounts, 'team', 'default')
  await until(client, serviceAccounts, account, (sa) => sa && sa.metadata.uid !== uid)
  await client.modify(configMaps, 'team', 'kube-root-ca.crt', (m) => ({
    ...m,
    data: { 'ca.crt': 'X', y: '1' },
  }))
  await until(
    client,
    configMaps,
    map,
    (m) => Object.keys(m?.['data'] ?? {}).join() === 'ca.crt' && m?.['data']['ca.crt'] === 'CA',
  )
})

test('a deleted namespace is emptied, then gone', async () => {
  await using cluster = await open()
  const { client } = cluster
  await client.create(namespaces, undefined, { metadata: { name: 'team' } })
  await until(client, serviceAccounts, { namespace: 'team', name: 'default' }, (sa) => sa)
  await client.create(secrets, 'team', { metadata: { name: 's' } })
  await client.create(deployments, 'team', deployment())
  await until(client, deployments, { namespace: 'team', name: 'web' }, isComplete)
  await client.delete(namespaces, undefined, 'team')
  await until(client, namespaces, { name: 'team' }, (n) => !n)
  for (const kind of [secrets, pods, deployments, replicaSets, serviceAccounts, events]) {
    assert.deepEqual(client.list(kind, { namespace: 'team' }).items, [])
  }
})

test('a pod is bound to the ready node that fits and has the fewest pods', async () => {
  await using cluster = await open({ nodeNames: ['node-1', 'node-2'] })
  const { client } = cluster
  const names = ['a', 'b', 'c', 'd']
  for (const name of names)
    await client.create(pods, 'default', { metadata: { name }, spec: template().spec })
  for (const name of names) await until(client, pods, inDefault(name), (p) => p?.['spec'].nodeName)
  const used = names.map((name) => client.get(pods, 'default', name)?.['spec'].nodeName).sort()
  assert.deepEqual(used, ['node-1', 'node-1', 'node-2', 'node-2'])
  await eventually('event', () =>
    client
      .list(events, { namespace: 'default' })
      .items.some((e) => /^Successfully assigned default\/a to node-/.test(e['message'])),
  )
})

test('a pod that fits no node waits, says why, and is bound when one comes', async () => {
  await using cluster = await open()
  const { client } = cluster
  await client.create(pods, 'default', {
    metadata: { name: 'picky' },
    spec: { ...template().spec, nodeSelector: { disk: 'ssd' } },
  })
  const waiting = await until(
    client,
    pods,
    inDefault('picky'),
    (p) => reasonOf(p, 'PodScheduled') === 'Unschedulable',
  )
  assert.equal(
    waiting?.['status'].conditions[0].message,
    "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.",
  )
  await eventually('event', () =>
    client
      .list(events, { namespace: 'default' })
      .items.some((e) => e['reason'] === 'FailedScheduling'),
  )
  await cluster.addNode('node-2', { disk: 'ssd' })
  await until(client, pods, inDefault('picky'), (p) => p?.['spec'].nodeName === 'node-2')
})

test('a deployment makes a replica set with its hash and revision, and pods that are ready', async () => {
  await using cluster = await open()
  const { client } = cluster
  await client.create(deployments, 'default', deployment())
  const done = await until(
    client,
    deployments,
    inDefault('web'),
    (d) => isComplete(d) && reasonOf(d, 'Progressing') === 'NewReplicaSetAvailable',
  )
  assert.equal(done?.metadata.annotations?.['deployment.kubernetes.io/revision'], '1')
  assert.equal(reasonOf(done, 'Available'), 'MinimumReplicasAvailable')
  const [set, ...others] = client.list(replicaSets, { namespace: 'default' }).items
  assert.equal(others.length, 0)
  const hash = set?.metadata.labels?.['pod-template-hash']
  assert.match(hash ?? '', /^[bcdfghjklmnpqrstvwxz2456789]+$/)
  assert.equal(set?.metadata.name, `web-${hash}`)
  assert.deepEqual(set?.metadata.annotations, {
    team: 'blue',
    'deployment.kubernetes.io/desired-replicas': '3',
    'deployment.kubernetes.io/max-replicas': '4',
    'deployment.kubernetes.io/revision': '1',
  })
  const made = client.list(pods, { namespace: 'default' }).items
  assert.equal(made.length, 3)
  for (const pod of made) {
    assert.match(pod.metadata.name, new RegExp(`^web-${hash}-[a-z0-9]{5}$`))
    assert.equal(pod.metadata.labels?.['pod-template-hash'], hash)
  }
})

async function change(cluster: Awaited<ReturnType<typeof open>>, spec: object) {
  await cluster.client.modify(deployments, 'default', 'web', (d) => ({
    ...d,
    spec: { ...d['spec'], ...spec },
  }))
}

test('a changed template rolls over without falling below what must be available, and can be undone', async () => {
  await using cluster = await open()
  const { client } = cluster
  await client.create(deployments, 'default', deployment())
  const first = await until(client, deployments, inDefault('web'), isComplete)
  let fewest = 3
  let most = 0
  using _watch = client.watch(pods, { namespace: 'default' }, () => {
    const all = client
      .list(pods, { namespace: 'default' })
      .items.filter((p) => !p.metadata.deletionTimestamp)
    most = Math.max(most, all.length)
    fewest = Math.min(fewest, all.filter((p) => p['status'].phase === 'Running').length)
  })
  await change(cluster, { template: template('app:2') })
  await until(
    client,
    deployments,
    inDefault('web'),
    (d) => isComplete(d) && d?.metadata.generation !== first?.metadata.generation,
  )
  assert.ok(fewest >= 3 && most <= 4, `${fewest} ${most}`)
  const sets = client.list(replicaSets, { namespace: 'default' }).items
  const sizes = sets.map((s) => [
    s.metadata.annotations?.['deployment.kubernetes.io/revision'],
    s['spec'].replicas,
  ])
  assert.deepEqual(sizes.sort(), [
    ['1', 0],
    ['2', 3],
  ])
  await change(cluster, { template: template('app:1') })
  const undone = await until(
    client,
    deployments,
    inDefault('web'),
    (d) => isComplete(d) && d?.metadata.annotations?.['deployment.kubernetes.io/revision'] === '3',
  )
  assert.ok(undone)
  assert.equal(client.list(replicaSets, { namespace: 'default' }).items.length, 2)
})

test('scaling a deployment scales its replica set up and down', async () => {
  await using cluster = await open()
  const { client } = cluster
  await client.create(deployments, 'default', deployment())
  await until(client, deployments, inDefault('web'), isComplete)
  await change(cluster, { replicas: 5 })
  await until(
    client,
    deployments,
    inDefault('web'),
    (d) => isComplete(d) && d?.['spec'].replicas === 5,
  )
  await change(cluster, { replicas: 1 })
  await until(
    client,
    deployments,
    inDefault('web'),
    (d) => isComplete(d) && d?.['spec'].replicas === 1,
  )
  await change(cluster, { replicas: 0 })
  await eventually('no pods', () => client.list(pods, { namespace: 'default' }).items.length === 0)
})

test('with Recreate the old pods are gone before a new one is made', async () => {
  await using cluster = await open()
  const { client } = cluster
  await client.create(deployments, 'default', deployment({ strategy: { type: 'Recreate' } }))
  const first = await until(client, deployments, inDefault('web'), isComplete)
  let isMixed = false
  using _watch = client.watch(pods, { namespace: 'default' }, () => {
    const images = client
      .list(pods, { namespace: 'default' })
      .items.map((p) => p['spec'].containers[0].image)
    isMixed ||= new Set(images).size > 1
  })
  await change(cluster, { template: template('app:2') })
  await until(
    client,
    deployments,
    inDefault('web'),
    (d) => isComplete(d) && d?.metadata.generation !== first?.metadata.generation,
  )
  assert.equal(isMixed, false)
})

test('a rollout that does not move exceeds its deadline', async () => {
  await using cluster = await open()
  const { client, clock } = cluster
  await client.create(
    deployments,
    'default',
    deployment({ template: template('broken'), progressDeadlineSeconds: 60 }),
  )
  await until(client, deployments, inDefault('web'), (d) => d?.['status'].updatedReplicas === 3)
  clock.advance(61_000)
  await until(
    client,
    deployments,
    inDefault('web'),
    (d) => reasonOf(d, 'Progressing') === 'ProgressDeadlineExceeded',
  )
})

test('a deleted pod is replaced; a pod that does not fit any more is let go', async () => {
  await using cluster = await open()
  const { client } = cluster
  await client.create(deployments, 'default', deployment())
  await until(client, deployments, inDefault('web'), isComplete)
  const [victim, stray] = client.list(pods, { namespace: 'default' }).items
  await client.delete(pods, 'default', victim?.metadata.name ?? '')
  await client.modify(pods, 'default', stray?.metadata.name ?? '', (p) => ({
    ...p,
    metadata: { ...p.metadata, labels: { app: 'other' } },
  }))
  await eventually('replaced', () => {
    const all = client.list(pods, { namespace: 'default' }).items
    const owned = all.filter((p) => p.metadata.ownerReferences?.length)
    return (
      all.length === 4 &&
      owned.length === 3 &&
      !all.some((p) => p.metadata.name === victim?.metadata.name)
    )
  })
})

test('deleting a deployment takes its replica sets and pods along, in each way of propagation', async () => {
  await using cluster = await open()
  const { client } = cluster
  const left = () => [
    ...client.list(pods, { namespace: 'default' }).items,
    ...client.list(replicaSets, { namespace: 'default' }).items,
  ]
  for (const propagationPolicy of ['Background', 'Foreground'] as const) {
    await client.create(deployments, 'default', deployment())
    await until(client, deployments, inDefault('web'), isComplete)
    await client.delete(deployments, 'default', 'web', { propagationPolicy })
    await until(client, deployments, inDefault('web'), (d) => !d)
    if (propagationPolicy === 'Foreground')
      assert.deepEqual(
        left().map((o) => o.metadata.name),
        [],
      )
    await eventually('all gone', () => left().length === 0)
  }
  await client.create(deployments, 'default', deployment())
  await until(client, deployments, inDefault('web'), isComplete)
  await client.delete(deployments, 'default', 'web', { propagationPolicy: 'Orphan' })
  await until(client, deployments, inDefault('web'), (d) => !d)
  await eventually('orphaned', () =>
    client
      .list(replicaSets, { namespace: 'default' })
      .items.every((s) => !s.metadata.ownerReferences?.length),
  )
  assert.equal(left().length, 4)
  // A Deployment that is made again takes them back.
  await client.create(deployments, 'default', deployment())
  await until(client, deployments, inDefault('web'), isComplete)
  assert.equal(left().length, 4)
})

test('pods of a node that is gone are removed', async () => {
  await using cluster = await open()
  const { client } = cluster
  await client.create(pods, 'default', { metadata: { name: 'p' }, spec: template().spec })
  await until(client, pods, inDefault('p'), (p) => p?.['status'].phase === 'Running')
  await client.delete(nodes, undefined, 'node-1')
  await until(client, pods, inDefault('p'), (p) => !p)
})
