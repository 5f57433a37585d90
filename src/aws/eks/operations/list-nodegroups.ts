import type { ListNodegroupsRequest, ListNodegroupsResponse } from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { clusterNeed, keyOf } from '../access.ts'
import { pageOf } from '../paging.ts'
import type { EksState } from '../state.ts'

type Input = Checked<ListNodegroupsRequest>

/** Names of a cluster's node groups. */
export const listNodegroups: Operation<Input, ListNodegroupsResponse, { state: EksState }> = {
  name: 'ListNodegroups',
  access: ({ clusterName }, call) => [clusterNeed('ListNodegroups', call, clusterName)],
  handle(input, call, { state }) {
    const cluster = state.cluster(keyOf(call, input.clusterName))
    const names = state.list(cluster, 'nodegroup').map((nodegroup) => nodegroup.name)
    const { items, ...rest } = pageOf(names, input)
    return { nodegroups: items, ...rest }
  },
}
