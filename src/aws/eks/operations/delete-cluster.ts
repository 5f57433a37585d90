import type { DeleteClusterRequest, DeleteClusterResponse } from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { clusterNeed, keyOf, resourceTags } from '../access.ts'
import { inUse, invalidRequest } from '../errors.ts'
import type { Lifecycle } from '../lifecycle.ts'
import type { ClusterRecord } from '../records.ts'
import { showCluster } from '../shapes.ts'
import type { EksState } from '../state.ts'

type Input = Checked<DeleteClusterRequest>

interface Deps {
  readonly state: EksState
  readonly lifecycle: Pick<Lifecycle, 'stop'>
}

/** Stops a cluster and removes it with all that belongs to it; node groups must be gone before. */
export const deleteCluster: Operation<Input, DeleteClusterResponse, Deps> = {
  name: 'DeleteCluster',
  access: ({ name }, call, { state }) => [
    clusterNeed(
      'DeleteCluster',
      call,
      name,
      resourceTags(state.findCluster(keyOf(call, name))?.tags),
    ),
  ],
  async handle({ name }, call, { state, lifecycle }) {
    const cluster = state.cluster(keyOf(call, name))
    if (cluster.status === 'DELETING') return { cluster: showCluster(cluster) }
    if (cluster.deletionProtection) {
      throw invalidRequest(
        `Cluster ${name} has deletion protection enabled. Disable it before you delete the cluster.`,
        { clusterName: name },
      )
    }
    const [nodegroup] = state.list(cluster, 'nodegroup')
    if (nodegroup) {
      throw inUse('Cluster has nodegroups attached', {
        clusterName: name,
        nodegroupName: nodegroup.name,
      })
    }
    const [profile] = state.list(cluster, 'fargate-profile')
    if (profile) {
      throw inUse('Cluster has Fargate profiles attached', {
        clusterName: name,
        fargateProfileName: profile.name,
      })
    }
    const deleting: ClusterRecord = { ...cluster, status: 'DELETING' }
    await state.changeCluster(cluster, (current) => ({ ...current, status: 'DELETING' }))
    await lifecycle.stop(deleting)
    return { cluster: showCluster(deleting) }
  },
}
