import type { DeleteFargateProfileRequest, DeleteFargateProfileResponse } from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { findProfile, profileNeed, showProfile } from '../fargate-profiles.ts'
import type { Lifecycle } from '../lifecycle.ts'
import type { EksState } from '../state.ts'

type Input = Checked<DeleteFargateProfileRequest>

interface Deps {
  readonly state: EksState
  readonly lifecycle: Pick<Lifecycle, 'heedFargateProfiles'>
}

/** Takes a profile away, with the pods that run by it. */
export const deleteFargateProfile: Operation<Input, DeleteFargateProfileResponse, Deps> = {
  name: 'DeleteFargateProfile',
  access: (input, call, { state }) => [profileNeed('DeleteFargateProfile', call, input, state)],
  async handle(input, call, { state, lifecycle }) {
    const { cluster, profile } = findProfile(state, call, input)
    await state.delete(cluster, 'fargate-profile', profile.name)
    await lifecycle.heedFargateProfiles(cluster)
    return { fargateProfile: showProfile(profile, 'DELETING') }
  },
}
