/** StopDBCluster, StartDBCluster, FailoverDBCluster, RebootDBInstance: PostgreSQL ends and starts, its data stays. */
import type { Operation } from '../../operation.ts'
import { rdsNeed } from '../access.ts'
import type { RdsDeps } from '../deps.ts'
import { refuse } from '../errors.ts'
import { enterStatus, findCluster, findInstance, plainName } from '../find.ts'
import type { ClusterRecord } from '../records.ts'
import { membersOf, showCluster } from '../show.ts'
import { showInstanceOf } from '../show-instance.ts'

interface ClusterInput {
  readonly DBClusterIdentifier: string
}

export const stopDBCluster: Operation<ClusterInput, object, RdsDeps> = {
  name: 'StopDBCluster',
  access: (input, call, deps) => [
    rdsNeed('StopDBCluster', call, 'cluster', plainName(input.DBClusterIdentifier), deps),
  ],
  async handle(input, call, { state, lifecycle }) {
    const cluster = findCluster(state, call, input.DBClusterIdentifier)
    requireStatus(cluster, 'available')
    const stopping = await enterStatus(state, call, cluster, 'stopping')
    await lifecycle.stop(stopping)
    return { DBCluster: showCluster(stopping, state.list(call, 'db')) }
  },
}

export const startDBCluster: Operation<ClusterInput, object, RdsDeps> = {
  name: 'StartDBCluster',
  access: (input, call, deps) => [
    rdsNeed('StartDBCluster', call, 'cluster', plainName(input.DBClusterIdentifier), deps),
  ],
  async handle(input, call, { state, lifecycle }) {
    const cluster = findCluster(state, call, input.DBClusterIdentifier)
    requireStatus(cluster, 'stopped')
    const starting = await enterStatus(state, call, cluster, 'starting')
    await lifecycle.start(starting)
    return { DBCluster: showCluster(starting, state.list(call, 'db')) }
  },
}

function requireStatus({ identifier, status }: ClusterRecord, wanted: 'available' | 'stopped') {
  if (status === wanted) return
  throw refuse.InvalidDBClusterStateFault({
    text: `DbCluster ${identifier} is not in ${wanted} state.`,
  })
}

interface FailoverInput extends ClusterInput {
  readonly TargetDBInstanceIdentifier?: string
}

/** Makes a reader the writer: the one named, else the first by tier. Sessions end, as they do on AWS. */
export const failoverDBCluster: Operation<FailoverInput, object, RdsDeps> = {
  name: 'FailoverDBCluster',
  access: (input, call, deps) => [
    rdsNeed('FailoverDBCluster', call, 'cluster', plainName(input.DBClusterIdentifier), deps),
  ],
  async handle(input, call, { state, lifecycle }) {
    const cluster = findCluster(state, call, input.DBClusterIdentifier)
    requireStatus(cluster, 'available')
    const [writer, ...readers] = membersOf(cluster, state.list(call, 'db'))
    const named = input.TargetDBInstanceIdentifier?.toLowerCase()
    if (named !== undefined && named === writer?.identifier) {
      throw refuse.InvalidDBInstanceState({ text: `DB instance ${named} is the writer already.` })
    }
    const byTier = readers.toSorted((a, b) => a.promotionTier - b.promotionTier)
    const target = byTier.find(({ identifier }) => named === undefined || identifier === named)
    if (!target && named !== undefined) throw refuse.DBInstanceNotFound({ name: named })
    if (!target) {
      throw refuse.InvalidDBClusterStateFault({
        text: `DB cluster ${cluster.identifier} has no reader to fail over to.`,
      })
    }
    // Two failovers of one millisecond must not leave the order open.
    const promotedAt = Math.max(call.at, (writer?.promotedAt ?? 0) + 1)
    await state.change(call, 'db', target.identifier, (current) => ({ ...current, promotedAt }))
    await lifecycle.restart(cluster)
    const now = findCluster(state, call, cluster.identifier)
    return { DBCluster: showCluster(now, state.list(call, 'db')) }
  },
}

interface RebootInput {
  readonly DBInstanceIdentifier: string
  readonly ForceFailover?: boolean
}

/** Of the writer: sessions end. A reader is a name only, so that nothing ends. */
export const rebootDBInstance: Operation<RebootInput, object, RdsDeps> = {
  name: 'RebootDBInstance',
  access: (input, call, deps) => [
    rdsNeed('RebootDBInstance', call, 'db', plainName(input.DBInstanceIdentifier), deps),
  ],
  async handle(input, call, { state, lifecycle }) {
    const instance = findInstance(state, call, input.DBInstanceIdentifier)
    const cluster = findCluster(state, call, instance.clusterIdentifier)
    if (input.ForceFailover) {
      throw refuse.InvalidParameterCombination({
        text: 'Cannot force failover: the instance is not of a Multi-AZ DB deployment.',
      })
    }
    if (cluster.status !== 'available') {
      throw refuse.InvalidDBInstanceState({
        text: `DB instance ${instance.identifier} is not in available state.`,
      })
    }
    const [writer] = membersOf(cluster, state.list(call, 'db'))
    if (writer?.identifier === instance.identifier) await lifecycle.restart(cluster)
    return { DBInstance: showInstanceOf(instance, call, state, 'rebooting') }
  },
}
