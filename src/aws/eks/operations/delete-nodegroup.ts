import type { DeleteNodegroupRequest, DeleteNodegroupResponse } from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { keyOf } from '../access.ts'
import type { Lifecycle } from '../lifecycle.ts'
import { findNodegroup, nodegroupNeed } from '../nodegroups.ts'
import { showNodegroup } from '../shapes.ts'
import type { EksState } from '../state.ts'

type Input = Checked<DeleteNodegroupRequest>

interface Deps {
  readonly state: EksState
  readonly lifecycle: Pick<Lifecycle, 'release'>
}

/** Takes a group's nodes, and their pods, away. */
export const deleteNodegroup: Operation<Input, DeleteNodegroupResponse, Deps> = {
  name: 'DeleteNodegroup',
  access: (input, call, { state }) => [nodegroupNeed('DeleteNodegroup', call, input, state)],
  async handle(input, call, { state, lifecycle }) {
    const found = findNodegroup(state, call, input)
    if (found.status === 'DELETING') return { nodegroup: showNodegroup(found) }
    const cluster = state.cluster(keyOf(call, input.clusterName))
    await state.change(cluster, 'nodegroup', found.name, (current) => ({
      ...current,
      status: 'DELETING',
      modifiedAt: call.at,
    }))
    await lifecycle.release(cluster, found.name)
    return { nodegroup: showNodegroup({ ...found, status: 'DELETING', modifiedAt: call.at }) }
  },
}
