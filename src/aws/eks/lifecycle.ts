/** Carries out what the API promised: starts and stops clusters, peoples them, and writes down how it went. */
import type { Log } from '../../audit/log.ts'
import type { Clock } from '../../kernel/clock.ts'
import type {
  ClusterControl,
  ClusterSpec,
  FargateProfileSpec,
  NodegroupSpec,
} from './cluster-control.ts'
import type { ClusterKey, ClusterRecord, NodegroupRecord } from './records.ts'
import type { EksState } from './state.ts'

/**
 * A call that makes or removes something is answered when that is done, or after this long. AWS answers at once, but its
 * clients look once and then not again for 10 to 60 s; here the work takes milliseconds, so that first look finds it done.
 */
const patienceMs = 5_000

export class Lifecycle {
  readonly #state: EksState
  readonly #control: ClusterControl
  readonly #clock: Clock
  readonly #log: Log
  readonly #running = new Set<Promise<void>>()
  /** The last task of each cluster: tasks of one cluster run one after the other. */
  readonly #last = new Map<string, Promise<void>>()

  constructor(state: EksState, control: ClusterControl, clock: Clock, log: Log) {
    this.#state = state
    this.#control = control
    this.#clock = clock
    this.#log = log
  }

  /** Starts a cluster and makes it ACTIVE, or FAILED. Resolves when done or when patience ends. */
  start(cluster: ClusterRecord): Promise<void> {
    return this.#patiently(cluster, async () => {
      if (this.#state.findCluster(cluster)?.status === 'DELETING') return
      try {
        const addresses = await this.#control.start(clusterSpec(cluster), this.#profiles(cluster))
        await this.#state.changeCluster(cluster, (current) => {
          if (current.status === 'DELETING') return current
          const { issue: _, ...rest } = current
          return { ...rest, status: 'ACTIVE', addresses }
        })
      } catch (error) {
        this.#log.error({ cluster: cluster.arn, error: String(error) }, 'cluster did not start')
        const issue = errorMessage(error)
        await this.#state.changeCluster(cluster, (current) =>
          current.status === 'DELETING' ? current : { ...current, status: 'FAILED', issue },
        )
      }
    })
  }

  /** Stops a cluster that is DELETING and removes all of it. */
  stop(cluster: ClusterRecord): Promise<void> {
    return this.#patiently(cluster, async () => {
      try {
        await this.#control.stop(cluster.arn)
        await this.#state.deleteCluster(cluster)
      } catch (error) {
        this.#log.error({ cluster: cluster.arn, error: String(error) }, 'cluster did not stop')
        const issue = errorMessage(error)
        await this.#state.changeCluster(cluster, (c) => ({ ...c, status: 'FAILED', issue }))
      }
    })
  }

  /** Gives a node group its nodes and makes it ACTIVE, or CREATE_FAILED (DEGRADED when it was active before). */
  provision(cluster: ClusterRecord, name: string): Promise<void> {
    return this.#patiently(cluster, async () => {
      const nodegroup = this.#state.find(cluster, 'nodegroup', name)
      if (!nodegroup || nodegroup.status === 'DELETING') return
      if (this.#state.findCluster(cluster)?.status === 'FAILED') return
      try {
        await this.#control.provision(nodegroupSpec(cluster, nodegroup))
        await this.#state.change(cluster, 'nodegroup', name, (current) => {
          if (current.status === 'DELETING') return current
          const { issue: _, ...rest } = current
          return { ...rest, status: 'ACTIVE' }
        })
      } catch (error) {
        this.#log.error({ cluster: cluster.arn, nodegroup: name, error: String(error) }, 'no nodes')
        const issue = errorMessage(error)
        await this.#state.change(cluster, 'nodegroup', name, (current) => {
          if (current.status === 'DELETING') return current
          const status = current.status === 'CREATING' ? 'CREATE_FAILED' : 'DEGRADED'
          return { ...current, status, issue }
        })
      }
    })
  }

  /** Takes the nodes of a group that is DELETING away and removes the group. */
  release(cluster: ClusterRecord, name: string): Promise<void> {
    return this.#patiently(cluster, async () => {
      try {
        await this.#control.release(cluster.arn, name)
        await this.#state.delete(cluster, 'nodegroup', name)
      } catch (error) {
        this.#log.error(
          { cluster: cluster.arn, nodegroup: name, error: String(error) },
          'nodes stay',
        )
        const issue = errorMessage(error)
        await this.#state.change(cluster, 'nodegroup', name, (current) => ({
          ...current,
          status: 'DELETE_FAILED',
          issue,
        }))
      }
    })
  }

  /** Tells the cluster which Fargate profiles count now. */
  heedFargateProfiles(cluster: ClusterRecord): Promise<void> {
    return this.#patiently(cluster, async () => {
      if (this.#state.findCluster(cluster)?.status === 'DELETING') return
      await this.#control.setFargateProfiles?.(cluster.arn, this.#profiles(cluster))
    })
  }

  /** After a restart: goes on with everything as the records say. Resolves when all of it is done. */
  async resume(): Promise<void> {
    for (const cluster of this.#state.clusters()) {
      if (cluster.status === 'DELETING') {
        void this.stop(cluster)
        continue
      }
      void this.start(cluster)
      for (const nodegroup of this.#state.list(cluster, 'nodegroup')) {
        if (nodegroup.status === 'DELETING') void this.release(cluster, nodegroup.name)
        else void this.provision(cluster, nodegroup.name)
      }
      void this.heedFargateProfiles(cluster)
    }
    await this.settled()
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  #profiles(cluster: ClusterKey): FargateProfileSpec[] {
    return this.#state
      .list(cluster, 'fargate-profile')
      .map(({ name, podExecutionRoleArn, selectors }) => ({ name, podExecutionRoleArn, selectors }))
  }

  #patiently(
    cluster: ClusterKey & { readonly arn: string },
    work: () => Promise<void>,
  ): Promise<void> {
    const before = this.#last.get(cluster.arn) ?? Promise.resolve()
    const task = before.then(work).catch((error: unknown) => {
      this.#log.error({ cluster: cluster.arn, error: String(error) }, 'the store refused a change')
    })
    this.#running.add(task)
    this.#last.set(cluster.arn, task)
    const done = task.finally(() => {
      this.#running.delete(task)
      if (this.#last.get(cluster.arn) === task) this.#last.delete(cluster.arn)
    })
    return new Promise((resolve) => {
      const timer = this.#clock.schedule(this.#clock.now() + patienceMs, resolve)
      void done.then(() => {
        timer[Symbol.dispose]()
        resolve()
      })
    })
  }
}

function clusterSpec(cluster: ClusterRecord): ClusterSpec {
  const { arn, name, account, region, version, issuerId } = cluster
  return { arn, name, account, region, version, issuerId, serviceCidr: cluster.network.serviceCidr }
}

function nodegroupSpec(cluster: ClusterRecord, nodegroup: NodegroupRecord): NodegroupSpec {
  return {
    clusterArn: cluster.arn,
    name: nodegroup.name,
    nodeRole: nodegroup.nodeRole,
    desiredSize: nodegroup.scaling.desiredSize,
    labels: {
      ...nodegroup.labels,
      'eks.amazonaws.com/nodegroup': nodegroup.name,
      'eks.amazonaws.com/capacityType': nodegroup.capacityType,
    },
    taints: nodegroup.taints,
    instanceType: nodegroup.instanceTypes[0] ?? 't3.medium',
    ...(nodegroup.launchTemplate && { launch: nodegroup.launchTemplate.launch }),
  }
}

function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
