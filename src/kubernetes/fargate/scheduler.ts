/** Fargate's scheduler: gives each pod that was sent to it a node of its own, which goes with the pod. */
import type { Log } from '../../audit/log.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { ClusterClient, NodeAgent } from '../cluster-client.ts'
import { unless } from '../controllers/controller.ts'
import { WorkQueue } from '../controllers/work-queue.ts'
import { createEventRecorder } from '../events.ts'
import type { KubernetesObject } from '../object.ts'
import { nodes as nodeResource, objectKey, pods } from '../resources.ts'
import { type FargateProfile, fargateSchedulerName, profileLabel } from './admission.ts'

/** A node that runs; disposing stops it, its Node object stays. */
export interface FargateNode extends AsyncDisposable {
  readonly name: string
  readonly kubelet: NodeAgent
}

export interface FargateOptions {
  /** Those that count until others are set. */
  readonly profiles: readonly FargateProfile[]
  readonly client: ClusterClient
  readonly clock: Clock
  readonly log: Log
  /** A name for a new node: `fargate-ip-192-168-1-2.ap-northeast-1.compute.internal`. */
  nodeName(): string
  /** Starts the node of that name for the pod; the same again after a restart. */
  startNode(name: string, pod: KubernetesObject): Promise<FargateNode>
  /** Called once a node has gone for good. */
  nodeGone(name: string, podUid: string): void
}

export interface Fargate extends NodeAgent, AsyncDisposable {
  /** The profiles of the moment. */
  profiles(): readonly FargateProfile[]
  /** From now on these count; pods of others are deleted. */
  setProfiles(profiles: readonly FargateProfile[]): Promise<void>
  nodeCount(): number
}

interface Running {
  readonly podUid: string
  readonly node: FargateNode
}

/** Runs until disposed, which stops the nodes. */
export function startFargate(options: FargateOptions): Fargate {
  const { client, clock, log } = options
  const events = createEventRecorder({ client, clock, component: fargateSchedulerName, log })
  const running = new Map<string, Running>()
  let { profiles } = options
  const queue = new WorkQueue({
    name: fargateSchedulerName,
    clock,
    log,
    async reconcile(key) {
      const [namespace = '', name = ''] = key.split('/')
      const pod = client.get(pods, namespace, name)
      const known = running.get(key)
      if (known && known.podUid !== pod?.metadata.uid) await retire(key, known)
      if (pod && isOurs(pod) && !running.has(key)) await place(key, pod)
    },
  })

  async function place(key: string, pod: KubernetesObject): Promise<void> {
    const { namespace = 'default', name, uid, labels = {}, deletionTimestamp } = pod.metadata
    const bound: string | undefined = pod['spec'].nodeName
    if (!bound && (deletionTimestamp || pod['spec'].schedulingGates?.length)) return
    const profile = labels[profileLabel] ?? ''
    if (!bound && !profiles.some((one) => one.name === profile)) {
      const why = `Misconfigured Fargate Profile: fargate profile ${profile} not found`
      events.record(pod, 'Warning', 'FailedScheduling', why)
      return
    }
    const nodeName = bound ?? options.nodeName()
    const node = await options.startNode(nodeName, pod)
    running.set(key, { podUid: uid, node })
    if (bound) return
    await unless(['Conflict', 'NotFound'], () => client.bind(namespace, name, nodeName))
    const text = `Successfully assigned ${namespace}/${name} to ${nodeName}`
    events.record(pod, 'Normal', 'Scheduled', text)
  }

  async function retire(key: string, { node, podUid }: Running): Promise<void> {
    running.delete(key)
    await node[Symbol.asyncDispose]()
    await unless(['NotFound'], () => client.delete(nodeResource, undefined, node.name))
    options.nodeGone(node.name, podUid)
  }

  const watch = client.watch(pods, {}, ({ object }) => {
    if (isOurs(object)) queue.add(objectKey(object))
  })
  const kubeletOf = ([namespace, pod]: readonly [namespace: string, pod: string, ...unknown[]]) =>
    running.get(`${namespace}/${pod}`)?.node.kubelet
  return {
    profiles: () => profiles,
    nodeCount: () => running.size,
    async setProfiles(wanted) {
      profiles = wanted
      for (const pod of client.list(pods, { labelSelector: profileLabel }).items) {
        const { namespace, name, labels } = pod.metadata
        if (!isOurs(pod)) continue
        if (wanted.some((one) => one.name === labels?.[profileLabel])) queue.add(objectKey(pod))
        else await unless(['NotFound'], () => client.delete(pods, namespace, name))
      }
    },
    exec: (...args) => kubeletOf(args)?.exec(...args),
    attach: (...args) => kubeletOf(args)?.attach(...args),
    logs: (...args) => kubeletOf(args)?.logs(...args),
    async [Symbol.asyncDispose]() {
      watch[Symbol.dispose]()
      await queue[Symbol.asyncDispose]()
      await Promise.all([...running.values()].map(({ node }) => node[Symbol.asyncDispose]()))
      await events.settled()
    },
  }
}

function isOurs(pod: KubernetesObject): boolean {
  return pod['spec']?.schedulerName === fargateSchedulerName
}
