/** A pod's /etc/resolv.conf, as the kubelet writes it. */
import type { KubernetesObject } from '../object.ts'
import { dnsService, resolver } from './address-plan.ts'

interface DnsConfig {
  readonly nameservers?: readonly string[]
  readonly searches?: readonly string[]
  readonly options?: readonly { readonly name: string; readonly value?: string }[]
}

/** By `dnsPolicy` and `dnsConfig`; what the pod gives itself comes after, an option of the same name in its place. */
export function resolvConf(pod: KubernetesObject, region: string): string {
  const { dnsPolicy = 'ClusterFirst', dnsConfig = {} } = pod['spec'] as {
    dnsPolicy?: string
    dnsConfig?: DnsConfig
  }
  const domain = `${region}.compute.internal`
  const namespace = pod.metadata.namespace ?? 'default'
  const base = {
    ClusterFirst: {
      nameservers: [dnsService],
      searches: [`${namespace}.svc.cluster.local`, 'svc.cluster.local', 'cluster.local', domain],
      options: new Map<string, string | undefined>([['ndots', '5']]),
    },
    Default: { nameservers: [resolver], searches: [domain], options: new Map() },
    None: { nameservers: [], searches: [], options: new Map() },
  }
  const kind = dnsPolicy === 'Default' || dnsPolicy === 'None' ? dnsPolicy : 'ClusterFirst'
  const { nameservers, searches, options } = base[kind]
  for (const { name, value } of dnsConfig.options ?? []) options.set(name, value)
  const search = unique([...searches, ...(dnsConfig.searches ?? [])])
  const lines = [
    ...(search.length > 0 ? [`search ${search.join(' ')}`] : []),
    ...unique([...nameservers, ...(dnsConfig.nameservers ?? [])]).map((a) => `nameserver ${a}`),
    ...(options.size > 0
      ? [`options ${[...options].map(([name, value]) => optionText(name, value)).join(' ')}`]
      : []),
  ]
  return `${lines.join('\n')}\n`
}

function optionText(name: string, value: string | undefined): string {
  return value === undefined ? name : `${name}:${value}`
}

function unique(list: readonly string[]): string[] {
  return [...new Set(list)]
}
