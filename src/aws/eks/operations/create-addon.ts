import type { CreateAddonRequest, CreateAddonResponse } from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { clusterNeed, keyOf, passRoleNeed, requestTags } from '../access.ts'
import { offerOf, offers, showAddon } from '../addons.ts'
import { inUse, invalidParameter } from '../errors.ts'
import { uuid } from '../ids.ts'
import {
  associationKey,
  checkAssociation,
  newAssociation,
  podIdentityService,
} from '../pod-identity.ts'
import type { AddonRecord, ClusterRecord } from '../records.ts'
import type { EksState } from '../state.ts'
import { checkTags } from '../validation.ts'

type Input = Checked<CreateAddonRequest>

interface Deps {
  readonly state: EksState
  roleExists(arn: string): boolean
}

/** Adds an add-on, with associations of its own where asked for. With the agent, nodes begin to answer pods. */
export const createAddon: Operation<Input, CreateAddonResponse, Deps> = {
  name: 'CreateAddon',
  access: (input, call) => [
    clusterNeed('CreateAddon', call, input.clusterName, requestTags(input.tags)),
    ...(input.serviceAccountRoleArn ? [passRoleNeed(input.serviceAccountRoleArn)] : []),
    ...(input.podIdentityAssociations ?? []).map(({ roleArn }) =>
      passRoleNeed(roleArn ?? '', podIdentityService),
    ),
  ],
  async handle(input, call, { state, roleExists }) {
    const cluster = state.cluster(keyOf(call, input.clusterName))
    const { addonName: name } = input
    const record = newAddon(cluster, input, call.at)
    for (const one of input.podIdentityAssociations ?? []) {
      checkAssociation(cluster, { roleArn: one.roleArn ?? '' }, roleExists)
      if (one.serviceAccount === offers[name]?.serviceAccount) continue
      const message = `Addon ${name} does not support pod identity associations for service account ${one.serviceAccount}`
      throw invalidParameter(message, { clusterName: cluster.name, addonName: name })
    }
    if (!(await state.create(cluster, 'addon', name, record))) {
      const existing = state.find(cluster, 'addon', name)
      const token = input.clientRequestToken
      if (existing && token !== undefined && existing.clientRequestToken === token) {
        return { addon: showAddon(existing, [], 'CREATING') }
      }
      throw inUse('Addon already exists.', { clusterName: cluster.name, addonName: name })
    }
    const arns = await associate(state, cluster, record, input, call.at)
    return { addon: showAddon(record, arns, 'CREATING') }
  },
}

function newAddon(cluster: ClusterRecord, input: Input, at: number): AddonRecord {
  const { region, account, name: clusterName } = cluster
  const { addonName: name, serviceAccountRoleArn, configurationValues, clientRequestToken } = input
  const { version } = offerOf(cluster, name, input.addonVersion)
  return {
    clusterName,
    name,
    arn: `arn:aws:eks:${region}:${account}:addon/${clusterName}/${name}/${uuid()}`,
    createdAt: at,
    modifiedAt: at,
    version,
    ...(serviceAccountRoleArn ? { serviceAccountRoleArn } : {}),
    ...(configurationValues ? { configurationValues } : {}),
    ...(clientRequestToken === undefined ? {} : { clientRequestToken }),
    tags: checkTags(input.tags),
  }
}

/** Makes the add-on's own associations; ARNs of those that are there now. */
async function associate(
  state: EksState,
  cluster: ClusterRecord,
  addon: AddonRecord,
  { podIdentityAssociations = [] }: Input,
  at: number,
): Promise<string[]> {
  const arns: string[] = []
  for (const { serviceAccount = '', roleArn = '' } of podIdentityAssociations) {
    const given = {
      namespace: 'kube-system',
      serviceAccount,
      roleArn,
      ownerArn: addon.arn,
      tags: {},
    }
    const record = newAssociation(cluster, given, at)
    const key = associationKey(given.namespace, serviceAccount)
    if (await state.create(cluster, 'pod-identity', key, record)) arns.push(record.arn)
  }
  return arns
}
