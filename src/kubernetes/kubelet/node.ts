/** A node of the cluster, as its kubelet knows and registers it. */
import { arch, availableParallelism, platform, release, totalmem } from 'node:os'
import { isoSeconds } from '../../kernel/iso-time.ts'
import type { KubernetesObject } from '../object.ts'
import type { Runtime } from '../runtime/runtime.ts'

/** What the owner of a node says about it. */
export interface NodeFacts {
  /** As EKS names nodes: `ip-192-168-0-10.ap-northeast-1.compute.internal`. */
  readonly name: string
  readonly internalIp: string
  /** `i-` and 17 hex digits. */
  readonly instanceId: string
  /** Absent where there is no instance. */
  readonly instanceType?: string
  readonly region: string
  readonly availabilityZone: string
  /** Beside what follows from the other facts: the node group's. */
  readonly labels?: Readonly<Record<string, string>>
  readonly taints?: readonly { key: string; value?: string; effect: string }[]
}

export const kubeletVersion = 'v1.32.5-eks-podpass'
const podsMax = 110

/** What the node can give, from the machine it runs on. */
export function capacityOf(): { cpu: string; memory: string; pods: string } {
  return {
    cpu: String(availableParallelism()),
    memory: `${Math.floor(totalmem() / 1024)}Ki`,
    pods: String(podsMax),
  }
}

/** The Node object that registers `node`; labels and status of an older one are replaced, the rest kept. */
export function nodeObject(
  node: NodeFacts,
  runtime: Runtime,
  now: number,
  old?: KubernetesObject,
): KubernetesObject {
  const note = runtime.isolation.note
  return {
    apiVersion: 'v1',
    kind: 'Node',
    ...old,
    metadata: {
      ...(old?.metadata as KubernetesObject['metadata']),
      name: node.name,
      labels: { ...old?.metadata.labels, ...labelsOf(node) },
      annotations: {
        ...old?.metadata.annotations,
        'podpass.dev/container-isolation': runtime.isolation.kind,
        ...(note && { 'podpass.dev/container-isolation-note': note }),
      },
    },
    spec: {
      ...old?.['spec'],
      providerID: `aws:///${node.availabilityZone}/${node.instanceId}`,
      ...(node.taints && { taints: node.taints }),
    },
    status: nodeStatus(node, runtime, now, old),
  }
}

function labelsOf(node: NodeFacts): Record<string, string> {
  const hostname = node.name
  const { instanceType } = node
  return {
    'beta.kubernetes.io/arch': goArchitecture(),
    ...(instanceType && { 'beta.kubernetes.io/instance-type': instanceType }),
    'beta.kubernetes.io/os': 'linux',
    'failure-domain.beta.kubernetes.io/region': node.region,
    'failure-domain.beta.kubernetes.io/zone': node.availabilityZone,
    'kubernetes.io/arch': goArchitecture(),
    'kubernetes.io/hostname': hostname,
    'kubernetes.io/os': 'linux',
    ...(instanceType && { 'node.kubernetes.io/instance-type': instanceType }),
    'topology.kubernetes.io/region': node.region,
    'topology.kubernetes.io/zone': node.availabilityZone,
    ...node.labels,
  }
}

function nodeStatus(
  node: NodeFacts,
  runtime: Runtime,
  now: number,
  old: KubernetesObject | undefined,
): Record<string, unknown> {
  const capacity = capacityOf()
  return {
    addresses: [
      { type: 'InternalIP', address: node.internalIp },
      { type: 'Hostname', address: node.name },
      { type: 'InternalDNS', address: node.name },
    ],
    capacity,
    allocatable: capacity,
    conditions: nodeConditions(old, now),
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    nodeInfo: {
      architecture: goArchitecture(),
      bootID: '',
      containerRuntimeVersion: `${runtime.name}://${runtime.version}`,
      kernelVersion: release(),
      kubeProxyVersion: kubeletVersion,
      kubeletVersion,
      machineID: node.instanceId,
      operatingSystem: platform(),
      osImage: `Podpass (${platform()} ${release()}, isolation ${runtime.isolation.kind})`,
      systemUUID: node.instanceId,
    },
    images: [],
  }
}

function nodeConditions(old: KubernetesObject | undefined, now: number): unknown[] {
  const quiet: [type: string, reason: string, message: string][] = [
    ['MemoryPressure', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
    ['DiskPressure', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
    ['PIDPressure', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
  ]
  const conditions = [
    ...quiet.map(([type, reason, message]) => ({ type, status: 'False', reason, message })),
    {
      type: 'Ready',
      status: 'True',
      reason: 'KubeletReady',
      message: 'kubelet is posting ready status',
    },
  ]
  // biome-ignore lint/suspicious/noExplicitAny: conditions as the API stores them
  const before: any[] = old?.['status']?.conditions ?? []
  return conditions.map((condition) => {
    const known = before.find((c) => c.type === condition.type && c.status === condition.status)
    return {
      ...condition,
      lastHeartbeatTime: isoSeconds(now),
      lastTransitionTime: known?.lastTransitionTime ?? isoSeconds(now),
    }
  })
}

function goArchitecture(): string {
  const names: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' }
  return names[arch()] ?? arch()
}
