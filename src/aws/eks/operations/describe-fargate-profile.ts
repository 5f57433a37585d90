import type {
  DescribeFargateProfileRequest,
  DescribeFargateProfileResponse,
} from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { findProfile, profileNeed, showProfile } from '../fargate-profiles.ts'
import type { EksState } from '../state.ts'

type Input = Checked<DescribeFargateProfileRequest>

/** A Fargate profile. */
export const describeFargateProfile: Operation<
  Input,
  DescribeFargateProfileResponse,
  { state: EksState }
> = {
  name: 'DescribeFargateProfile',
  access: (input, call, { state }) => [profileNeed('DescribeFargateProfile', call, input, state)],
  handle: (input, call, { state }) => ({
    fargateProfile: showProfile(findProfile(state, call, input).profile),
  }),
}
