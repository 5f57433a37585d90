import type { DescribeNodegroupRequest, DescribeNodegroupResponse } from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { findNodegroup, nodegroupNeed } from '../nodegroups.ts'
import { showNodegroup } from '../shapes.ts'
import type { EksState } from '../state.ts'

type Input = Checked<DescribeNodegroupRequest>

/** A managed node group. */
export const describeNodegroup: Operation<Input, DescribeNodegroupResponse, { state: EksState }> = {
  name: 'DescribeNodegroup',
  access: (input, call, { state }) => [nodegroupNeed('DescribeNodegroup', call, input, state)],
  handle: (input, call, { state }) => ({
    nodegroup: showNodegroup(findNodegroup(state, call, input)),
  }),
}
