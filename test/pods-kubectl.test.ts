/** Pods, deployments and nodes as the real kubectl sees them: API server, controllers, kubelet and processes together. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { silentLog } from '../src/audit/log.ts'
import { startControllers } from '../src/kubernetes/controllers/controllers.ts'
import { type Kubelet, startKubelet } from '../src/kubernetes/kubelet/kubelet.ts'
import { pods, serviceAccounts } from '../src/kubernetes/resources.ts'
import { createImageMap } from '../src/kubernetes/runtime/images.ts'
import { createProcessRuntime } from '../src/kubernetes/runtime/process/process-runtime.ts'
import { until } from './support/cluster.ts'
import { startTestServer, wallClock } from './support/kubernetes-server.ts'

const path = '/usr/local/bin:/usr/bin:/bin'
const nodeName = 'ip-192-168-0-10.ap-northeast-1.compute.internal'
const stack = new AsyncDisposableStack()
let kubelet: Kubelet | undefined
let cluster: Awaited<ReturnType<typeof startTestServer>>

before(async () => {
  cluster = stack.use(await startTestServer({ nodeAgent: () => kubelet }))
  const { client, caPem, directory } = cluster
  const log = silentLog
  const runtime = stack.use(await createProcessRuntime({ path, directory, log }))
  stack.use(startControllers({ client, clock: wallClock, caPem, log }))
  kubelet = stack.use(
    await startKubelet({
      client,
      clock: wallClock,
      node: {
        name: nodeName,
        internalIp: '192.168.0.10',
        instanceId: 'i-0123456789abcdef0',
        instanceType: 'm5.large',
        region: 'ap-northeast-1',
        availabilityZone: 'ap-northeast-1a',
      },
      runtime,
      directory: join(directory, 'node'),
      podEnvironment: () => ({}),
      images: createImageMap({ path, file: '/home/images.yaml' }),
      log,
    }),
  )
  const key = { namespace: 'default', name: 'default' }
  await until(client, serviceAccounts, key, (account) => account)
})
after(() => stack.disposeAsync())

async function kubectl(args: string, input = ''): Promise<string> {
  const { code, stdout, stderr } = await cluster.kubectl(args.split(' '), input)
  assert.equal(code, 0, `kubectl ${args}: ${stderr}`)
  return stdout
}

const pod = (name: string, script: string, more = {}) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      restartPolicy: 'Never',
      containers: [{ name: 'app', image: 'busybox', command: ['sh', '-c', script] }],
      ...more,
    },
  })

test('get nodes shows the node ready', async () => {
  assert.match(
    await kubectl('get nodes -o wide'),
    /ip-192-168-0-10\S+ +Ready +<none> +\d+s +v1\.32\.5\S* +192\.168\.0\.10 .*process:\/\/1/,
  )
})

test('a pod is applied, waited for, described; its log is read in each way', async () => {
  await kubectl(
    'apply -f -',
    pod('job', 'echo one; echo two; echo three >&2; sleep 0.01; printf end'),
  )
  await kubectl('wait pod/job --for=jsonpath={.status.phase}=Succeeded --timeout=20s')
  assert.match(await kubectl('get pod job'), /job +0\/1 +Completed +0 /)
  assert.match(await kubectl('logs job'), /^one\ntwo\nthree\nend$|^three\none\ntwo\nend$/)
  assert.equal(await kubectl('logs job --tail=1'), 'end')
  assert.match(
    await kubectl('logs job --timestamps --tail=1'),
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z end$/,
  )
  const described = await kubectl('describe pod job')
  for (const line of [
    /Node: +ip-192-168-0-10\S+\/192\.168\.0\.10/,
    /IP: +127\./,
    /Container ID: +process:\/\/[0-9a-f]{64}/,
    /Reason: +Completed/,
    /Normal +Scheduled +\S+ +default-scheduler +Successfully assigned default\/job to ip-/,
    /Normal +Pulled +\S+ +kubelet +Successfully pulled image "busybox"/,
    /Normal +Created +\S+ +kubelet +Created container: app/,
    /Normal +Started +\S+ +kubelet +Started container app/,
  ]) {
    assert.match(described, line)
  }
})

test('logs -f follows a running container to its end', async () => {
  await kubectl('apply -f -', pod('talker', 'for i in 1 2 3; do echo $i; sleep 0.05; done'))
  await kubectl('wait pod/talker --for=jsonpath={.status.startTime} --timeout=20s')
  await until(
    cluster.client,
    pods,
    { namespace: 'default', name: 'talker' },
    (p) => p?.['status'].phase !== 'Pending',
  )
  assert.equal(await kubectl('logs -f talker'), '1\n2\n3\n')
})

test('a container that crashes is restarted, and its former log can be read', async () => {
  await kubectl('apply -f -', pod('crash', 'echo run; exit 2', { restartPolicy: 'Always' }))
  await until(
    cluster.client,
    pods,
    { namespace: 'default', name: 'crash' },
    (p) => p?.['status'].containerStatuses?.[0].state.waiting?.reason === 'CrashLoopBackOff',
  )
  assert.match(await kubectl('get pod crash'), /crash +0\/1 +CrashLoopBackOff +1 /)
  assert.equal(await kubectl('logs crash --previous'), 'run\n')
  assert.match(
    await kubectl('describe pod crash'),
    /Warning +BackOff +\S+ +kubelet +Back-off restarting failed container app in pod crash_default/,
  )
  await kubectl('delete pod crash --now')
})

test('an unknown image says which there are and how to add one', async () => {
  await kubectl('run nope --image=registry.example.com/nope:1')
  await until(
    cluster.client,
    pods,
    { namespace: 'default', name: 'nope' },
    (p) => p?.['status'].containerStatuses?.[0].state.waiting?.reason === 'ImagePullBackOff',
  )
  assert.match(await kubectl('get pod nope'), /nope +0\/1 +(ImagePullBackOff|ErrImagePull) /)
  assert.match(
    await kubectl('describe pod nope'),
    /Failed to pull image "registry\.example\.com\/nope:1": no command for image .* amazon\/aws-cli.* in \/home\/images\.yaml/,
  )
  assert.match(
    (await cluster.kubectl(['logs', 'nope'])).stderr,
    /container "nope" in pod "nope" is waiting to start: (trying and failing to pull image|image can't be pulled)/,
  )
  await kubectl('delete pod nope')
})

test('a deployment rolls out, restarts, shows its history and is undone', async () => {
  await kubectl('create deployment web --image=registry.k8s.io/pause:3.9 --replicas=2')
  assert.match(
    await kubectl('rollout status deployment/web --timeout=30s'),
    /successfully rolled out/,
  )
  assert.match(await kubectl('get deployment web'), /web +2\/2 +2 +2 /)
  await kubectl('rollout restart deployment/web')
  assert.match(
    await kubectl('rollout status deployment/web --timeout=30s'),
    /successfully rolled out/,
  )
  assert.match(await kubectl('rollout history deployment/web'), /\n1 +<none>\n2 +<none>\n/)
  await kubectl('rollout undo deployment/web')
  assert.match(
    await kubectl('rollout status deployment/web --timeout=30s'),
    /successfully rolled out/,
  )
  assert.match(await kubectl('rollout history deployment/web'), /\n2 +<none>\n3 +<none>\n/)
  await kubectl('scale deployment web --replicas=1')
  assert.match(
    await kubectl('rollout status deployment/web --timeout=30s'),
    /successfully rolled out/,
  )
  assert.match(
    await kubectl('describe deployment web'),
    /ScalingReplicaSet .* Scaled (up|down) replica set web-/,
  )
  await kubectl('delete deployment web')
  await kubectl('wait pod -l app=web --for=delete --timeout=30s')
})

test('a running pod is deleted within its grace, and nothing of it runs on', async () => {
  await kubectl('apply -f -', pod('sleeper', 'sleep 987654 & sleep 987654'))
  await kubectl('wait pod/sleeper --for=condition=Ready --timeout=20s')
  await kubectl('delete pod sleeper --timeout=20s')
  assert.equal(await processesWith('987654'), '')
})

test('a namespace is created with its ServiceAccount and deleted with all that is in it', async () => {
  await kubectl('create namespace team')
  await until(
    cluster.client,
    serviceAccounts,
    { namespace: 'team', name: 'default' },
    (account) => account,
  )
  await kubectl('apply -n team -f -', pod('p', 'sleep 1000'))
  await kubectl('wait -n team pod/p --for=condition=Ready --timeout=20s')
  await kubectl('delete namespace team --timeout=30s')
})

function processesWith(text: string): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn('pgrep', ['-fa', `sleep ${text}`])
    let out = ''
    child.stdout.on('data', (chunk) => {
      out += chunk
    })
    child.on('close', () => resolve(out))
  })
}
