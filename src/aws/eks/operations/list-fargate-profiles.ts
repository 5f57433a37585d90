import type { ListFargateProfilesRequest, ListFargateProfilesResponse } from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { clusterNeed, keyOf } from '../access.ts'
import { pageOf } from '../paging.ts'
import type { EksState } from '../state.ts'

type Input = Checked<ListFargateProfilesRequest>

/** Names of a cluster's Fargate profiles. */
export const listFargateProfiles: Operation<
  Input,
  ListFargateProfilesResponse,
  { state: EksState }
> = {
  name: 'ListFargateProfiles',
  access: ({ clusterName }, call) => [clusterNeed('ListFargateProfiles', call, clusterName)],
  handle(input, call, { state }) {
    const found = state.list(state.cluster(keyOf(call, input.clusterName)), 'fargate-profile')
    const { items, ...rest } = pageOf(
      found.map(({ name }) => name),
      input,
    )
    return { fargateProfileNames: items, ...rest }
  },
}
