/** The networks of one node's pods: a namespace for each, apart from those that ask for the host's. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { KubernetesObject } from '../object.ts'
import { fourOf } from './address-plan.ts'
import type { ClusterNetwork } from './cluster-network.ts'
import { podCommands, podSettings, throughRule } from './layout.ts'
import type { NetworkNamespace } from './namespace.ts'
import type { PodNetwork } from './pod-network.ts'
import { resolvConf } from './resolv-conf.ts'

export interface NodePods extends PodNetwork, Disposable {
  /** The pod that has the address that a connection comes from. */
  podAt(remoteAddress: string): KubernetesObject | undefined
}

export interface NodePodsOptions {
  readonly network: ClusterNetwork
  /** Address of the node whose services they ask. */
  readonly node: string
  /** Of pods on the host's network. */
  readonly host: PodNetwork
}

interface Present {
  readonly pod: KubernetesObject
  readonly namespace: NetworkNamespace
  /** That it reaches; grows as the lab's servers come. */
  readonly ports: Set<number>
}

const run = promisify(execFile)

/** Disposing stops following the lab's ports; open networks are closed one by one. */
export function nodePods({ network, node, host }: NodePodsOptions): NodePods {
  const { plan } = network
  const { programs, hasIpv6, region, ports, log } = network.options
  const present = new Map<string, Present>()
  const own = new Set<string>()

  async function letThrough({ namespace, ports }: Present, port: number): Promise<void> {
    if (ports.has(port)) return
    ports.add(port)
    const inside = [`--net=${namespace.path}`, '--', programs.ip]
    try {
      await run(programs.nsenter, [...inside, ...throughRule(port).split(' ')], { env: {} })
    } catch (error) {
      log.error({ error, port }, 'a pod does not reach a port')
    }
  }

  const following = ports.onChange(async (port, change) => {
    if (change === 'open') {
      await Promise.all([...present.values()].map((one) => letThrough(one, port)))
    }
  })
  return {
    take(pod) {
      const address = isOnHost(pod) ? undefined : plan.take(pod['status']?.podIP)
      if (address === undefined) return host.take(pod)
      own.add(address)
      return address
    },
    release(address) {
      if (own.delete(address)) plan.release(address)
      else host.release(address)
    },
    async open(pod, address) {
      if (!own.has(address)) return host.open(pod, address)
      const known = ports.list()
      const commands = podCommands({ address, node, ports: known, hasIpv6 })
      const namespace = await network.attach(commands, podSettings)
      const one = { pod, namespace, ports: new Set(known) }
      present.set(address, one)
      // What came while it was made.
      await Promise.all(ports.list().map((port) => letThrough(one, port)))
      return {
        namespace: namespace.path,
        resolvConf: resolvConf(pod, region),
        connect: (to, port) => network.connect(to, port),
        [Symbol.dispose]() {
          present.delete(address)
          namespace[Symbol.dispose]()
        },
      }
    },
    podAt: (remoteAddress) => present.get(fourOf(remoteAddress))?.pod,
    [Symbol.dispose]: () => following[Symbol.dispose](),
  }
}

function isOnHost(pod: KubernetesObject): boolean {
  return pod['spec']?.hostNetwork === true
}
