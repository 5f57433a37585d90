/** Runs one container in a network of its own and waits, to be killed: `node hold-network.mjs <directory>`. */
import { silentLog } from '../../src/audit/log.ts'
import { hostNetwork } from '../../src/kubernetes/kubelet/pod-addresses.ts'
import { openClusterNetwork } from '../../src/kubernetes/network/cluster-network.ts'
import { LoopbackPorts } from '../../src/kubernetes/network/loopback-ports.ts'
import { nodePods } from '../../src/kubernetes/network/node-pods.ts'
import { createProcessRuntime } from '../../src/kubernetes/runtime/process/process-runtime.ts'
import { networkAbility } from './network.ts'

const [directory = ''] = process.argv.slice(2)
const path = '/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const able = await networkAbility(path)
const network = await openClusterNetwork({
  ...able,
  region: 'ap-northeast-1',
  ports: new LoopbackPorts(),
  apiPort: 1,
  resolvConf: '/etc/resolv.conf',
  random: Math.random,
  log: silentLog,
})
const node = '192.168.3.4'
await network.openNode(node)
const pods = nodePods({ network, node, host: hostNetwork(node) })
const pod = { metadata: { name: 'held', namespace: 'default' }, spec: {} }
const sandbox = await pods.open(pod, pods.take(pod))
const runtime = await createProcessRuntime({ path, directory, log: silentLog })
const container = await runtime.start({
  label: 'held',
  argv: ['sh', '-c', 'echo ready; sleep 1000'],
  environment: {},
  hostname: 'held',
  mounts: [],
  network: { namespace: sandbox.namespace, mayChange: false },
  privateDirectory: directory,
  output: () => process.stdout.write(`${process.pid}\n`),
})
await container.exit
