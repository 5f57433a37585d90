import type {
  DeletePodIdentityAssociationRequest,
  DeletePodIdentityAssociationResponse,
} from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import {
  associationKey,
  associationNeed,
  findAssociation,
  showAssociation,
} from '../pod-identity.ts'
import type { EksState } from '../state.ts'

type Input = Checked<DeletePodIdentityAssociationRequest>

/** Ends an association. Credentials that were handed out live on to their end, in the agents' memory too. */
export const deletePodIdentityAssociation: Operation<
  Input,
  DeletePodIdentityAssociationResponse,
  { state: EksState }
> = {
  name: 'DeletePodIdentityAssociation',
  access: (input, call, { state }) => [
    associationNeed('DeletePodIdentityAssociation', call, input, state),
  ],
  async handle(input, call, { state }) {
    const { cluster, association } = findAssociation(state, call, input)
    const key = associationKey(association.namespace, association.serviceAccount)
    await state.delete(cluster, 'pod-identity', key)
    return { association: showAssociation(association) }
  },
}
