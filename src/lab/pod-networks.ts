/** Whether pods have networks of their own in a lab, as asked for and as the machine allows; and those networks. */
import { platform } from 'node:os'
import type { Log } from '../audit/log.ts'
import { type ClusterNetwork, openClusterNetwork } from '../kubernetes/network/cluster-network.ts'
import { LoopbackPorts } from '../kubernetes/network/loopback-ports.ts'
import { type NetworkAbility, probeNetwork } from '../kubernetes/network/probe.ts'
import { findCommand } from '../kubernetes/runtime/process/host-files.ts'
import type { Runtime } from '../kubernetes/runtime/runtime.ts'
import { PodNetworkImpossible } from './start-errors.ts'

const wishes = ['auto', 'namespaces', 'host'] as const
/** `auto`: a namespace for each pod where that is possible. */
export type PodNetworkWish = (typeof wishes)[number]

/** Throws PodNetworkImpossible for what is none. */
export function podNetworkWish(text = 'auto'): PodNetworkWish {
  const wish = wishes.find((one) => one === text)
  if (!wish) throw new PodNetworkImpossible(`\`${text}\` is none of ${wishes.join(', ')}`)
  return wish
}

/** How pods are connected; `note` says why it is not the better way. */
export interface PodNetworkChoice {
  readonly kind: 'namespaces' | 'host'
  readonly note?: string
}

export interface PodNetworks {
  /** Servers of the lab on this machine's loopback: pods reach them at their own. */
  readonly ports: LoopbackPorts
  /** Found out by trying, once. Rejects with PodNetworkImpossible where namespaces were asked for. */
  choice(): Promise<PodNetworkChoice>
  /** Of one cluster; undefined: its pods share the machine's. */
  openFor(cluster: {
    readonly region: string
    readonly apiPort: number
  }): Promise<ClusterNetwork | undefined>
}

export function podNetworks(given: {
  readonly wish: PodNetworkWish
  /** PATH, where programs are looked up. */
  readonly path: string
  readonly runtime: () => Promise<Runtime>
  readonly log: Log
}): PodNetworks {
  const { wish, log } = given
  const ports = new LoopbackPorts()
  let found: Promise<NetworkAbility> | undefined
  const ability = () => {
    found ??= find(given)
    return found
  }
  return {
    ports,
    async choice() {
      const able = await ability()
      if ('programs' in able) return { kind: 'namespaces' }
      if (wish === 'namespaces') throw new PodNetworkImpossible(able.why)
      return { kind: 'host', note: able.why }
    },
    async openFor({ region, apiPort }) {
      const able = await ability()
      if ('why' in able) return undefined
      const machine = { ...able, resolvConf: '/etc/resolv.conf', random: Math.random, log }
      try {
        return await openClusterNetwork({ ...machine, region, ports, apiPort })
      } catch (error) {
        if (wish === 'namespaces') throw error
        // What the trial did not show: better a cluster as it would be elsewhere than none.
        log.error({ error }, "pods share this machine's network")
        return undefined
      }
    },
  }
}

async function find({
  wish,
  path,
  runtime,
}: Parameters<typeof podNetworks>[0]): Promise<NetworkAbility> {
  if (wish === 'host') return { why: 'as asked for' }
  const able = await probeNetwork({
    isRoot: process.getuid?.() === 0,
    platform: platform(),
    find(program) {
      const everywhere = `${path}:/usr/sbin:/sbin`
      const command = findCommand(program, { path: everywhere, workingDirectory: '/', mounts: [] })
      return 'file' in command ? command.file : undefined
    },
  })
  if ('why' in able) return able
  const { isolation } = await runtime()
  // Such pods see the machine's own /etc: its names and resolvers would lead nowhere.
  if (isolation.kind === 'none') return { why: 'containers run without isolation' }
  return able
}
