/** A cluster with one real kubelet, for tests. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openCluster, until } from '../../../test/support/cluster.ts'
import { silentLog } from '../../audit/log.ts'
import type { ClusterClient } from '../cluster-client.ts'
import type { KubernetesObject } from '../object.ts'
import { events, pods } from '../resources.ts'
import { createImageMap } from '../runtime/images.ts'
import { createProcessRuntime } from '../runtime/process/process-runtime.ts'
import { startKubelet } from './kubelet.ts'
import type { NodeFacts } from './node.ts'

const path = '/usr/local/bin:/usr/bin:/bin'
export const nodeName = 'ip-192-168-0-10.ap-northeast-1.compute.internal'

const nodeFacts: NodeFacts = {
  name: nodeName,
  internalIp: '192.168.0.10',
  instanceId: 'i-0123456789abcdef0',
  instanceType: 'm5.large',
  region: 'ap-northeast-1',
  availabilityZone: 'ap-northeast-1a',
  labels: { 'eks.amazonaws.com/nodegroup': 'ng-1' },
}

/** A cluster with one node; `isolation`: of its containers, default the best there is. */
export async function openNode(isolation?: 'bubblewrap' | 'unshare' | 'none') {
  const cluster = await openCluster()
  const { client, clock, directory } = cluster
  const runtime = await createProcessRuntime({
    path,
    hidden: [directory],
    directory,
    log: silentLog,
    ...(isolation && { isolation }),
  })
  const gone: string[] = []
  const start = () =>
    startKubelet({
      client,
      clock,
      node: nodeFacts,
      runtime,
      directory: join(directory, 'node'),
      podEnvironment: (pod) => ({ FROM_NODE: pod.metadata.name }),
      images: createImageMap({ path, file: join(directory, 'images.yaml') }),
      log: silentLog,
      podGone: (pod) => gone.push(pod.metadata.name),
    })
  let kubelet = await start()
  let count = 0

  /** Creates a pod whose one container runs `script`, bound to the node. */
  async function create(
    script: string,
    { spec = {}, container = {}, metadata = {} }: Record<string, object> = {},
  ) {
    const name = `p${count++}`
    const pod = await client.create(pods, 'default', {
      metadata: { name, ...metadata },
      spec: {
        restartPolicy: 'Never',
        containers: [{ name: 'c', image: 'busybox:1', args: ['sh', '-c', script], ...container }],
        ...spec,
      },
    })
    await client.bind('default', name, nodeName)
    return pod
  }
  const wait = (pod: KubernetesObject, holds: (pod: KubernetesObject) => unknown) =>
    until(
      client,
      pods,
      { namespace: 'default', name: pod.metadata.name },
      (p) => p && holds(p),
    ) as Promise<KubernetesObject>
  async function logs(pod: KubernetesObject, options: object = {}, container = 'c') {
    const all = { follow: false, previous: false, timestamps: false, ...options }
    let text = ''
    const stream = kubelet.logs('default', pod.metadata.name, container, all)
    if (!stream) return undefined
    for await (const piece of stream) text += Buffer.from(piece).toString()
    return text
  }
  return {
    ...cluster,
    create,
    wait,
    phase: (wanted: string) => (pod: KubernetesObject) => pod['status'].phase === wanted,
    logs,
    eventsOf: (pod: KubernetesObject) => eventTexts(client, pod),
    gone,
    /** The first run's log as it lies on disk. */
    logText: (pod: KubernetesObject) =>
      readFileSync(join(directory, 'node/pods', pod.metadata.uid, 'logs/c/0.log'), 'utf8'),
    async restart() {
      await kubelet[Symbol.asyncDispose]()
      kubelet = await start()
    },
    async [Symbol.asyncDispose]() {
      await kubelet[Symbol.asyncDispose]()
      await runtime[Symbol.asyncDispose]()
      await cluster[Symbol.asyncDispose]()
    },
  }
}

/** State of the pod's first container. */
export const state = (pod: KubernetesObject) => pod['status'].containerStatuses?.[0].state
/** Needs nothing of the namespace. */
export const bare = { automountServiceAccountToken: false }

function eventTexts(client: ClusterClient, pod: KubernetesObject): string[] {
  return client
    .list(events, { namespace: 'default' })
    .items.filter((e) => e['involvedObject'].uid === pod.metadata.uid)
    .map((e) => `${e['type']} ${e['reason']} ${e['message']}`)
}
