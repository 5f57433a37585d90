/** What a node is to its pods where they have networks of their own: its services at their link-local addresses. */
import type { Server } from 'node:net'
import type { Log } from '../audit/log.ts'
import { agentAddresses, metadataAddresses } from '../kubernetes/network/address-plan.ts'
import type { ClusterNetwork, Door, NodePlace } from '../kubernetes/network/cluster-network.ts'
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

/** Puts the node on its cluster's network. Rejects with NetworkFailure. */
export async function openNodeNetwork(options: NodeNetworkOptions): Promise<NodeNetwork> {
  const { network, address, host, agent } = options
  await using stack = new AsyncDisposableStack()
  const place = stack.use(await network.openNode(address))
  const pods = stack.use(nodePods({ network, node: address, host }))
  const ofAgent = doorsOf(agentAddresses, network)
  const ofMetadata = isShut(options) ? [] : doorsOf(metadataAddresses, network)
  // Together: each asking costs a process.
  const doors = await place.listen([...ofAgent, ...ofMetadata])
  for (const door of doors.splice(0, ofAgent.length)) {
    stack.use(await agent.serve(door, [agentAddresses.four, agentAddresses.six]))
  }
  stack.use(await openMetadataDoor(options, { place, pods, doors }))
  const rest = stack.move()
  return { pods, [Symbol.asyncDispose]: () => rest.disposeAsync() }
}

function doorsOf(
  { four, six }: { readonly four: string; readonly six: string },
  { options }: ClusterNetwork,
): Door[] {
  return (options.hasIpv6 ? [four, six] : [four]).map((host) => ({ host, port: 80 }))
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
  {
    place,
    pods,
    doors,
  }: { readonly place: NodePlace; readonly pods: NodePods; readonly doors: readonly Server[] },
): Promise<AsyncDisposable> {
  const { network, metadata, follow, log } = given
  const serve = (these: readonly Server[]) =>
    Promise.all(these.map((door) => metadata.serve(door, pods.podAt)))
  let open = await serve(doors)
  let isOver = false
  const shut = async () => {
    const closing = open
    open = []
    await Promise.all(closing.map((door) => door[Symbol.asyncDispose]()))
  }
  const adjust = async () => {
    if (isOver || isShut(given)) return shut()
    if (open.length > 0) return
    open = await serve(await place.listen(doorsOf(metadataAddresses, network)))
  }
  // One change after the other.
  let last = Promise.resolve()
  const again = () => {
    last = last
      .then(adjust)
      .catch((error) => log.error({ error }, 'instance metadata is not there'))
    return last
  }
  const following = follow(again)
  await again()
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
  const { blockedPods, hopLimit = 2 } = options()
  return blockedPods === 'reject' && hopLimit < 2 && !hasRoleProxy()
}
