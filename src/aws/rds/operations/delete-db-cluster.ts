/** DeleteDBCluster: with its data; there are no snapshots. */
import type { Operation } from '../../operation.ts'
import { rdsNeed } from '../access.ts'
import type { RdsDeps } from '../deps.ts'
import { refuse } from '../errors.ts'
import { enterStatus, findCluster, plainName } from '../find.ts'
import { membersOf, showCluster } from '../show.ts'

interface Input {
  readonly DBClusterIdentifier: string
  readonly SkipFinalSnapshot?: boolean
  readonly FinalDBSnapshotIdentifier?: string
}

export const deleteDBCluster: Operation<Input, object, RdsDeps> = {
  name: 'DeleteDBCluster',
  access: (input, call, deps) => [
    rdsNeed('DeleteDBCluster', call, 'cluster', plainName(input.DBClusterIdentifier), deps),
  ],
  async handle(input, call, { state, lifecycle }) {
    const cluster = findCluster(state, call, input.DBClusterIdentifier)
    checkSnapshot(input)
    if (cluster.deletionProtection) {
      throw refuse.InvalidParameterCombination({
        text: 'Cannot delete protected Cluster, please disable deletion protection and try again.',
      })
    }
    if (membersOf(cluster, state.list(call, 'db')).length > 0) {
      throw refuse.InvalidDBClusterStateFault({
        text: 'Cluster cannot be deleted, it still contains DB instances in non-deleting state.',
      })
    }
    const deleting = await enterStatus(state, call, cluster, 'deleting')
    await lifecycle.remove(deleting)
    return { DBCluster: showCluster(deleting, []) }
  },
}

function checkSnapshot({ SkipFinalSnapshot, FinalDBSnapshotIdentifier }: Input): void {
  if (FinalDBSnapshotIdentifier !== undefined) {
    throw refuse.InvalidParameterCombination({
      text: SkipFinalSnapshot
        ? 'FinalDBSnapshotIdentifier can not be specified when deleting a cluster with SkipFinalSnapshot.'
        : 'Podpass takes no snapshots: delete the cluster with SkipFinalSnapshot.',
    })
  }
  if (!SkipFinalSnapshot) {
    throw refuse.InvalidParameterCombination({
      text: 'FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.',
    })
  }
}
