import type {
  UpdatePodIdentityAssociationRequest,
  UpdatePodIdentityAssociationResponse,
} from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { passRoleNeed } from '../access.ts'
import {
  associationKey,
  associationNeed,
  checkAssociation,
  findAssociation,
  podIdentityService,
  showAssociation,
  withTarget,
} from '../pod-identity.ts'
import type { ClusterRecord, PodIdentityRecord } from '../records.ts'
import type { EksState } from '../state.ts'

type Input = Checked<UpdatePodIdentityAssociationRequest>

interface Deps {
  readonly state: EksState
  roleExists(arn: string): boolean
}

/** Changes an association's role, target role, tags or policy, each where given; an empty text takes it away. */
export const updatePodIdentityAssociation: Operation<
  Input,
  UpdatePodIdentityAssociationResponse,
  Deps
> = {
  name: 'UpdatePodIdentityAssociation',
  access: (input, call, { state }) => [
    associationNeed('UpdatePodIdentityAssociation', call, input, state),
    ...(input.roleArn === undefined ? [] : [passRoleNeed(input.roleArn, podIdentityService)]),
  ],
  async handle(input, call, { state, roleExists }) {
    const { cluster, association } = findAssociation(state, call, input)
    const update = (current: PodIdentityRecord) => changed(current, cluster, input, call.at)
    checkAssociation(cluster, update(association), roleExists)
    const key = associationKey(association.namespace, association.serviceAccount)
    const after = await state.change(cluster, 'pod-identity', key, (current) =>
      current.id === association.id ? update(current) : current,
    )
    return { association: showAssociation(after ?? association) }
  },
}

function changed(
  current: PodIdentityRecord,
  cluster: ClusterRecord,
  input: Input,
  at: number,
): PodIdentityRecord {
  const { targetRoleArn, externalId: _, policy, ...rest } = current
  const nextPolicy = input.policy ?? policy
  return {
    ...rest,
    roleArn: input.roleArn ?? current.roleArn,
    disableSessionTags: input.disableSessionTags ?? current.disableSessionTags,
    ...withTarget(cluster, current, input.targetRoleArn ?? targetRoleArn),
    ...(nextPolicy ? { policy: nextPolicy } : {}),
    modifiedAt: at,
  }
}
