/**
 * The network of one cluster, as a VPC would be: nodes and pods with addresses of their own on one bridge, each in a
 * namespace of its own, and a way out through this process. The machine's own network is not touched.
 */
import type { Server } from 'node:net'
import type { Log } from '../../audit/log.ts'
import { AddressPlan, apiService, dnsService, nobody, resolver } from './address-plan.ts'
import { bridge, bridgeCommands, nodeCommands, settings } from './layout.ts'
import { Links } from './links.ts'
import type { LoopbackPorts } from './loopback-ports.ts'
import { serveNames, upstreams } from './name-server.ts'
import { NetworkNamespace, type NetworkPrograms } from './namespace.ts'
import { isOutside, relay, type Target } from './relay.ts'
import { Sockets } from './sockets.ts'

export interface ClusterNetworkOptions {
  readonly programs: NetworkPrograms
  /** The machine has IPv6. */
  readonly hasIpv6: boolean
  readonly region: string
  /** Servers of the lab, on this machine's loopback. */
  readonly ports: LoopbackPorts
  /** Of the cluster's API server, on this machine's loopback. */
  readonly apiPort: number
  /** Where this machine names its resolvers. */
  readonly resolvConf: string
  /** 0 ≤ x < 1. */
  readonly random: () => number
  readonly log: Log
}

/** Where a node's services listen. */
export interface Door {
  readonly host: string
  readonly port: number
}

/** A node of the network. */
export interface NodePlace extends Disposable {
  readonly address: string
  /** A listener for each of these addresses of the node, for other servers' `listen`. Rejects with NetworkFailure. */
  listen(doors: readonly Door[]): Promise<Server[]>
}

export interface ClusterNetwork extends AsyncDisposable {
  readonly options: ClusterNetworkOptions
  readonly plan: AddressPlan
  /** Rejects with NetworkFailure, as the others. */
  openNode(address: string): Promise<NodePlace>
  /** In place of the node of pods that have none to ask: connections to its services are refused at once. */
  nobody(): Promise<NodePlace>
  /** A namespace on the network's bridge. */
  attach(
    commands: readonly string[],
    given: Readonly<Record<string, string>>,
  ): Promise<NetworkNamespace>
  /** From within the network. */
  connect: Sockets['connect']
}

/** What pods reach beyond their cluster by TCP: each port needs a listener. Names are asked over UDP too. */
const outsidePorts = [22, 53, 80, 443, 587, 1433, 3306, 5432, 6379, 8080, 8443, 9092, 27_017]

/** Rejects with NetworkFailure, leaving nothing behind. */
export async function openClusterNetwork(options: ClusterNetworkOptions): Promise<ClusterNetwork> {
  const { programs, hasIpv6, random } = options
  await using stack = new AsyncDisposableStack()
  const commands = bridgeCommands(hasIpv6)
  const vpc = stack.use(await NetworkNamespace.open({ programs, settings, commands }))
  const links = stack.use(new Links(programs, vpc))
  const sockets = stack.use(new Sockets(programs, vpc))
  await serveOutside(options, sockets, stack)
  const plan = new AddressPlan(random)
  const connect = (pid: number) => links.add(bridge, pid)
  const attach: ClusterNetwork['attach'] = (inside, given) =>
    NetworkNamespace.open({ programs, settings: given, commands: inside, connect })
  const openNode = async (address: string): Promise<NodePlace> => {
    plan.reserve(address)
    const namespace = await attach(nodeCommands(address, hasIpv6), settings)
    return {
      address,
      async listen(doors) {
        await using inside = new Sockets(programs, namespace)
        return await Promise.all(doors.map(({ host, port }) => inside.listen(host, port)))
      },
      [Symbol.dispose]: () => namespace[Symbol.dispose](),
    }
  }
  let nobodyThere: Promise<NodePlace> | undefined
  stack.defer(async () => {
    const place = await nobodyThere?.catch(() => undefined)
    place?.[Symbol.dispose]()
  })
  const rest = stack.move()
  return {
    options,
    plan,
    openNode,
    attach,
    nobody() {
      nobodyThere ??= openNode(nobody)
      return nobodyThere
    },
    connect: (host, port) => sockets.connect(host, port),
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  }
}

/** The way out: names, the lab's own servers, and the world beyond this machine. */
async function serveOutside(
  { ports, region, resolvConf, apiPort, log }: ClusterNetworkOptions,
  sockets: Sockets,
  stack: AsyncDisposableStack,
): Promise<void> {
  const loopback = '127.0.0.1'
  const [upstream] = await upstreams(resolvConf)
  const targetOf = (address: string, port: number): Target | undefined => {
    if (address === loopback) return ports.has(port) ? { host: loopback, port } : undefined
    if (address === apiService) return port === 443 ? { host: loopback, port: apiPort } : undefined
    if (address === dnsService || address === resolver) {
      return port === 53 && upstream !== undefined ? { host: upstream, port } : undefined
    }
    return isOutside(address) ? { host: address, port } : undefined
  }
  const served = new Map<number, Promise<void>>()
  // Grows for as long as the network is there.
  const relays = stack.use(new DisposableStack())
  const serve = async (port: number) => {
    const door = await sockets.listen('0.0.0.0', port)
    if (relays.disposed) door.close()
    else relays.use(relay(door, targetOf))
  }
  const serveOnce = async (port: number) => {
    const serving = served.get(port) ?? serve(port)
    served.set(port, serving)
    await serving
  }
  const opened = ports.onChange(async (port, change) => {
    if (change === 'close') return
    await serveOnce(port).catch((error) => log.error({ error, port }, 'pods do not reach a port'))
  })
  stack.use(opened)
  for (const host of [dnsService, resolver]) {
    stack.use(serveNames(await sockets.datagrams(host, 53), { region, resolvConf }))
  }
  await Promise.all([...outsidePorts, ...ports.list()].map(serveOnce))
}
