import type { ListClustersRequest, ListClustersResponse } from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import { clusterNeed } from '../access.ts'
import { pageOf } from '../paging.ts'
import type { EksState } from '../state.ts'

/** Names of the clusters in the request's account and region. */
export const listClusters: Operation<
  ListClustersRequest,
  ListClustersResponse,
  { state: EksState }
> = {
  name: 'ListClusters',
  access: (_input, call) => [clusterNeed('ListClusters', call, '*')],
  handle: (input, call, { state }) => {
    const names = state.clusters(call).map((cluster) => cluster.name)
    const { items, ...rest } = pageOf(names, input)
    return { clusters: items, ...rest }
  },
}
