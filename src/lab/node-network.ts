/** What a node is to its pods where they have networks of their own: its services at their link-local addresses. */
import type { Log } from '../audit/log.ts'
import { agentAddresses, metadataAddresses } from '../kubernetes/network/address-plan.ts'
import type { ClusterNetwork, NodePlace } from '../kubernetes/network/cluster-network.ts'
import { type NodePods, nodePods } from '../kubernetes/network/node-pods.ts'
import type { PodNetwork } from '../kubernetes/network/pod-network.ts'
import type { KubernetesObject } from '../kubernetes/object.ts'
import type { InstanceMetadata, MetadataOptions } from '../node/instance-metadata.ts'
import type { PodIdentityAgent } from '../node/pod-identity-agent.ts'

export interface NodeNetworkOptions {
  readonly network: ClusterNetwork
  /** The node's own. */
  readonly address: string
  /** Of pods on the host's network. */
  readonly host: PodNetwork
  readonly metadata: Pick<InstanceMetadata, 'serve'>
  readonly agent: Pick<PodIdentityAgent, 'serve'>
  /** Of the instance's metadata. */
  readonly options: () => MetadataOptions
  /** Something stands before the metadata, on the host's network, that answers pods in its place. */
  readonly hasRoleProxy: () => boolean
  /** Calls back when either may have changed. */
  readonly follow: (listener: () => Promise<void>) => Disposable
  readonly log: Log
}

export interface NodeNetwork extends AsyncDisposable {
  readonly pods: PodNetwork
}

const port = 80

/** Puts the node on its cluster's network. Rejects with NetworkFailure. */
export async function openNodeNetwork(options: NodeNetworkOptions): Promise<NodeNetwork> {
  const { network, address, host, agent } = options
  await using stack = new AsyncDisposableStack()
  const place = stack.use(await network.openNode(address))
  const pods = stack.use(nodePods({ network, node: address, host }))
  const { four, six } = agentAddresses
  const hosts = network.options.hasIpv6 ? [four, six] : [four]
  for (const door of await place.listen(hosts.map((one) => ({ host: one, port })))) {
    stack.use(await agent.serve(door, [four, six]))
  }
  stack.use(await openMetadataDoor(options, place, pods))
  const rest = stack.move()
  return { pods, [Symbol.asyncDispose]: () => rest.disposeAsync() }
}

/** The variables of a pod's containers that say where its node's services are; they are where they are on EC2. */
export const linkLocalServices = {
  metadata: `http://${metadataAddresses.four}/`,
  agent: agentAddresses.four,
}

/** A pod with a network of its own, in a cluster where pods have such. */
export function hasOwnNetwork(pod: KubernetesObject): boolean {
  return pod['spec']?.hostNetwork !== true
}

/**
 * Instance metadata listens while any pod may have something of it. While none may, nothing listens: a connection is
 * refused, as by the rules that close it on a real node, and no client waits.
 */
async function openMetadataDoor(
  given: NodeNetworkOptions,
  place: NodePlace,
  pods: NodePods,
): Promise<AsyncDisposable> {
  const { network, metadata, follow, log } = given
  const { four, six } = metadataAddresses
  const hosts = network.options.hasIpv6 ? [four, six] : [four]
  let open: AsyncDisposable[] = []
  let isOver = false
  const shut = async () => {
    const doors = open
    open = []
    await Promise.all(doors.map((door) => door[Symbol.asyncDispose]()))
  }
  const adjust = async () => {
    if (isOver || isShut(given)) return shut()
    if (open.length > 0) return
    const doors = await place.listen(hosts.map((one) => ({ host: one, port })))
    open = await Promise.all(doors.map((door) => metadata.serve(door, pods.podAt)))
  }
  // One change after the other.
  let last = adjust()
  await last
  const following = follow(() => {
    last = last
      .then(adjust)
      .catch((error) => log.error({ error }, 'instance metadata is not there'))
    return last
  })
  return {
    async [Symbol.asyncDispose]() {
      following[Symbol.dispose]()
      isOver = true
      await last
      await shut()
    },
  }
}

/** Tokens are required, and none comes as far as a pod. */
function isShut({ options, hasRoleProxy }: NodeNetworkOptions): boolean {
  const { httpTokens, hopLimit = 2 } = options()
  return httpTokens === 'required' && hopLimit < 2 && !hasRoleProxy()
}
