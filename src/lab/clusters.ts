/** Runs what EKS asks for: API servers with their controllers and webhook, nodes with their kubelets. */
import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Log } from '../audit/log.ts'
import type {
  ClusterAddresses,
  ClusterControl,
  ClusterSpec,
  FargateProfileSpec,
  NodegroupSpec,
} from '../aws/eks/cluster-control.ts'
import type { PodIdentityCluster } from '../chain/pod-identity.ts'
import type { LabClock } from '../clock/lab-clock.ts'
import { addToKubeconfig, removeFromKubeconfig } from '../config/kubeconfig.ts'
import type { RotatingIssuer } from '../oidc/issuer.ts'
import { openIssuer } from '../oidc/issuer.ts'
import type { Store } from '../store/store.ts'
import { type Cluster, type ClusterDeps, startCluster } from './cluster.ts'
import type { RunningInstance } from './fleet.ts'
import { type Home, makePrivateDirectory } from './home.ts'
import { nodeRecords } from './node-record.ts'

interface Running {
  readonly cluster: Cluster
  readonly issuer: RotatingIssuer
  readonly spec: ClusterSpec
}

export interface ClustersOptions {
  readonly home: Home
  readonly store: Store
  readonly clock: LabClock
  readonly log: Log
  /** `https://localhost:4567`. */
  readonly issuerOrigin: string
  /** Port of the first cluster; undefined: 6443 where it is free. */
  readonly kubernetesPort: number | undefined
  readonly deps: Omit<
    ClusterDeps,
    | 'issuer'
    | 'fargateProfiles'
    | 'spec'
    | 'directory'
    | 'preferredPort'
    | 'store'
    | 'prefix'
    | 'clock'
    | 'log'
  >
}

/** All clusters of a lab, by ARN. */
export class Clusters implements ClusterControl, AsyncDisposable {
  readonly #options: ClustersOptions
  readonly #running = new Map<string, Running>()
  readonly #starting = new Map<string, Promise<Running>>()

  constructor(options: ClustersOptions) {
    this.#options = options
  }

  /** The issuer whose URL has this path (`/id/…`). */
  issuerAt(path: string): RotatingIssuer | undefined {
    for (const { issuer } of this.#running.values()) {
      if (new URL(issuer.url).pathname === path) return issuer
    }
    return undefined
  }

  /** The name of the cluster whose issuer has this URL. */
  nameOf(issuerUrl: string): string | undefined {
    for (const { issuer, spec } of this.#running.values()) {
      if (issuer.url === issuerUrl) return spec.name
    }
    return undefined
  }

  /** The issuers of the clusters of this name. */
  issuersOf(clusterName: string): RotatingIssuer[] {
    return [...this.#running.values()]
      .filter(({ spec }) => spec.name === clusterName)
      .map(({ issuer }) => issuer)
  }

  list(): { name: string; endpoint: string; nodes: number }[] {
    return [...this.#running.values()].map(({ spec, cluster }) => ({
      name: spec.name,
      endpoint: cluster.endpoint,
      nodes: cluster.nodeCount(),
    }))
  }

  /** The nodes of all clusters that run. */
  instances(): RunningInstance[] {
    return [...this.#running.values()].flatMap(({ spec, cluster }) =>
      cluster.instances().map((instance) => ({ spec, ...instance })),
    )
  }

  async start(
    spec: ClusterSpec,
    fargateProfiles: readonly FargateProfileSpec[],
  ): Promise<ClusterAddresses> {
    let starting = this.#starting.get(spec.arn)
    if (!starting) {
      starting = this.#start(spec, fargateProfiles)
      this.#starting.set(spec.arn, starting)
      starting.catch(() => this.#starting.delete(spec.arn))
    }
    const { cluster, issuer } = await starting
    return {
      endpoint: cluster.endpoint,
      certificateAuthorityPem: cluster.caPem,
      issuer: issuer.url,
    }
  }

  async stop(clusterArn: string): Promise<void> {
    const running = await this.#starting.get(clusterArn)
    if (!running) return
    this.#starting.delete(clusterArn)
    this.#running.delete(clusterArn)
    await running.cluster[Symbol.asyncDispose]()
    running.issuer[Symbol.dispose]()
    const { store, home } = this.#options
    await forget(store, storePrefix(clusterArn))
    rmSync(directoryOf(home, clusterArn), { recursive: true, force: true })
    await removeFromKubeconfig(home.kubeconfig, clusterEntry(running.spec))
  }

  async provision(nodegroup: NodegroupSpec): Promise<void> {
    const running = await this.#starting.get(nodegroup.clusterArn)
    if (!running) throw new Error(`cluster ${nodegroup.clusterArn} does not run`)
    const prefix = `${storePrefix(running.spec.arn)}/nodes/`
    const { store } = this.#options
    const records = await nodeRecords({ store, prefix, spec: running.spec, nodegroup })
    await running.cluster.setNodes(nodegroup, records)
  }

  async release(clusterArn: string, nodegroupName: string): Promise<void> {
    const running = await this.#starting.get(clusterArn)
    if (!running) return
    await running.cluster.removeNodes(nodegroupName)
    const { store } = this.#options
    await forget(store, `${storePrefix(clusterArn)}/nodes/${nodegroupName}/`)
  }

  async setFargateProfiles(
    clusterArn: string,
    profiles: readonly FargateProfileSpec[],
  ): Promise<void> {
    const running = await this.#starting.get(clusterArn)
    await running?.cluster.setFargateProfiles(profiles)
  }

  /** A cluster that runs, as EKS Auth asks for it. */
  identityOf(clusterArn: string): (PodIdentityCluster & { jwks(): unknown }) | undefined {
    const running = this.#running.get(clusterArn)
    if (!running) return undefined
    const { spec, issuer } = running
    const { arn, name, account } = spec
    return { arn, name, account, issuer: issuer.url, jwks: () => issuer.jwks() }
  }

  privateDnsName(clusterArn: string, instanceId: string): string | undefined {
    return this.#running.get(clusterArn)?.cluster.nodeOf(instanceId)?.name
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      [...this.#running.values()].map(async ({ cluster, issuer }) => {
        await cluster[Symbol.asyncDispose]()
        issuer[Symbol.dispose]()
      }),
    )
    this.#running.clear()
    this.#starting.clear()
  }

  async #start(
    spec: ClusterSpec,
    fargateProfiles: readonly FargateProfileSpec[],
  ): Promise<Running> {
    const { home, store, clock, log, issuerOrigin, deps } = this.#options
    const directory = directoryOf(home, spec.arn)
    makePrivateDirectory(directory)
    const issuer = await openIssuer({
      store,
      prefix: storePrefix(spec.arn),
      url: `${issuerOrigin}/id/${spec.issuerId}`,
      clock,
    })
    const cluster = await startCluster({
      ...deps,
      spec,
      issuer,
      fargateProfiles,
      directory,
      store,
      prefix: `${storePrefix(spec.arn)}/registry`,
      clock,
      log,
      preferredPort: this.#preferredPort(),
    })
    const running = { cluster, issuer, spec }
    this.#running.set(spec.arn, running)
    await addToKubeconfig(
      home.kubeconfig,
      {
        cluster: clusterEntry(spec),
        context: `admin@${clusterEntry(spec)}`,
        endpoint: cluster.endpoint,
        caData: Buffer.from(cluster.caPem).toString('base64'),
        user: {
          'client-certificate-data': Buffer.from(cluster.administrator.cert).toString('base64'),
          'client-key-data': Buffer.from(cluster.administrator.key).toString('base64'),
        },
      },
      'if-none',
    )
    return running
  }

  /** The port asked for, for the first cluster only. */
  #preferredPort(): number | undefined {
    return this.#running.size === 0 ? (this.#options.kubernetesPort ?? 6443) : undefined
  }
}

/** The name of a cluster's entry in a kubeconfig file, as eksctl forms it. */
function clusterEntry(spec: ClusterSpec): string {
  return `${spec.name}.${spec.region}.eksctl.io`
}

function storePrefix(clusterArn: string): string {
  return `/clusters/${clusterKey(clusterArn)}`
}

function directoryOf(home: Home, clusterArn: string): string {
  return join(home.clusters, clusterKey(clusterArn))
}

/** Names repeat across regions and accounts, so folders and prefixes carry a mark of the whole ARN. */
function clusterKey(clusterArn: string): string {
  const mark = createHash('sha256').update(clusterArn).digest('hex').slice(0, 8)
  return `${clusterArn.slice(clusterArn.lastIndexOf('/') + 1)}-${mark}`
}

async function forget(store: Store, prefix: string): Promise<void> {
  for (;;) {
    const { items } = store.list(prefix, { limit: 500 })
    if (items.length === 0) return
    await store.transact(items.map(({ key }) => ({ kind: 'delete', key })))
  }
}
