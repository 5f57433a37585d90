import type {
  ListPodIdentityAssociationsRequest,
  ListPodIdentityAssociationsResponse,
} from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { clusterNeed, keyOf } from '../access.ts'
import { pageOf } from '../paging.ts'
import { summarize } from '../pod-identity.ts'
import type { EksState } from '../state.ts'

type Input = Checked<ListPodIdentityAssociationsRequest>

/** A cluster's associations, all or those of a namespace or a ServiceAccount's name. */
export const listPodIdentityAssociations: Operation<
  Input,
  ListPodIdentityAssociationsResponse,
  { state: EksState }
> = {
  name: 'ListPodIdentityAssociations',
  access: ({ clusterName }, call) => [
    clusterNeed('ListPodIdentityAssociations', call, clusterName),
  ],
  handle(input, call, { state }) {
    const { namespace, serviceAccount } = input
    const found = state
      .list(state.cluster(keyOf(call, input.clusterName)), 'pod-identity')
      .filter((one) => namespace === undefined || one.namespace === namespace)
      .filter((one) => serviceAccount === undefined || one.serviceAccount === serviceAccount)
    const { items, ...rest } = pageOf(found, input)
    return { associations: items.map(summarize), ...rest }
  },
}
