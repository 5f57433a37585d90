import type { ListAddonsRequest, ListAddonsResponse } from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { clusterNeed, keyOf } from '../access.ts'
import { pageOf } from '../paging.ts'
import type { EksState } from '../state.ts'

type Input = Checked<ListAddonsRequest>

/** Names of a cluster's add-ons: those that were added, not what the embedded cluster brings itself. */
export const listAddons: Operation<Input, ListAddonsResponse, { state: EksState }> = {
  name: 'ListAddons',
  access: ({ clusterName }, call) => [clusterNeed('ListAddons', call, clusterName)],
  handle(input, call, { state }) {
    const found = state.list(state.cluster(keyOf(call, input.clusterName)), 'addon')
    const { items, ...rest } = pageOf(
      found.map(({ name }) => name),
      input,
    )
    return { addons: items, ...rest }
  },
}
