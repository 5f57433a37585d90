/** The agent of one node: registers it, runs the pods that are bound to it, gives out their logs, runs commands in them. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Log } from '../../audit/log.ts'
import type { Clock } from '../../kernel/clock.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { ClusterClient, NodeAgent, WatchEvent } from '../cluster-client.ts'
import { createEventRecorder } from '../events.ts'
import type { PodNetwork } from '../network/pod-network.ts'
import type { KubernetesObject } from '../object.ts'
import { configMaps, leases, nodes, pods, secrets } from '../resources.ts'
import type { ImageMap } from '../runtime/images.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { type NodeFacts, nodeObject } from './node.ts'
import { hostNetwork } from './pod-addresses.ts'
import { PodWorker } from './pod-worker.ts'
import type { KubeletServices } from './services.ts'

export interface KubeletOptions {
  readonly client: ClusterClient
  readonly clock: Clock
  readonly node: NodeFacts
  /** Shared between kubelets; the kubelet does not dispose it. */
  readonly runtime: Runtime
  /** The node's own directory: pods' volumes and logs. Made with mode 0700. */
  readonly directory: string
  /** Environment that the node gives every container of a pod; the pod's own entries win. */
  readonly podEnvironment: KubeletServices['podEnvironment']
  readonly images: ImageMap
  /** Default: pods share the host's. */
  readonly network?: PodNetwork
  readonly log: Log
  /** Called once a pod has left the node. */
  readonly podGone?: KubeletServices['podGone']
}

export interface Kubelet extends NodeAgent, AsyncDisposable {
  readonly nodeName: string
}

/** Resolves when the node is registered. Disposing kills what runs; the node stays registered. */
export async function startKubelet(options: KubeletOptions): Promise<Kubelet> {
  const { client, clock, node, directory, log } = options
  mkdirSync(join(directory, 'pods'), { recursive: true, mode: 0o700 })
  const events = createEventRecorder({ client, clock, component: 'kubelet', host: node.name, log })
  const network = options.network ?? hostNetwork(node.internalIp)
  const services: KubeletServices = {
    ...options,
    network,
    podGone: options.podGone ?? (() => {}),
    events,
    presentImages: new Set(),
  }
  await register(services)
  clearLeftovers(services)
  const workers = new Map<string, PodWorker>()
  const leaving = new Set<Promise<void>>()

  function onPod({ type, object }: WatchEvent): void {
    const { uid } = object.metadata
    const worker = workers.get(uid)
    if (type === 'DELETED') {
      if (!worker) return
      workers.delete(uid)
      const left = worker.remove().catch((error) => log.error({ error }, 'pod not removed'))
      leaving.add(left)
      void left.then(() => {
        leaving.delete(left)
        network.release(worker.podIp)
      })
    } else if (worker) worker.update(object)
    else {
      const podIp = network.take(object)
      const fresh = new PodWorker(object, podIp, services)
      workers.set(uid, fresh)
      fresh.wake()
    }
  }

  function onConfig({ object }: WatchEvent): void {
    const { namespace, name } = object.metadata
    for (const worker of workers.values()) {
      if (worker.pod.metadata.namespace !== namespace) continue
      worker.configChanged(`${object.kind}/${name}`)
    }
  }

  const watches = [
    client.watch(pods, { fieldSelector: `spec.nodeName=${node.name}` }, onPod),
    client.watch(configMaps, {}, onConfig),
    client.watch(secrets, {}, onConfig),
  ]
  const workerOf = (namespace: string, pod: string) =>
    [...workers.values()].find(
      ({ pod: { metadata } }) => metadata.namespace === namespace && metadata.name === pod,
    )
  return {
    nodeName: node.name,
    exec: (namespace, pod, container, argv, streams) =>
      workerOf(namespace, pod)?.exec(container, argv, streams),
    attach: (namespace, pod, container, streams) =>
      workerOf(namespace, pod)?.attach(container, streams),
    logs: (namespace, pod, container, logOptions) =>
      workerOf(namespace, pod)?.logs(container, logOptions),
    async [Symbol.asyncDispose]() {
      for (const watch of watches) watch[Symbol.dispose]()
      await Promise.all([...workers.values()].map((worker) => worker.stop()))
      await Promise.all(leaving)
      await events.settled()
    },
  }
}

async function register({ client, clock, node, runtime, events }: KubeletServices): Promise<void> {
  const now = clock.now()
  let registered: Awaited<ReturnType<ClusterClient['create']>>
  try {
    registered = await client.create(nodes, undefined, nodeObject(node, runtime, now))
  } catch (error) {
    if (!(error instanceof Refusal && error.code === 'AlreadyExists')) throw error
    const change = (old: Parameters<typeof nodeObject>[3]) => nodeObject(node, runtime, now, old)
    await client.modify(nodes, undefined, node.name, change)
    registered = (await client.modify(nodes, undefined, node.name, change, 'status')) as never
  }
  await renewLease(client, registered, now)
  events.record(registered, 'Normal', 'Starting', 'Starting kubelet.')
  const { note } = runtime.isolation
  if (note) events.record(registered, 'Warning', 'ReducedIsolation', note)
}

/** The node's lease says when its kubelet was last heard of: at its start. */
async function renewLease(
  client: ClusterClient,
  node: KubernetesObject,
  now: number,
): Promise<void> {
  const { name, uid } = node.metadata
  const namespace = 'kube-node-lease'
  const renewTime = new Date(now).toISOString().replace('Z', '000Z')
  const spec = { holderIdentity: name, leaseDurationSeconds: 40, renewTime }
  const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name, uid }]
  try {
    await client.create(leases, namespace, { metadata: { name, ownerReferences }, spec })
  } catch (error) {
    if (!(error instanceof Refusal && error.code === 'AlreadyExists')) throw error
    await client.modify(leases, namespace, name, (lease) => ({ ...lease, spec }))
  }
}

/** Directories of pods that went while no kubelet ran. */
function clearLeftovers({ client, node, directory }: KubeletServices): void {
  const bound = client.list(pods, { fieldSelector: `spec.nodeName=${node.name}` }).items
  const uids = new Set(bound.map((pod) => pod.metadata.uid))
  for (const name of readdirSync(join(directory, 'pods'))) {
    if (!uids.has(name)) rmSync(join(directory, 'pods', name), { recursive: true, force: true })
  }
}
