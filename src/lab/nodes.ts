/** The node groups of one cluster. */
import { rmSync } from 'node:fs'
import type { NodegroupSpec } from '../aws/eks/cluster-control.ts'
import type { ClusterClient, NodeAgent } from '../kubernetes/cluster-client.ts'
import { nodes as nodeResource, pods } from '../kubernetes/resources.ts'
import { type NodeParts, nodeDirectory, type RunningNode, startInstance } from './node.ts'
import type { NodeRecord } from './node-record.ts'

export interface NodesOptions extends NodeParts {
  readonly client: ClusterClient
}

interface Instance {
  readonly nodegroup: NodegroupSpec
  readonly record: NodeRecord
  readonly node: RunningNode
}

/** Starts and stops nodes as node groups change; answers for the pods on all of them. */
export class Nodes implements NodeAgent, AsyncDisposable {
  readonly #options: NodesOptions
  readonly #instances = new Map<string, Instance>()

  constructor(options: NodesOptions) {
    this.#options = options
  }

  count(): number {
    return this.#instances.size
  }

  find(instanceId: string): NodeRecord | undefined {
    return this.#instances.get(instanceId)?.record
  }

  /** All that run. */
  list(): { readonly nodegroup: NodegroupSpec; readonly record: NodeRecord }[] {
    return [...this.#instances.values()]
  }

  /** Makes a group consist of exactly these nodes. */
  async set(nodegroup: NodegroupSpec, records: readonly NodeRecord[]): Promise<void> {
    const wanted = new Set(records.map(({ instanceId }) => instanceId))
    for (const { record } of [...this.#instances.values()]) {
      if (record.nodegroup === nodegroup.name && !wanted.has(record.instanceId)) {
        await this.#retire(record.instanceId)
      }
    }
    await Promise.all(
      records
        .filter(({ instanceId }) => !this.#instances.has(instanceId))
        .map(async (record) => {
          const node = await startInstance(this.#options, nodegroup, record)
          this.#instances.set(record.instanceId, { nodegroup, record, node })
        }),
    )
  }

  /** Removes a group's nodes with their pods. */
  async remove(nodegroupName: string): Promise<void> {
    for (const { record } of [...this.#instances.values()]) {
      if (record.nodegroup === nodegroupName) await this.#retire(record.instanceId)
    }
  }

  exec(...args: Parameters<NodeAgent['exec']>): ReturnType<NodeAgent['exec']> {
    return this.#kubeletOf(args[0], args[1])?.exec(...args)
  }

  attach(...args: Parameters<NodeAgent['attach']>): ReturnType<NodeAgent['attach']> {
    return this.#kubeletOf(args[0], args[1])?.attach(...args)
  }

  logs(...args: Parameters<NodeAgent['logs']>): ReturnType<NodeAgent['logs']> {
    return this.#kubeletOf(args[0], args[1])?.logs(...args)
  }

  #kubeletOf(namespace: string, pod: string): NodeAgent | undefined {
    const name = this.#options.client.get(pods, namespace, pod)?.['spec']?.nodeName
    return [...this.#instances.values()].find(({ node }) => node.name === name)?.node.kubelet
  }

  /** Stops every kubelet; the nodes stay registered and come back with the next start. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#instances.values()].map(({ node }) => node[Symbol.asyncDispose]()))
    this.#instances.clear()
  }

  async #retire(instanceId: string): Promise<void> {
    const instance = this.#instances.get(instanceId)
    if (!instance) return
    this.#instances.delete(instanceId)
    await instance.node[Symbol.asyncDispose]()
    const { client } = this.#options
    const { name: nodeName } = instance.record
    for (const pod of client.list(pods, { fieldSelector: `spec.nodeName=${nodeName}` }).items) {
      const { namespace, name } = pod.metadata
      await client.delete(pods, namespace, name, { gracePeriodSeconds: 0 })
    }
    await client.delete(nodeResource, undefined, nodeName)
    await this.#options.metadataOptions.forget(instanceId)
    rmSync(nodeDirectory(this.#options, instanceId), { recursive: true, force: true })
  }
}
