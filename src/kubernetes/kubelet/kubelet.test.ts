import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { eventually, until } from '../../../test/support/cluster.ts'
import type { KubernetesObject } from '../object.ts'
import { nodes, pods } from '../resources.ts'
import { bare, nodeName, openNode, state } from './testing.ts'

test('the node is registered, ready, with EKS labels, its instance and its addresses', async () => {
  await using node = await openNode()
  const object = node.client.get(nodes, undefined, nodeName)
  assert.ok(object)
  assert.equal(object['spec'].providerID, 'aws:///ap-northeast-1a/i-0123456789abcdef0')
  assert.equal(object.metadata.labels?.['eks.amazonaws.com/nodegroup'], 'ng-1')
  assert.equal(object.metadata.labels?.['topology.kubernetes.io/zone'], 'ap-northeast-1a')
  const ready = object['status'].conditions.find((c: { type: string }) => c.type === 'Ready')
  assert.equal(ready.status, 'True')
  assert.deepEqual(object['status'].addresses[0], { type: 'InternalIP', address: '192.168.0.10' })
})

test('a pod runs to its end: status, log and events tell it', async () => {
  await using node = await openNode()
  const pod = await node.create('echo hello from $FROM_NODE on $HOSTNAME; exit 0', { spec: bare })
  const done = await node.wait(pod, node.phase('Succeeded'))
  assert.equal(await node.logs(pod), 'hello from p0 on p0\n')
  const { status } = { status: done['status'] }
  assert.equal(state(done).terminated.reason, 'Completed')
  assert.equal(status.hostIP, '192.168.0.10')
  assert.match(status.podIP, /^127\./)
  assert.equal(status.qosClass, 'BestEffort')
  const conditions = Object.fromEntries(
    status.conditions.map((c: { type: string; status: string; reason?: string }) => [
      c.type,
      `${c.status} ${c.reason ?? ''}`,
    ]),
  )
  assert.equal(conditions['Ready'], 'False PodCompleted')
  assert.equal(conditions['Initialized'], 'True PodCompleted')
  assert.match(
    status.containerStatuses[0].containerID ?? state(done).terminated.containerID,
    /^process:\/\/[0-9a-f]{64}$/,
  )
  await eventually('events', () => node.eventsOf(pod).length >= 4)
  assert.deepEqual(
    node
      .eventsOf(pod)
      .map((e) => e.replace(/\d+ bytes/, 'N bytes'))
      .sort(),
    [
      'Normal Created Created container: c',
      'Normal Pulled Successfully pulled image "busybox:1" in 1ms (1ms including waiting). Image size: N bytes.',
      'Normal Pulling Pulling image "busybox:1"',
      'Normal Started Started container c',
    ],
  )
})

test('a failing pod that is not restarted fails with its exit code and last words', async () => {
  await using node = await openNode()
  const pod = await node.create('echo why > /dev/termination-log; exit 3', { spec: bare })
  const done = await node.wait(pod, node.phase('Failed'))
  const { exitCode, reason, message } = state(done).terminated
  assert.deepEqual(
    { exitCode, reason, message },
    { exitCode: 3, reason: 'Error', message: 'why\n' },
  )
})

test('a variable from a missing key holds the container back with CreateContainerConfigError', async () => {
  await using node = await openNode()
  const pod = await node.create('true', {
    spec: bare,
    container: { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'none', key: 'k' } } }] },
  })
  const held = await node.wait(pod, (p) => p['status'].containerStatuses)
  assert.deepEqual(state(held).waiting, {
    reason: 'CreateContainerConfigError',
    message: 'configmap "none" not found',
  })
})

test('an unknown image is ErrImagePull, then ImagePullBackOff, and is tried again after 10 s', async () => {
  await using node = await openNode()
  const pod = await node.create('', { spec: bare, container: { image: 'nosuch:1', args: [] } })
  const held = await node.wait(pod, (p) => state(p)?.waiting?.reason === 'ImagePullBackOff')
  assert.match(
    state(held).waiting.message,
    /^Back-off pulling image "nosuch:1": ErrImagePull: no command for image "nosuch:1".*amazon\/aws-cli.*images\.yaml$/,
  )
  assert.equal(held['status'].phase, 'Pending')
  await eventually('events', () => node.eventsOf(pod).length >= 5)
  assert.ok(node.eventsOf(pod).includes('Normal BackOff Back-off pulling image "nosuch:1"'))
  assert.ok(node.eventsOf(pod).includes('Warning Failed Error: ErrImagePull'))
  writeFileSync(join(node.directory, 'images.yaml'), 'nosuch: /bin/echo found\n')
  node.clock.advance(10_000)
  await node.wait(pod, node.phase('Succeeded'))
  assert.equal(await node.logs(pod), 'found\n')
})

test('a container that keeps failing is restarted at once, then after 10 s, then after 20 s', async () => {
  await using node = await openNode()
  const pod = await node.create('echo run; exit 1', { spec: { ...bare, restartPolicy: 'Always' } })
  const uid = pod.metadata.uid
  const crashed = (restarts: number) => (p: KubernetesObject) =>
    p['status'].containerStatuses?.[0].restartCount === restarts &&
    state(p).waiting?.reason === 'CrashLoopBackOff'
  const second = await node.wait(pod, crashed(1))
  assert.equal(
    state(second).waiting.message,
    `back-off 10s restarting failed container=c pod=p0_default(${uid})`,
  )
  assert.equal(second['status'].containerStatuses[0].lastState.terminated.exitCode, 1)
  assert.equal(second['status'].phase, 'Running')
  assert.equal(await node.logs(pod, { previous: true }), 'run\n')
  node.clock.advance(10_000)
  const third = await node.wait(pod, crashed(2))
  assert.match(state(third).waiting.message, /^back-off 20s /)
  await eventually('event', () =>
    node
      .eventsOf(pod)
      .includes(`Warning BackOff Back-off restarting failed container c in pod p0_default(${uid})`),
  )
})

test('init containers run one after another before the others', async () => {
  await using node = await openNode()
  const mount = { volumeMounts: [{ name: 'd', mountPath: '/data' }] }
  const pod = await node.create('cat /data/f', {
    container: mount,
    spec: {
      ...bare,
      volumes: [{ name: 'd', emptyDir: {} }],
      initContainers: ['one', 'two'].map((name) => ({
        name,
        image: 'busybox',
        command: ['sh', '-c', `echo ${name} >> /data/f`],
        ...mount,
      })),
    },
  })
  const done = await node.wait(pod, node.phase('Succeeded'))
  assert.equal(await node.logs(pod), 'one\ntwo\n')
  assert.equal(done['status'].initContainerStatuses[0].state.terminated.reason, 'Completed')
})

test('a failing init container fails a pod that is never restarted, and nothing else starts', async () => {
  await using node = await openNode()
  const pod = await node.create('true', {
    spec: { ...bare, initContainers: [{ name: 'i', image: 'busybox', command: ['false'] }] },
  })
  const done = await node.wait(pod, node.phase('Failed'))
  assert.equal(state(done).waiting.reason, 'PodInitializing')
})

test('a sidecar runs beside the container and ends after it', async () => {
  await using node = await openNode()
  const pod = await node.create('exit 0', {
    spec: {
      ...bare,
      initContainers: [
        { name: 's', image: 'busybox', restartPolicy: 'Always', command: ['sleep', '1000'] },
      ],
    },
  })
  const done = await node.wait(pod, node.phase('Succeeded'))
  assert.ok(done['status'].initContainerStatuses[0].state.terminated)
})

test('deletion lets the container end in its own way, within the grace, then the pod is gone', async () => {
  await using node = await openNode()
  const pod = await node.create(
    'trap "echo bye; exit 0" TERM; echo ready; while :; do sleep 0.01; done',
    { spec: bare },
  )
  await node.wait(pod, node.phase('Running'))
  const stream = node.logs(pod, { follow: true })
  await eventually('ready', () => node.logText(pod).includes('ready'))
  await node.client.delete(pods, 'default', pod.metadata.name)
  await until(node.client, pods, { namespace: 'default', name: pod.metadata.name }, (p) => !p)
  assert.equal(await stream, 'ready\nbye\n')
  await eventually('directory gone', () => node.gone.length === 1)
  assert.equal(existsSync(join(node.directory, 'node/pods', pod.metadata.uid)), false)
  assert.ok(node.eventsOf(pod).includes('Normal Killing Stopping container c'))
})

test('a container that does not heed SIGTERM is killed when the grace is over', async () => {
  await using node = await openNode()
  const pod = await node.create('trap "" TERM; echo ready; while :; do sleep 0.01; done', {
    spec: { ...bare, restartPolicy: 'Always' },
  })
  await node.wait(pod, node.phase('Running'))
  await eventually('ready', () => node.logText(pod).includes('ready'))
  await node.client.delete(pods, 'default', pod.metadata.name)
  await eventually('killing', () => node.eventsOf(pod).some((e) => e.includes('Killing')))
  assert.ok(node.client.get(pods, 'default', pod.metadata.name))
  node.clock.advance(30_000)
  await until(node.client, pods, { namespace: 'default', name: pod.metadata.name }, (p) => !p)
})

test('activeDeadlineSeconds ends a pod that is still running then', async () => {
  await using node = await openNode()
  const pod = await node.create('sleep 1000', { spec: { ...bare, activeDeadlineSeconds: 60 } })
  await node.wait(pod, node.phase('Running'))
  node.clock.advance(60_000)
  const done = await node.wait(pod, node.phase('Failed'))
  assert.equal(done['status'].reason, 'DeadlineExceeded')
})

test('a readiness probe makes the pod ready, a failing liveness probe restarts the container', async () => {
  await using node = await openNode()
  const probe = (...command: string[]) => ({ exec: { command }, failureThreshold: 1 })
  const pod = await node.create('sleep 1000', {
    spec: { ...bare, restartPolicy: 'Always' },
    container: {
      readinessProbe: probe('true'),
      livenessProbe: { ...probe('sh', '-c', 'echo ill; exit 1'), initialDelaySeconds: 5 },
    },
  })
  const containerOf = (p: KubernetesObject) => p['status'].containerStatuses?.[0]
  await node.wait(pod, (p) => containerOf(p)?.ready)
  node.clock.advance(5_000)
  await node.wait(pod, (p) => containerOf(p).restartCount === 1)
  const said = node.eventsOf(pod)
  assert.ok(said.includes('Warning Unhealthy Liveness probe failed: ill\n'))
  assert.ok(said.includes('Normal Killing Container c failed liveness probe, will be restarted'))
})

test('a failing readiness probe keeps the pod from being ready', async () => {
  await using node = await openNode()
  const pod = await node.create('sleep 1000', {
    spec: bare,
    container: { readinessProbe: { exec: { command: ['false'] } } },
  })
  await eventually('unhealthy', () => node.eventsOf(pod).some((e) => e.includes('Readiness')))
  const { status } = { status: node.client.get(pods, 'default', pod.metadata.name)?.['status'] }
  assert.equal(status.phase, 'Running')
  assert.equal(status.containerStatuses[0].ready, false)
})

test('after a restart of the kubelet pods go on as after a reboot of the node', async () => {
  await using node = await openNode()
  const always = await node.create('echo started; sleep 1000', {
    spec: { ...bare, restartPolicy: 'Always' },
  })
  const never = await node.create('sleep 1000', { spec: bare })
  const finished = await node.create('echo done', { spec: bare })
  for (const pod of [always, never]) await node.wait(pod, node.phase('Running'))
  const before = await node.wait(finished, node.phase('Succeeded'))
  await eventually('output', () => node.logText(always).includes('started'))
  await node.restart()
  const again = await node.wait(
    always,
    (p) => p['status'].containerStatuses[0].restartCount === 1 && state(p).running,
  )
  assert.equal(again['status'].containerStatuses[0].lastState.terminated.reason, 'Unknown')
  assert.equal(
    (await node.wait(never, node.phase('Failed')))['status'].containerStatuses[0].state.terminated
      .exitCode,
    255,
  )
  assert.equal(await node.logs(always, { previous: true }), 'started\n')
  assert.equal(await node.logs(finished), 'done\n')
  assert.deepEqual(node.client.get(pods, 'default', finished.metadata.name), before)
})

test('fifty pods start and end', async () => {
  await using node = await openNode()
  const all = []
  for (let i = 0; i < 50; i++) all.push(await node.create('exit 0', { spec: bare }))
  await Promise.all(all.map((pod) => node.wait(pod, node.phase('Succeeded'))))
})
