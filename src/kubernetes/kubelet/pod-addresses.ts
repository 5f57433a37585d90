/** The network of pods that share the host's: loopback addresses, so that each pod may listen on the same port. */
import { platform } from 'node:os'
import type { PodNetwork } from '../network/pod-network.ts'

/**
 * Pods share the host's network, on which Linux answers for all of 127.0.0.0/8: each pod gets an address of its own
 * in 127.<x>.<y>.0/24, x and y from the node's own address. Elsewhere only 127.0.0.1 is there, and all pods have the
 * node's address.
 */
export function hostNetwork(nodeIp: string): PodNetwork {
  const open = async () => undefined
  if (platform() !== 'linux') return { take: () => nodeIp, release: () => {}, open }
  const [, , third = '0', fourth = '0'] = nodeIp.split('.')
  const prefix = `127.${64 + (Number(third) % 64)}.${Number(fourth) % 256}.`
  const taken = new Set<string>()
  return {
    take(pod) {
      const wanted: string | undefined = pod['status']?.podIP
      if (wanted?.startsWith(prefix) && !taken.has(wanted)) {
        taken.add(wanted)
        return wanted
      }
      for (let last = 1; last < 255; last++) {
        const address = `${prefix}${last}`
        if (taken.has(address)) continue
        taken.add(address)
        return address
      }
      // More pods than a node should have: they share, as pods on the host network do.
      return nodeIp
    },
    release: (address) => void taken.delete(address),
    open,
  }
}
