/** What is set up in the namespaces of a cluster's network, as commands of `ip -batch`. */
import { gateway, linkLocal, nodeServices, resolver, sixOf, vpc } from './address-plan.ts'

/** Of every namespace here: what the machine's own settings would otherwise hand down is what kernels do by themselves. */
export const settings = {
  // Pods' connections to what they see as their own loopback come in from outside.
  'ipv4/conf/all/route_localnet': '1',
  'ipv4/conf/all/rp_filter': '0',
  'ipv4/conf/default/rp_filter': '0',
  'ipv4/conf/all/arp_ignore': '0',
  'ipv4/conf/default/arp_ignore': '0',
  'ipv4/conf/all/arp_filter': '0',
  'ipv4/conf/default/arp_filter': '0',
}

/** Container engines let every user listen on any port. */
export const podSettings = { ...settings, 'ipv4/ip_unprivileged_port_start': '0' }

export const bridge = 'vpc'
const bridgeMac = '02:00:c0:a8:00:01'

/** The network between nodes and pods, with the way out: each address beyond it is taken for its own and so answered. */
export function bridgeCommands(hasIpv6: boolean): string[] {
  return [
    'link set lo up',
    // One of its own: else it is the lowest of its ports', and whoever knows it loses the way when a pod brings a lower one.
    `link add name ${bridge} address ${bridgeMac} type bridge`,
    `addr add ${gateway}/${vpc.length} dev ${bridge}`,
    `addr add ${resolver}/${vpc.length} dev ${bridge}`,
    ...(hasIpv6 ? [`addr add ${sixOf(gateway)}/64 dev ${bridge} nodad`] : []),
    `link set ${bridge} up`,
    'route add local default dev lo table main',
  ]
}

/** A node, or nobody in its place: the link-local addresses of services are its own. */
export function nodeCommands(address: string, hasIpv6: boolean): string[] {
  return [
    'link set lo up',
    `addr add ${address}/${vpc.length} dev eth0`,
    ...(hasIpv6 ? [`addr add ${sixOf(address)}/64 dev eth0 nodad`] : []),
    'link set eth0 up',
    `route add local ${linkLocal.four} dev lo`,
    // Unlike IPv4, IPv6 lets nobody listen on what is local by route alone.
    ...(hasIpv6 ? nodeServices.six.map((one) => `addr add ${one}/128 dev lo nodad`) : []),
    ...(hasIpv6 ? [`route add local ${linkLocal.six} dev lo`] : []),
  ]
}

const throughTable = 100

export interface PodPlace {
  readonly address: string
  /** Of its node. */
  readonly node: string
  readonly ports: readonly number[]
  readonly hasIpv6: boolean
}

export function podCommands({ address, node, ports, hasIpv6 }: PodPlace): string[] {
  return [
    'link set lo up',
    `addr add ${address}/${vpc.length} dev eth0`,
    ...(hasIpv6 ? [`addr add ${sixOf(address)}/64 dev eth0 nodad`] : []),
    'link set eth0 up',
    `route add default via ${gateway}`,
    `route add ${linkLocal.four} via ${node}`,
    ...(hasIpv6 ? [`route add ${linkLocal.six} via ${sixOf(node)}`] : []),
    `route add 127.0.0.0/8 via ${gateway} dev eth0 src ${address} table ${throughTable}`,
    ...ports.map((port) => throughRule(port)),
    // The rule for what is local comes first unless it is moved.
    'rule add pref 100 lookup local',
    'rule del pref 0',
  ]
}

/** Lets connections to one port of a pod's loopback through to the machine's. */
export function throughRule(port: number): string {
  return `rule add pref 10 to 127.0.0.1/32 ipproto tcp dport ${port} lookup ${throughTable}`
}
