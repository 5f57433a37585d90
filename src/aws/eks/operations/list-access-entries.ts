import type { ListAccessEntriesRequest, ListAccessEntriesResponse } from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { clusterNeed, keyOf } from '../access.ts'
import { clusterWithEntries } from '../entry-lookup.ts'
import { pageOf } from '../paging.ts'
import type { EksState } from '../state.ts'

type Input = Checked<ListAccessEntriesRequest>

/** Principals that a cluster lets in, all or those bound to one access policy. */
export const listAccessEntries: Operation<Input, ListAccessEntriesResponse, { state: EksState }> = {
  name: 'ListAccessEntries',
  access: ({ clusterName }, call) => [clusterNeed('ListAccessEntries', call, clusterName)],
  handle(input, call, { state }) {
    const cluster = clusterWithEntries(state, keyOf(call, input.clusterName))
    const { associatedPolicyArn: wanted } = input
    const arns = state
      .list(cluster, 'access-entry')
      .filter((e) => wanted === undefined || e.policies.some((p) => p.policyArn === wanted))
      .map((entry) => entry.principalArn)
    const { items, ...rest } = pageOf(arns, input)
    return { accessEntries: items, ...rest }
  },
}
