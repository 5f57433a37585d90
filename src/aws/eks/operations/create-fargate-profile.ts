import type { CreateFargateProfileRequest, CreateFargateProfileResponse } from '@aws-sdk/client-eks'
import type { Call, Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { clusterNeed, keyOf, passRoleNeed, requestTags } from '../access.ts'
import { newAccessEntry } from '../access-entries.ts'
import { inUse, invalidParameter, invalidRequest } from '../errors.ts'
import { fargateService, showProfile } from '../fargate-profiles.ts'
import { uuid } from '../ids.ts'
import type { Lifecycle } from '../lifecycle.ts'
import type { ClusterRecord, FargateProfileRecord } from '../records.ts'
import type { EksState } from '../state.ts'
import { checkTags } from '../validation.ts'

type Input = Checked<CreateFargateProfileRequest>

interface Deps {
  readonly state: EksState
  readonly lifecycle: Pick<Lifecycle, 'heedFargateProfiles'>
  roleExists(arn: string): boolean
  roleTrusts(arn: string, service: string): boolean
}

/** Pods made from now on that a selector fits run on Fargate. */
export const createFargateProfile: Operation<Input, CreateFargateProfileResponse, Deps> = {
  name: 'CreateFargateProfile',
  access: (input, call) => [
    clusterNeed('CreateFargateProfile', call, input.clusterName, requestTags(input.tags)),
    passRoleNeed(input.podExecutionRoleArn, fargateService),
  ],
  async handle(input, call, deps) {
    const { state, lifecycle } = deps
    const { clusterName, fargateProfileName: name } = input
    const cluster = state.cluster(keyOf(call, clusterName))
    const subject = { clusterName, fargateProfileName: name }
    if (cluster.status !== 'ACTIVE') {
      throw invalidRequest(`Cluster '${clusterName}' is not in ACTIVE status`, subject)
    }
    checkRole(input, deps)
    const record = newProfile(input, cluster, call)
    if (!(await state.create(cluster, 'fargate-profile', name, record))) {
      const existing = state.find(cluster, 'fargate-profile', name)
      const token = input.clientRequestToken
      if (existing && token !== undefined && existing.clientRequestToken === token) {
        return { fargateProfile: showProfile(existing, 'CREATING') }
      }
      throw inUse(`A Fargate Profile already exists with this name in this cluster.`, subject)
    }
    if (cluster.authenticationMode !== 'CONFIG_MAP') {
      const node = { principalArn: input.podExecutionRoleArn, type: 'FARGATE_LINUX' }
      const entry = newAccessEntry(cluster, node, call.at)
      await state.create(cluster, 'access-entry', entry.principalArn, entry)
    }
    await lifecycle.heedFargateProfiles(cluster)
    return { fargateProfile: showProfile(record, 'CREATING') }
  },
}

function checkRole({ podExecutionRoleArn: arn, clusterName }: Input, deps: Deps): void {
  if (!deps.roleExists(arn)) {
    const role = arn.slice(arn.lastIndexOf('/') + 1)
    throw invalidParameter(`The role with name ${role} cannot be found.`, { clusterName })
  }
  if (!deps.roleTrusts(arn, fargateService)) {
    throw invalidParameter(
      `Misconfigured PodExecutionRole Trust Policy; Please add the ${fargateService} Service Principal`,
      { clusterName },
    )
  }
}

function newProfile(input: Input, cluster: ClusterRecord, call: Call): FargateProfileRecord {
  const { account, region } = cluster
  const { clusterName, fargateProfileName: name, clientRequestToken } = input
  checkSelectors(input)
  if (/^eks-/i.test(name)) {
    throw invalidParameter('Fargate Profile name cannot start with eks-.', { clusterName })
  }
  return {
    clusterName,
    name,
    arn: `arn:aws:eks:${region}:${account}:fargateprofile/${clusterName}/${name}/${uuid()}`,
    createdAt: call.at,
    status: 'ACTIVE',
    podExecutionRoleArn: input.podExecutionRoleArn,
    subnets: input.subnets ?? cluster.network.subnetIds,
    selectors: (input.selectors ?? []).map(({ namespace = '', labels = {} }) => ({
      namespace,
      labels,
    })),
    ...(clientRequestToken === undefined ? {} : { clientRequestToken }),
    tags: checkTags(input.tags),
  }
}

const labelsMax = 5

/** EKS's rules and words, which tools have recorded from its answers. */
function checkSelectors({ selectors = [], clusterName }: Input): void {
  if (selectors.length === 0) {
    throw invalidParameter('Fargate Profile requires at least one selector.', { clusterName })
  }
  if (selectors.some(({ namespace }) => !namespace)) {
    throw invalidParameter(
      'Fargate Profile must have at least one selector with at least one namespace value.',
      { clusterName },
    )
  }
  if (selectors.some(({ labels = {} }) => Object.keys(labels).length > labelsMax)) {
    throw invalidParameter(`Request contains Selector with more than ${labelsMax} Label pairs`, {
      clusterName,
    })
  }
}
