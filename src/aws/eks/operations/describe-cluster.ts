import type { DescribeClusterRequest, DescribeClusterResponse } from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { clusterNeed, keyOf, resourceTags } from '../access.ts'
import { showCluster } from '../shapes.ts'
import type { EksState } from '../state.ts'

type Input = Checked<DescribeClusterRequest>

/** A cluster with its endpoint, CA and issuer. */
export const describeCluster: Operation<Input, DescribeClusterResponse, { state: EksState }> = {
  name: 'DescribeCluster',
  access: ({ name }, call, { state }) => [
    clusterNeed(
      'DescribeCluster',
      call,
      name,
      resourceTags(state.findCluster(keyOf(call, name))?.tags),
    ),
  ],
  handle: ({ name }, call, { state }) => ({
    cluster: showCluster(state.cluster(keyOf(call, name))),
  }),
}
