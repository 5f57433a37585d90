import type { CreateAddonRequest, CreateAddonResponse } from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { clusterNeed, keyOf, passRoleNeed, requestTags } from '../access.ts'
import {
  associationRoleNeeds,
  checkAddonAssociations,
  ownedAssociations,
  setAddonAssociations,
} from '../addon-associations.ts'
import { offerOf, showAddon, withPreserved } from '../addons.ts'
import { inUse } from '../errors.ts'
import { uuid } from '../ids.ts'
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
    ...associationRoleNeeds(input.podIdentityAssociations),
  ],
  async handle(input, call, { state, roleExists }) {
    const cluster = state.cluster(keyOf(call, input.clusterName))
    const { addonName: name } = input
    const record = newAddon(cluster, input, call.at)
    const associations = input.podIdentityAssociations ?? []
    checkAddonAssociations(state, cluster, record, associations, roleExists)
    if (!(await state.create(cluster, 'addon', name, record))) {
      const existing = state.find(cluster, 'addon', name)
      const token = input.clientRequestToken
      if (existing && token !== undefined && existing.clientRequestToken === token) {
        const arns = ownedAssociations(state, cluster, existing).map(({ arn }) => arn)
        return { addon: showAddon(existing, arns, 'CREATING') }
      }
      throw inUse('Addon already exists.', { clusterName: cluster.name, addonName: name })
    }
    const arns = await setAddonAssociations(state, cluster, record, associations, call.at)
    await state.changeCluster(cluster, (current) => withPreserved(current, name, false))
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
