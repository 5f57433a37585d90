/** What a cluster here never has, said as AWS says it of a cluster without: Fargate profiles and add-ons. */
import type {
  DescribeAddonRequest,
  DescribeAddonResponse,
  DescribeAddonVersionsRequest,
  DescribeAddonVersionsResponse,
  ListAddonsRequest,
  ListAddonsResponse,
  ListFargateProfilesRequest,
  ListFargateProfilesResponse,
} from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { anyNeed, clusterNeed, keyOf } from '../access.ts'
import { notFound } from '../errors.ts'
import type { EksState } from '../state.ts'

interface Deps {
  readonly state: EksState
}

/** No Fargate profiles. */
export const listFargateProfiles: Operation<
  Checked<ListFargateProfilesRequest>,
  ListFargateProfilesResponse,
  Deps
> = {
  name: 'ListFargateProfiles',
  access: ({ clusterName }, call) => [clusterNeed('ListFargateProfiles', call, clusterName)],
  handle(input, call, { state }) {
    state.cluster(keyOf(call, input.clusterName))
    return { fargateProfileNames: [] }
  },
}

/** No add-ons: networking, DNS and the pod identity webhook are part of the embedded cluster. */
export const listAddons: Operation<Checked<ListAddonsRequest>, ListAddonsResponse, Deps> = {
  name: 'ListAddons',
  access: ({ clusterName }, call) => [clusterNeed('ListAddons', call, clusterName)],
  handle(input, call, { state }) {
    state.cluster(keyOf(call, input.clusterName))
    return { addons: [] }
  },
}

/** No such add-on, which is what eksctl asks before it does without. */
export const describeAddon: Operation<
  Checked<DescribeAddonRequest>,
  DescribeAddonResponse,
  Deps
> = {
  name: 'DescribeAddon',
  access: ({ clusterName }, call) => [clusterNeed('DescribeAddon', call, clusterName)],
  handle({ clusterName, addonName }, call, { state }) {
    state.cluster(keyOf(call, clusterName))
    throw notFound(`No addon: ${addonName} found in cluster: ${clusterName}`, { clusterName })
  },
}

/** No add-ons on offer. */
export const describeAddonVersions: Operation<
  DescribeAddonVersionsRequest,
  DescribeAddonVersionsResponse,
  unknown
> = {
  name: 'DescribeAddonVersions',
  access: () => [anyNeed('DescribeAddonVersions')],
  handle: () => ({ addons: [] }),
}
