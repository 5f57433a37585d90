/** The files that the node writes for a pod's containers: /etc/hosts, /etc/hostname, and of a network of its own /etc/resolv.conf. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KubernetesObject } from '../object.ts'
import type { ContainerMount } from '../runtime/runtime.ts'
import type { PodFacts } from './environment.ts'

/** The host name that a pod's containers see; as the kubelet's, cut at 63 characters. */
export function hostnameOf(pod: KubernetesObject): string {
  const name: string = pod['spec'].hostname || pod.metadata.name
  return name.slice(0, 63).replace(/[.-]+$/, '')
}

/** Written anew at each start; mounted only where the host has such a file and the pod mounts nothing of its own there. */
export function systemFiles(
  facts: PodFacts,
  directory: string,
  taken: readonly ContainerMount[],
): ContainerMount[] {
  const place = join(directory, 'etc')
  mkdirSync(place, { recursive: true, mode: 0o755 })
  const { sandbox } = facts
  const files = {
    hosts: hostsFile(facts),
    hostname: `${hostnameOf(facts.pod)}\n`,
    ...(sandbox && { 'resolv.conf': sandbox.resolvConf }),
  }
  return Object.entries(files).flatMap(([name, text]) => {
    const containerPath = `/etc/${name}`
    const isTaken = taken.some((mount) => mount.containerPath === containerPath)
    if (isTaken || !existsSync(containerPath)) return []
    const hostPath = join(place, name)
    writeFileSync(hostPath, text, { mode: 0o644 })
    return [{ containerPath, hostPath, readOnly: false }]
  })
}

function hostsFile({ pod, podIp, sandbox }: PodFacts): string {
  const aliases: { ip: string; hostnames?: string[] }[] = pod['spec'].hostAliases ?? []
  const { hostname, subdomain } = pod['spec']
  const name = hostnameOf(pod)
  const full =
    hostname && subdomain
      ? `${name}.${subdomain}.${pod.metadata.namespace}.svc.cluster.local\t`
      : ''
  return [
    `# Kubernetes-managed hosts file${sandbox ? '' : ' (host network)'}.`,
    readFileSync('/etc/hosts', 'utf8').trimEnd(),
    `${podIp}\t${full}${name}`,
    ...(aliases.length > 0 ? ['', '# Entries added by HostAliases.'] : []),
    ...aliases.map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join('\t')}`),
    '',
  ].join('\n')
}
