/** All controllers of a cluster. Adding one is adding a line. */
import type { Log } from '../../audit/log.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { ClusterClient } from '../cluster-client.ts'
import { clusterRoleAggregation } from './cluster-role-aggregation.ts'
import { type Controller, controllerContext } from './controller.ts'
import { cronJobController } from './cron-jobs.ts'
import { deploymentController } from './deployments.ts'
import { garbageCollector } from './garbage-collector.ts'
import { jobExpiry } from './job-expiry.ts'
import { jobController } from './jobs.ts'
import { namespaceController } from './namespaces.ts'
import { podCollector } from './pod-collector.ts'
import { replicaSetController } from './replica-sets.ts'
import { scheduler } from './scheduler.ts'

const all: readonly Controller[] = [
  namespaceController,
  scheduler,
  deploymentController,
  replicaSetController,
  jobController,
  jobExpiry,
  cronJobController,
  garbageCollector,
  podCollector,
  clusterRoleAggregation,
]

/** `caPem` is the cluster's CA, published in each namespace. Disposing stops all and waits for what is under way. */
export function startControllers(deps: {
  readonly client: ClusterClient
  readonly clock: Clock
  readonly caPem: string
  readonly log: Log
}): AsyncDisposable {
  const context = controllerContext(deps)
  const started = all.map((start) => start(context))
  return {
    async [Symbol.asyncDispose]() {
      for (const controller of started) await controller[Symbol.asyncDispose]()
    },
  }
}
