/** Finds out by trying whether pods can have networks of their own here. */
import { existsSync, readFileSync } from 'node:fs'
import { bridge, bridgeCommands, podCommands, podSettings, settings } from './layout.ts'
import { Links } from './links.ts'
import { NetworkNamespace, type NetworkPrograms } from './namespace.ts'

export interface ProbeOptions {
  /** Absolute, or undefined where the machine lacks it. */
  readonly find: (program: string) => string | undefined
  readonly isRoot: boolean
  readonly platform: string
}

/** What networks are made with; or why they cannot be. */
export type NetworkAbility =
  | { readonly programs: NetworkPrograms; readonly hasIpv6: boolean }
  | { readonly why: string }

/** Makes a network with one pod, as later ones will be, and takes it down; nothing outside of it changes. */
export async function probeNetwork(options: ProbeOptions): Promise<NetworkAbility> {
  const { find, isRoot, platform } = options
  if (platform !== 'linux') return { why: 'the machine has no network namespaces' }
  if (!isRoot) return { why: 'podpass does not run as root' }
  const [ip, unshare, nsenter] = ['ip', 'unshare', 'nsenter'].map(find)
  if (!ip) return { why: '`ip` is not installed' }
  if (!unshare || !nsenter) return { why: 'util-linux is not installed' }
  const programs = { ip, unshare, nsenter }
  const hasIpv6 = hasMachineIpv6()
  try {
    await trial(programs, hasIpv6)
    return { programs, hasIpv6 }
  } catch (error) {
    return { why: (error as Error).message.split('\n')[0] ?? '' }
  }
}

async function trial(programs: NetworkPrograms, hasIpv6: boolean): Promise<void> {
  const commands = bridgeCommands(hasIpv6)
  using vpc = await NetworkNamespace.open({ programs, settings, commands })
  await using links = new Links(programs, vpc)
  const place = { address: '192.168.128.4', node: '192.168.0.4', ports: [4566], hasIpv6 }
  using _pod = await NetworkNamespace.open({
    programs,
    settings: podSettings,
    connect: (pid) => links.add(bridge, pid),
    commands: podCommands(place),
  })
}

/** Not built in, or switched off: then pods have none either. */
export function hasMachineIpv6(): boolean {
  const setting = '/proc/sys/net/ipv6/conf/all/disable_ipv6'
  return existsSync(setting) && readFileSync(setting, 'utf8').trim() === '0'
}
