import type {
  ListIdentityProviderConfigsRequest,
  ListIdentityProviderConfigsResponse,
} from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { clusterNeed, keyOf } from '../access.ts'
import type { EksState } from '../state.ts'

/** OIDC providers for people who use a cluster: there are none here. */
export const listIdentityProviderConfigs: Operation<
  Checked<ListIdentityProviderConfigsRequest>,
  ListIdentityProviderConfigsResponse,
  { state: EksState }
> = {
  name: 'ListIdentityProviderConfigs',
  access: ({ clusterName }, call) => [
    clusterNeed('ListIdentityProviderConfigs', call, clusterName),
  ],
  handle({ clusterName }, call, { state }) {
    state.cluster(keyOf(call, clusterName))
    return { identityProviderConfigs: [] }
  },
}
