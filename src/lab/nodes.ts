/** The nodes of one cluster: a kubelet and an instance metadata service each. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Log } from '../audit/log.ts'
import type { ClusterSpec, NodegroupSpec } from '../aws/eks/cluster-control.ts'
import type { Clock } from '../kernel/clock.ts'
import type { ClusterClient, NodeAgent } from '../kubernetes/cluster-client.ts'
import { type Kubelet, startKubelet } from '../kubernetes/kubelet/kubelet.ts'
import type { KubernetesObject } from '../kubernetes/object.ts'
import { nodes as nodeResource, pods } from '../kubernetes/resources.ts'
import { type InstanceMetadata, startInstanceMetadata } from '../node/instance-metadata.ts'
import type { NodeCredentials, NodeRecord } from './node-record.ts'
import type { PodAccess } from './pod-access.ts'

export interface NodesOptions {
  readonly spec: ClusterSpec
  readonly directory: string
  readonly clock: Clock
  readonly log: Log
  readonly client: ClusterClient
  /** The API as the kubelet of a node uses it. */
  readonly clientOf: (nodeName: string) => ClusterClient
  /** `https://127.0.0.1:6443`. */
  readonly endpoint: string
  readonly access: PodAccess
  readonly nodeCredentials: NodeCredentials
}

interface Node {
  readonly record: NodeRecord
  readonly kubelet: Kubelet
  readonly metadata: InstanceMetadata
}

/** Starts and stops nodes as node groups change; answers for logs on all of them. */
export class Nodes implements NodeAgent, AsyncDisposable {
  readonly #options: NodesOptions
  readonly #nodes = new Map<string, Node>()

  constructor(options: NodesOptions) {
    this.#options = options
  }

  count(): number {
    return this.#nodes.size
  }

  find(instanceId: string): NodeRecord | undefined {
    return this.#nodes.get(instanceId)?.record
  }

  /** Makes a group consist of exactly these nodes. */
  async set(nodegroup: NodegroupSpec, records: readonly NodeRecord[]): Promise<void> {
    const wanted = new Set(records.map(({ instanceId }) => instanceId))
    for (const { record } of [...this.#nodes.values()]) {
      if (record.nodegroup === nodegroup.name && !wanted.has(record.instanceId)) {
        await this.#retire(record.instanceId)
      }
    }
    await Promise.all(
      records
        .filter(({ instanceId }) => !this.#nodes.has(instanceId))
        .map((record) => this.#add(nodegroup, record)),
    )
  }

  /** Removes a group's nodes with their pods. */
  async remove(nodegroupName: string): Promise<void> {
    for (const { record } of [...this.#nodes.values()]) {
      if (record.nodegroup === nodegroupName) await this.#retire(record.instanceId)
    }
  }

  logs(...args: Parameters<NodeAgent['logs']>): ReturnType<NodeAgent['logs']> {
    const [namespace, pod] = args
    const name = this.#options.client.get(pods, namespace, pod)?.['spec']?.nodeName
    for (const { record, kubelet } of this.#nodes.values()) {
      if (record.name === name) return kubelet.logs(...args)
    }
    return undefined
  }

  /** Stops every kubelet; the nodes stay registered and come back with the next start. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#nodes.values()].map(stop))
    this.#nodes.clear()
  }

  async #add(nodegroup: NodegroupSpec, record: NodeRecord): Promise<void> {
    const { spec, clientOf, clock, log, access, endpoint, nodeCredentials } = this.#options
    const availabilityZone = `${spec.region}a`
    const metadata = await startInstanceMetadata({
      host: '127.0.0.1',
      port: 0,
      clock,
      log,
      instance: {
        instanceId: record.instanceId,
        instanceType: nodegroup.instanceType,
        privateIp: record.internalIp,
        hostname: record.name,
        account: spec.account,
        region: spec.region,
        availabilityZone,
      },
      roleArn: nodegroup.nodeRole,
      clusterName: spec.name,
      credentials: (request) => nodeCredentials(request),
    })
    const { hostname: apiHost, port: apiPort } = new URL(endpoint)
    const kubelet = await startKubelet({
      client: clientOf(record.name),
      clock,
      log,
      node: {
        name: record.name,
        internalIp: record.internalIp,
        instanceId: record.instanceId,
        instanceType: nodegroup.instanceType,
        region: spec.region,
        availabilityZone,
        labels: nodegroup.labels,
        taints: nodegroup.taints,
      },
      runtime: await access.runtime(),
      images: access.images,
      directory: join(this.#options.directory, 'nodes', record.instanceId),
      podEnvironment: async (pod: KubernetesObject) => ({
        ...access.environment(),
        AWS_EC2_METADATA_SERVICE_ENDPOINT: await metadata.endpointFor(pod),
        KUBERNETES_SERVICE_HOST: apiHost,
        KUBERNETES_SERVICE_PORT: apiPort,
        KUBERNETES_SERVICE_PORT_HTTPS: apiPort,
        KUBERNETES_PORT: `tcp://${apiHost}:${apiPort}`,
      }),
      podGone: (pod) => metadata.forget(pod),
    })
    this.#nodes.set(record.instanceId, { record, kubelet, metadata })
  }

  async #retire(instanceId: string): Promise<void> {
    const node = this.#nodes.get(instanceId)
    if (!node) return
    this.#nodes.delete(instanceId)
    await stop(node)
    const { client, directory } = this.#options
    for (const pod of client.list(pods, { fieldSelector: `spec.nodeName=${node.record.name}` })
      .items) {
      const { namespace, name } = pod.metadata
      await client.delete(pods, namespace, name, { gracePeriodSeconds: 0 })
    }
    await client.delete(nodeResource, undefined, node.record.name)
    rmSync(join(directory, 'nodes', instanceId), { recursive: true, force: true })
  }
}

async function stop({ kubelet, metadata }: Node): Promise<void> {
  await kubelet[Symbol.asyncDispose]()
  await metadata[Symbol.asyncDispose]()
}
