import type {
  CreatePodIdentityAssociationRequest,
  CreatePodIdentityAssociationResponse,
} from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { clusterNeed, keyOf, passRoleNeed, requestTags } from '../access.ts'
import { inUse } from '../errors.ts'
import {
  associationKey,
  checkAssociation,
  newAssociation,
  podIdentityService,
  showAssociation,
} from '../pod-identity.ts'
import type { EksState } from '../state.ts'
import { checkTags } from '../validation.ts'

type Input = Checked<CreatePodIdentityAssociationRequest>

interface Deps {
  readonly state: EksState
  roleExists(arn: string): boolean
}

/** Gives the pods of a ServiceAccount a role by EKS Pod Identity; neither namespace nor account need exist. */
export const createPodIdentityAssociation: Operation<
  Input,
  CreatePodIdentityAssociationResponse,
  Deps
> = {
  name: 'CreatePodIdentityAssociation',
  access: (input, call) => [
    clusterNeed('CreatePodIdentityAssociation', call, input.clusterName, requestTags(input.tags)),
    passRoleNeed(input.roleArn, podIdentityService),
  ],
  async handle(input, call, { state, roleExists }) {
    const cluster = state.cluster(keyOf(call, input.clusterName))
    checkAssociation(cluster, input, roleExists)
    const record = newAssociation(cluster, { ...input, tags: checkTags(input.tags) }, call.at)
    const key = associationKey(input.namespace, input.serviceAccount)
    if (!(await state.create(cluster, 'pod-identity', key, record))) {
      const existing = state.find(cluster, 'pod-identity', key)
      const token = input.clientRequestToken
      if (existing && token !== undefined && existing.clientRequestToken === token) {
        return { association: showAssociation(existing) }
      }
      throw inUse(`Association already exists: ${existing?.id ?? ''}`, {
        clusterName: cluster.name,
      })
    }
    return { association: showAssociation(record) }
  },
}
