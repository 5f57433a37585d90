import type {
  ListAssociatedAccessPoliciesRequest,
  ListAssociatedAccessPoliciesResponse,
} from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { entryNeed, findEntry } from '../entry-lookup.ts'
import { pageOf } from '../paging.ts'
import { showAssociatedPolicy } from '../shapes.ts'
import type { EksState } from '../state.ts'

type Input = Checked<ListAssociatedAccessPoliciesRequest>

/** The access policies of an entry, with their scopes. */
export const listAssociatedAccessPolicies: Operation<
  Input,
  ListAssociatedAccessPoliciesResponse,
  { state: EksState }
> = {
  name: 'ListAssociatedAccessPolicies',
  access: (input, call, { state }) => [
    entryNeed('ListAssociatedAccessPolicies', call, input, state),
  ],
  handle(input, call, { state }) {
    const { cluster, entry } = findEntry(state, call, input)
    const { items, ...rest } = pageOf(entry.policies.map(showAssociatedPolicy), input)
    return {
      clusterName: cluster.name,
      principalArn: entry.principalArn,
      associatedAccessPolicies: items,
      ...rest,
    }
  },
}
