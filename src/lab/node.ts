/** One node: a kubelet, and what else runs on it. */
import { join } from 'node:path'
import type { Log } from '../audit/log.ts'
import type { ClusterSpec, NodegroupSpec } from '../aws/eks/cluster-control.ts'
import type { Clock } from '../kernel/clock.ts'
import type { ClusterClient } from '../kubernetes/cluster-client.ts'
import { type Kubelet, type KubeletOptions, startKubelet } from '../kubernetes/kubelet/kubelet.ts'
import { hostNetwork } from '../kubernetes/kubelet/pod-addresses.ts'
import { apiService } from '../kubernetes/network/address-plan.ts'
import type { ClusterNetwork } from '../kubernetes/network/cluster-network.ts'
import { type NodePods, nodePods } from '../kubernetes/network/node-pods.ts'
import type { PodNetwork } from '../kubernetes/network/pod-network.ts'
import type { KubernetesObject } from '../kubernetes/object.ts'
import { startInstanceMetadata } from '../node/instance-metadata.ts'
import type { AskCredentials } from '../node/node-credentials.ts'
import type { MetadataOptionsTable } from './metadata-options.ts'
import {
  hasOwnNetwork,
  linkLocalServices,
  type NodeNetwork,
  type NodeNetworkOptions,
  openNodeNetwork,
} from './node-network.ts'
import type { NodeRecord, ProfileOf } from './node-record.ts'
import type { PodAccess } from './pod-access.ts'
import {
  agentVariable,
  nowhere,
  type PodIdentityAccess,
  startNodeAgent,
} from './pod-identity-access.ts'
import type { RoleProxies } from './role-proxies.ts'

/** What all nodes of a cluster stand on. */
export interface NodeParts {
  readonly spec: ClusterSpec
  readonly directory: string
  readonly clock: Clock
  readonly log: Log
  /** The API as the kubelet of a node uses it. */
  readonly clientOf: (nodeName: string) => ClusterClient
  /** `https://127.0.0.1:6443`. */
  readonly endpoint: string
  readonly access: PodAccess
  readonly nodeCredentials: AskCredentials
  readonly podIdentity: PodIdentityAccess
  readonly roleProxies: RoleProxies
  readonly metadataOptions: MetadataOptionsTable
  readonly profileOf: ProfileOf
  /** Opened with the first node; undefined: pods share the machine's. */
  readonly network: () => Promise<ClusterNetwork | undefined>
}

/** Disposing stops what runs; the node stays registered. */
export interface RunningNode extends AsyncDisposable {
  readonly name: string
  readonly kubelet: Kubelet
}

/** Where a node keeps its pods' volumes and logs. */
export function nodeDirectory({ directory }: Pick<NodeParts, 'directory'>, id: string): string {
  return join(directory, 'nodes', id)
}

/** An EC2 instance: with instance metadata, which hands out the node's role, and the Pod Identity agent. */
export async function startInstance(
  parts: NodeParts,
  nodegroup: NodegroupSpec,
  record: NodeRecord,
): Promise<RunningNode> {
  const { spec, clock, log, nodeCredentials } = parts
  const { instanceId, internalIp, name } = record
  const { instanceType, nodeRole, launch } = nodegroup
  parts.metadataOptions.launched(instanceId, launch?.metadataOptions)
  const roleProxy = parts.roleProxies.of({ instanceId, nodeRole })
  await using stack = new AsyncDisposableStack()
  const metadata = stack.use(
    await startInstanceMetadata({
      host: '127.0.0.1',
      port: 0,
      clock,
      log,
      instance: {
        instanceId,
        instanceType,
        privateIp: internalIp,
        hostname: name,
        account: spec.account,
        region: spec.region,
        availabilityZone: zoneOf(spec),
        ...(record.launchedAt === undefined ? {} : { launchedAt: record.launchedAt }),
        ...(launch?.userData === undefined ? {} : { userData: launch.userData }),
      },
      roleArn: nodeRole,
      clusterName: spec.name,
      credentials: (request) => nodeCredentials(request),
      instanceProfile: () => parts.profileOf(nodeRole),
      options: () => parts.metadataOptions.of(instanceId),
      roleProxy,
      addressOf: ({ namespace, pod = '' }) => parts.roleProxies.addressOf(namespace, pod),
    }),
  )
  const agent = stack.use(
    await startNodeAgent({
      cluster: spec,
      account: spec.account,
      instanceId,
      nodeRole,
      clock,
      log,
      access: parts.podIdentity,
      nodeCredentials,
    }),
  )
  const network = await parts.network()
  const services = { metadata, agent, hasRoleProxy: () => roleProxy() !== undefined }
  const own = network && stack.use(await onNetwork(network, parts, record, services))
  const kubelet = stack.use(
    await startNodeKubelet(parts, record, {
      node: { instanceId, instanceType, labels: nodegroup.labels, taints: nodegroup.taints },
      network: own?.pods,
      environment: async (pod) => {
        const isInside = own !== undefined && hasOwnNetwork(pod)
        const endpoint = isInside ? linkLocalServices.metadata : await metadata.endpointFor(pod)
        return {
          AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoint,
          [agentVariable]: isInside ? linkLocalServices.agent : agent.address,
        }
      },
      podGone: (pod) => metadata.forget(pod),
    }),
  )
  const rest = stack.move()
  return { name, kubelet, [Symbol.asyncDispose]: () => rest[Symbol.asyncDispose]() }
}

/** The node as its pods find it; a change of what they may have of its metadata counts at once. */
function onNetwork(
  network: ClusterNetwork,
  { metadataOptions, roleProxies, log }: NodeParts,
  { internalIp, instanceId }: NodeRecord,
  services: Pick<NodeNetworkOptions, 'metadata' | 'agent' | 'hasRoleProxy'>,
): Promise<NodeNetwork> {
  return openNodeNetwork({
    ...services,
    network,
    address: internalIp,
    host: hostNetwork(internalIp),
    options: () => metadataOptions.of(instanceId),
    follow(listener) {
      const followed = new DisposableStack()
      followed.use(metadataOptions.follow(instanceId, listener))
      followed.use(roleProxies.follow(() => void listener()))
      return followed
    },
    log,
  })
}

/** A Fargate node: of one pod, without instance metadata and agent, and so without any credentials of its own. */
export async function startFargateNode(
  parts: NodeParts,
  record: { readonly name: string; readonly internalIp: string },
  podUid: string,
): Promise<RunningNode> {
  const id = podUid.replaceAll('-', '')
  const network = await parts.network()
  const pods = network && (await podsOfNobody(network, record.internalIp))
  const kubelet = await startNodeKubelet(
    parts,
    { ...record, instanceId: podUid },
    {
      node: {
        // As EKS forms the provider's id of such a node.
        instanceId: `${id.slice(0, 10)}-${id}/${record.name}`,
        labels: {
          'eks.amazonaws.com/compute-type': 'fargate',
          'kubernetes.io/hostname': record.name.replace(/^fargate-/, ''),
        },
        taints: [{ key: 'eks.amazonaws.com/compute-type', value: 'fargate', effect: 'NoSchedule' }],
      },
      network: pods,
      environment: async (pod) =>
        pods && hasOwnNetwork(pod)
          ? { [agentVariable]: linkLocalServices.agent }
          : {
              AWS_EC2_METADATA_DISABLED: 'true',
              AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://${nowhere}/`,
              [agentVariable]: nowhere,
            },
    },
  )
  const { name } = record
  return {
    name,
    kubelet,
    async [Symbol.asyncDispose]() {
      await kubelet[Symbol.asyncDispose]()
      pods?.[Symbol.dispose]()
    },
  }
}

/** Pods of a node that has no services: what they ask of it is refused. */
async function podsOfNobody(network: ClusterNetwork, nodeIp: string): Promise<NodePods> {
  const { address } = await network.nobody()
  return nodePods({ network, node: address, host: hostNetwork(nodeIp) })
}

async function startNodeKubelet(
  parts: NodeParts,
  record: Pick<NodeRecord, 'name' | 'internalIp' | 'instanceId'>,
  own: {
    readonly node: Pick<KubeletOptions['node'], 'instanceId' | 'instanceType' | 'labels' | 'taints'>
    readonly network: PodNetwork | undefined
    environment(pod: KubernetesObject): Promise<Readonly<Record<string, string>>>
    podGone?: NonNullable<KubeletOptions['podGone']>
  },
): Promise<Kubelet> {
  const { spec, clock, log, access, endpoint, clientOf } = parts
  const { hostname, port } = new URL(endpoint)
  return startKubelet({
    client: clientOf(record.name),
    clock,
    log,
    node: {
      ...own.node,
      name: record.name,
      internalIp: record.internalIp,
      region: spec.region,
      availabilityZone: zoneOf(spec),
    },
    runtime: await access.runtime(),
    images: access.images,
    directory: nodeDirectory(parts, record.instanceId),
    ...(own.network ? { network: own.network } : {}),
    podEnvironment: async (pod: KubernetesObject) => ({
      ...access.environment(),
      ...(await own.environment(pod)),
      ...(own.network && hasOwnNetwork(pod)
        ? serviceVariables(apiService, '443')
        : serviceVariables(hostname, port)),
    }),
    ...(own.podGone ? { podGone: own.podGone } : {}),
  })
}

function zoneOf({ region }: ClusterSpec): string {
  return `${region}a`
}

/** Of the Service `kubernetes`, as the kubelet gives them to pods. */
function serviceVariables(host: string, port: string): Record<string, string> {
  return {
    KUBERNETES_SERVICE_HOST: host,
    KUBERNETES_SERVICE_PORT: port,
    KUBERNETES_SERVICE_PORT_HTTPS: port,
    KUBERNETES_PORT: `tcp://${host}:${port}`,
  }
}
