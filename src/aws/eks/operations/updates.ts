/** The record of changes: DescribeUpdate and ListUpdates. */
import type {
  DescribeUpdateRequest,
  DescribeUpdateResponse,
  ListUpdatesRequest,
  ListUpdatesResponse,
} from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { clusterNeed, keyOf } from '../access.ts'
import { notFound } from '../errors.ts'
import { pageOf } from '../paging.ts'
import { showUpdate } from '../shapes.ts'
import type { EksState } from '../state.ts'

interface Deps {
  readonly state: EksState
}

/** What became of one change. */
export const describeUpdate: Operation<
  Checked<DescribeUpdateRequest>,
  DescribeUpdateResponse,
  Deps
> = {
  name: 'DescribeUpdate',
  access: ({ name }, call) => [clusterNeed('DescribeUpdate', call, name)],
  handle({ name, updateId }, call, { state }) {
    const update = state.find(state.cluster(keyOf(call, name)), 'update', updateId)
    if (!update) {
      throw notFound(`No update found for ID: ${updateId}`, { clusterName: name })
    }
    return { update: showUpdate(update) }
  },
}

/** Ids of the changes to a cluster, or to one of its node groups or add-ons. */
export const listUpdates: Operation<Checked<ListUpdatesRequest>, ListUpdatesResponse, Deps> = {
  name: 'ListUpdates',
  access: ({ name }, call) => [clusterNeed('ListUpdates', call, name)],
  handle(input, call, { state }) {
    const ids = state
      .list(state.cluster(keyOf(call, input.name)), 'update')
      .filter((update) => update.nodegroupName === input.nodegroupName)
      .filter((update) => update.addonName === input.addonName)
      .map((update) => update.id)
    const { items, ...rest } = pageOf(ids, input)
    return { updateIds: items, ...rest }
  },
}
