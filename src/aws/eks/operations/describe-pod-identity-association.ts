import type {
  DescribePodIdentityAssociationRequest,
  DescribePodIdentityAssociationResponse,
} from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { associationNeed, findAssociation, showAssociation } from '../pod-identity.ts'
import type { EksState } from '../state.ts'

type Input = Checked<DescribePodIdentityAssociationRequest>

/** An association with its role. */
export const describePodIdentityAssociation: Operation<
  Input,
  DescribePodIdentityAssociationResponse,
  { state: EksState }
> = {
  name: 'DescribePodIdentityAssociation',
  access: (input, call, { state }) => [
    associationNeed('DescribePodIdentityAssociation', call, input, state),
  ],
  handle: (input, call, { state }) => ({
    association: showAssociation(findAssociation(state, call, input).association),
  }),
}
