/** kube2iam on each node of a cluster, or kiam's agents and its one server: whichever the cluster's ConfigMap asks for. */
import { createHash } from 'node:crypto'
import type { Log } from '../audit/log.ts'
import type { ClusterSpec } from '../aws/eks/cluster-control.ts'
import type { Clock } from '../kernel/clock.ts'
import { Refusal } from '../kernel/refusal.ts'
import type { ClusterClient } from '../kubernetes/cluster-client.ts'
import { createEventRecorder } from '../kubernetes/events.ts'
import type { KubernetesObject } from '../kubernetes/object.ts'
import { configMaps, namespaces, pods } from '../kubernetes/resources.ts'
import { Kiam } from '../node/kiam.ts'
import { Kube2iam } from '../node/kube2iam.ts'
import type { AskCredentials } from '../node/node-credentials.ts'
import { type NodeMode, nodeModeMap, readNodeMode } from '../node/node-mode.ts'
import type { PodsByAddress, RoleProxy } from '../node/role-proxy.ts'
import { createStsClient } from '../node/sts-client.ts'

export interface RoleProxiesOptions {
  readonly spec: ClusterSpec
  readonly clock: Clock
  readonly log: Log
  readonly client: ClusterClient
  readonly nodeCredentials: AskCredentials
  /** Where agents reach STS: `https://127.0.0.1:4566`. */
  readonly endpoint: () => string
  /** CA of that endpoint. */
  readonly caPem: string
}

export interface RoleProxies extends AsyncDisposable {
  /** What stands before the metadata of one node now. */
  of(node: NodeIdentity): () => RoleProxy | undefined
  /** The address of a pod. */
  addressOf(namespace: string, pod: string): string | undefined
  /** Calls `listener` when the mode changes, or may have. */
  follow(listener: () => void): Disposable
}

export interface NodeIdentity {
  readonly instanceId: string
  readonly nodeRole: string
}

/** Nothing runs until the ConfigMap names a mode. */
export function openRoleProxies(options: RoleProxiesOptions): RoleProxies {
  const { spec, clock, log, client } = options
  const stack = new DisposableStack()
  const events = createEventRecorder({ client, clock, component: 'kiam.server', log })
  const view = podsByAddress(client, spec.name)
  const mode = () => nodeMode(client, spec.account)
  const server = stack.use(stsAs(options, 'kiam', () => kiamServer(spec.arn, mode())))
  const kiam = new Kiam({
    clock,
    settings() {
      const now = mode()
      return now.mode === 'kiam' ? now.settings : {}
    },
    pods: view,
    assume: server.assume,
    event({ namespace, name }, reason, message) {
      const pod = client.get(pods, namespace, name)
      if (pod) events.record(pod, 'Warning', reason, message)
    },
  })
  return {
    of(node) {
      const sts = stack.use(stsAs(options, 'kube2iam', () => node))
      const kube2iam = new Kube2iam({
        clock,
        settings() {
          const now = mode()
          return now.mode === 'kube2iam' ? now.settings : {}
        },
        pods: view,
        assume: sts.assume,
      })
      return () => ({ kube2iam, kiam, none: undefined })[mode().mode]
    },
    addressOf: (namespace, pod) => client.get(pods, namespace, pod)?.['status']?.podIP,
    follow(listener) {
      const fieldSelector = `metadata.name=${nodeModeMap.name}`
      return client.watch(configMaps, { fieldSelector }, listener)
    },
    async [Symbol.asyncDispose]() {
      await events.settled()
      stack[Symbol.dispose]()
    },
  }
}

function nodeMode(client: ClusterClient, account: string): NodeMode {
  const map = client.get(configMaps, nodeModeMap.namespace, nodeModeMap.name)
  return readNodeMode(map?.['data'], account)
}

/** How long the sessions last that agents sign with: made for one call each, so that each knows its pod. */
const sessionSeconds = 3600

/** A client of STS that signs as the role of `who`, an instance. */
function stsAs(
  { clock, spec, endpoint, caPem, nodeCredentials }: RoleProxiesOptions,
  userAgent: string,
  who: () => NodeIdentity | undefined,
) {
  return createStsClient({
    endpoint,
    caPem,
    region: spec.region,
    clock,
    userAgent,
    credentials(pod) {
      const instance = who()
      if (!instance) {
        return new Refusal('no valid providers in chain. Deprecated.', {
          code: 'NoCredentialProviders',
          status: 403,
        })
      }
      const { instanceId, nodeRole: roleArn } = instance
      return nodeCredentials({
        roleArn,
        sessionName: instanceId,
        durationSeconds: sessionSeconds,
        instanceId,
        instanceRegion: spec.region,
        // Their SDK asks the metadata with a token.
        roleDelivery: '2.0',
        ...(pod ? { pod } : {}),
      })
    },
  })
}

/** kiam's server has a node to itself, with a role of its own, that no pod of ours runs on. */
function kiamServer(clusterArn: string, mode: NodeMode): NodeIdentity | undefined {
  if (mode.mode !== 'kiam' || mode.serverRole === undefined) return undefined
  const digest = createHash('sha256').update(`kiam-server ${clusterArn}`).digest('hex')
  return { instanceId: `i-0${digest.slice(0, 16)}`, nodeRole: mode.serverRole }
}

function podsByAddress(client: ClusterClient, cluster: string): PodsByAddress {
  const hasEnded = (pod: KubernetesObject) => ['Succeeded', 'Failed'].includes(pod['status']?.phase)
  return {
    activePodsAt: (ip) =>
      client
        .list(pods, { fieldSelector: `status.podIP=${ip}` })
        .items.filter((pod) => !hasEnded(pod))
        .map((pod) => {
          const { namespace = 'default', name, uid, annotations = {} } = pod.metadata
          const serviceAccount: string = pod['spec']?.serviceAccountName ?? 'default'
          const subject = { cluster, namespace, pod: name, podUid: uid, serviceAccount }
          return { namespace, name, annotations, subject }
        }),
    addresses() {
      const all = client.list(pods).items.filter((pod) => !hasEnded(pod))
      return [...new Set(all.flatMap((pod) => pod['status']?.podIP ?? []))]
    },
    namespaces: () => client.list(namespaces).items.map(({ metadata }) => metadata.name),
    namespaceAnnotations: (name) => {
      const found = client.get(namespaces, undefined, name)
      return found && (found.metadata.annotations ?? {})
    },
  }
}
