/** Carries out what the API promised: starts and removes databases, and writes down how it went. */
import type { Log } from '../../audit/log.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { DatabaseAddresses, DatabaseControl, DatabaseSpec } from './database-control.ts'
import type { MasterSecrets } from './master-secret.ts'
import type { ClusterRecord } from './records.ts'
import type { RdsState } from './state.ts'

/**
 * A call that makes or removes a cluster is answered when that is done, or after this long. AWS answers at once, but its
 * clients then look every 30 s only; here the work takes a second, so their first look finds it done.
 */
const patienceMs = 20_000

export class Lifecycle {
  readonly #state: RdsState
  readonly #control: DatabaseControl
  readonly #clock: Clock
  readonly #log: Log
  readonly #secrets: Pick<MasterSecrets, 'delete'>
  readonly #running = new Set<Promise<void>>()

  constructor(parts: {
    readonly state: RdsState
    readonly databases: DatabaseControl
    readonly secrets: Pick<MasterSecrets, 'delete'>
    readonly clock: Clock
    readonly log: Log
  }) {
    this.#state = parts.state
    this.#control = parts.databases
    this.#secrets = parts.secrets
    this.#clock = parts.clock
    this.#log = parts.log
  }

  /** Starts a cluster and makes it available, or failed. */
  start(cluster: ClusterRecord): Promise<void> {
    return this.#patiently(cluster, async () => {
      const { identifier } = cluster
      try {
        const addresses = await this.#control.start(databaseSpec(cluster))
        await this.#state.change(cluster, 'cluster', identifier, (current) =>
          current.status === 'deleting' ? current : running(current, addresses),
        )
      } catch (error) {
        const issue = error instanceof Error ? error.message : String(error)
        this.#log.error({ database: cluster.arn, error: issue }, 'database did not start')
        await this.#state.change(cluster, 'cluster', identifier, (current) =>
          current.status === 'deleting' ? current : { ...current, status: 'failed', issue },
        )
      }
    })
  }

  /** Ends the PostgreSQL of a cluster that is stopping; its data stays. */
  stop(cluster: ClusterRecord): Promise<void> {
    return this.#patiently(cluster, async () => {
      await this.#control.stop(cluster.arn)
      await this.#state.change(cluster, 'cluster', cluster.identifier, (current) =>
        current.status === 'stopping' ? { ...current, status: 'stopped' } : current,
      )
    })
  }

  /** Ends the PostgreSQL of a cluster and starts it again. */
  async restart(cluster: ClusterRecord): Promise<void> {
    await this.#control.stop(cluster.arn)
    await this.start(cluster)
  }

  /** Lets a running cluster take over what was changed. Throws where it cannot. */
  change(cluster: ClusterRecord): Promise<void> {
    return this.#control.change(databaseSpec(cluster))
  }

  /** Stops a cluster that is deleting, and removes its data, its secret and its record. */
  remove(cluster: ClusterRecord): Promise<void> {
    return this.#patiently(cluster, async () => {
      await this.#control.remove(cluster.arn)
      if (cluster.masterSecret) await this.#secrets.delete(cluster, cluster.masterSecret.arn)
      await this.#state.delete(cluster, 'cluster', cluster.identifier)
    })
  }

  /** After a restart: goes on with everything as the records say. */
  async resume(): Promise<void> {
    for (const cluster of this.#state.clusters()) {
      if (cluster.status === 'deleting') void this.remove(cluster)
      else if (cluster.status === 'stopping') void this.stop(cluster)
      else if (cluster.status !== 'stopped') void this.start(cluster)
    }
    await this.settled()
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  #patiently(cluster: ClusterRecord, work: () => Promise<void>): Promise<void> {
    const task = work().catch((error: unknown) => {
      this.#log.error(
        { database: cluster.arn, error: String(error) },
        'a database is not as it should',
      )
    })
    this.#running.add(task)
    const done = task.finally(() => this.#running.delete(task))
    return new Promise((resolve) => {
      const timer = this.#clock.schedule(this.#clock.now() + patienceMs, resolve)
      void done.then(() => {
        timer[Symbol.dispose]()
        resolve()
      })
    })
  }
}

function running(current: ClusterRecord, addresses: DatabaseAddresses): ClusterRecord {
  const { issue: _, ...rest } = current
  return { ...rest, status: 'available', addresses, port: addresses.port }
}

export function databaseSpec(cluster: ClusterRecord): DatabaseSpec {
  const { databaseName } = cluster
  return {
    arn: cluster.arn,
    identifier: cluster.identifier,
    resourceId: cluster.resourceId,
    account: cluster.account,
    region: cluster.region,
    endpointMark: cluster.endpointMark,
    port: cluster.port,
    masterUsername: cluster.masterUsername,
    masterPasswordVerifier: cluster.masterPasswordVerifier,
    ...(databaseName !== undefined && { databaseName }),
    iamEnabled: cluster.iamEnabled,
  }
}
