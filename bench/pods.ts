/**
 * Pods on one node: from the binding to the first output of the container (one after another), and many at once to
 * their end. In memory, with the process runtime. `--small` for the tests; `--isolation=none` and, as root,
 * `--network=namespaces` (a network of its own for each) to compare.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '../src/audit/log.ts'
import { startKubelet } from '../src/kubernetes/kubelet/kubelet.ts'
import { hostNetwork } from '../src/kubernetes/kubelet/pod-addresses.ts'
import { openClusterNetwork } from '../src/kubernetes/network/cluster-network.ts'
import { LoopbackPorts } from '../src/kubernetes/network/loopback-ports.ts'
import { nodePods } from '../src/kubernetes/network/node-pods.ts'
import type { PodNetwork } from '../src/kubernetes/network/pod-network.ts'
import { pods } from '../src/kubernetes/resources.ts'
import { createImageMap } from '../src/kubernetes/runtime/images.ts'
import { createProcessRuntime } from '../src/kubernetes/runtime/process/process-runtime.ts'
import { openCluster, until } from '../test/support/cluster.ts'
import { networkAbility } from '../test/support/network.ts'

const isSmall = process.argv.includes('--small')
const single = isSmall ? 3 : 50
const together = isSmall ? 5 : 200
const isolation = process.argv.find((a) => a.startsWith('--isolation='))?.slice(12)
const path = '/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const internalIp = '192.168.0.10'

await using cluster = await openCluster()
const { client, clock } = cluster
const directory = mkdtempSync(join(tmpdir(), 'podpass-bench-'))
await using runtime = await createProcessRuntime({
  path,
  directory,
  log: silentLog,
  ...(isolation && { isolation: isolation as 'none' }),
})
const nodeName = 'node-1'
const opened: number[] = []
await using network = process.argv.includes('--network=namespaces')
  ? await openNetworks()
  : undefined
await using kubelet = await startKubelet({
  client,
  clock,
  node: {
    name: nodeName,
    internalIp,
    instanceId: 'i-0123456789abcdef0',
    instanceType: 'm5.large',
    region: 'ap-northeast-1',
    availabilityZone: 'ap-northeast-1a',
  },
  runtime,
  directory,
  podEnvironment: () => ({}),
  images: createImageMap({ path }),
  ...(network && { network: timed(network.pods) }),
  log: silentLog,
})

/** A cluster's network with this node. */
async function openNetworks() {
  const able = await networkAbility(path)
  if ('why' in able) throw new Error(able.why)
  await using stack = new AsyncDisposableStack()
  const whole = stack.use(
    await openClusterNetwork({
      ...able,
      region: 'ap-northeast-1',
      ports: new LoopbackPorts(),
      apiPort: 1,
      resolvConf: '/etc/resolv.conf',
      random: Math.random,
      log: silentLog,
    }),
  )
  stack.use(await whole.openNode(internalIp))
  const host = hostNetwork(internalIp)
  const pods = stack.use(nodePods({ network: whole, node: internalIp, host }))
  const rest = stack.move()
  return { pods, [Symbol.asyncDispose]: () => rest.disposeAsync() }
}

/** The same, with the time that each pod's takes. */
function timed(own: PodNetwork): PodNetwork {
  return {
    ...own,
    async open(pod, address) {
      const start = performance.now()
      const sandbox = await own.open(pod, address)
      opened.push(performance.now() - start)
      return sandbox
    },
  }
}

async function create(name: string): Promise<void> {
  await client.create(pods, 'default', {
    metadata: { name },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      containers: [{ name: 'c', image: 'busybox', command: ['echo', 'up'] }],
      volumes: [
        {
          name: 'token',
          projected: {
            sources: [
              {
                serviceAccountToken: {
                  path: 'token',
                  audience: 'sts.amazonaws.com',
                  expirationSeconds: 86_400,
                },
              },
            ],
          },
        },
      ],
    },
  })
}

const ended = (name: string) =>
  until(client, pods, { namespace: 'default', name }, (p) => p?.['status'].phase === 'Succeeded')

async function firstOutput(name: string): Promise<void> {
  const options = { follow: true, previous: false, timestamps: false }
  for (;;) {
    const stream = kubelet.logs('default', name, 'c', options)
    for await (const _ of stream ?? []) return
    await new Promise((resolve) => setImmediate(resolve))
  }
}

const times: number[] = []
for (let i = 0; i < single; i++) {
  const name = `single-${i}`
  await create(name)
  const start = performance.now()
  await client.bind('default', name, nodeName)
  await firstOutput(name)
  times.push(performance.now() - start)
  await ended(name)
}
const at = (of: readonly number[], share: number) =>
  ([...of].sort((a, b) => a - b)[Math.floor(of.length * share)] ?? 0).toFixed(1)
const kind = `${runtime.isolation.kind}, ${network ? 'network namespaces' : "the machine's network"}`
process.stdout.write(
  `${single} of ${single} pods (${kind}): bound to first output median ${at(times, 0.5)} ms, p95 ${at(times, 0.95)} ms\n`,
)
if (network) {
  process.stdout.write(
    `${opened.length} networks one after another: median ${at(opened, 0.5)} ms, p95 ${at(opened, 0.95)} ms\n`,
  )
}
const names = Array.from({ length: together }, (_, i) => `together-${i}`)
for (const name of names) await create(name)
const start = performance.now()
await Promise.all(names.map((name) => client.bind('default', name, nodeName)))
await Promise.all(names.map(ended))
const each = (performance.now() - start) / together
process.stdout.write(
  `${together} of ${together} pods together (${kind}): ${each.toFixed(1)} ms each from binding to end\n`,
)
rmSync(directory, { recursive: true, force: true })
