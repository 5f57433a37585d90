import type { UpdateAddonRequest, UpdateAddonResponse } from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { passRoleNeed } from '../access.ts'
import {
  associationRoleNeeds,
  checkAddonAssociations,
  setAddonAssociations,
} from '../addon-associations.ts'
import { addonNeed, findAddon, offerOf } from '../addons.ts'
import { uuid } from '../ids.ts'
import type { UpdateRecord } from '../records.ts'
import { showUpdate } from '../shapes.ts'
import type { EksState } from '../state.ts'

type Input = Checked<UpdateAddonRequest>

interface Deps {
  readonly state: EksState
  roleExists(arn: string): boolean
}

/** Changes an add-on's role, configuration or associations; those given replace all that it owns. */
export const updateAddon: Operation<Input, UpdateAddonResponse, Deps> = {
  name: 'UpdateAddon',
  access: (input, call, { state }) => [
    addonNeed('UpdateAddon', call, input, state),
    ...(input.serviceAccountRoleArn ? [passRoleNeed(input.serviceAccountRoleArn)] : []),
    ...associationRoleNeeds(input.podIdentityAssociations),
  ],
  async handle(input, call, { state, roleExists }) {
    const { cluster, addon } = findAddon(state, call, input)
    offerOf(cluster, addon.name, input.addonVersion)
    const { podIdentityAssociations: associations } = input
    if (associations) {
      checkAddonAssociations(state, cluster, addon, associations, roleExists)
      await setAddonAssociations(state, cluster, addon, associations, call.at)
    }
    const { serviceAccountRoleArn, configurationValues } = input
    await state.change(cluster, 'addon', addon.name, (current) => ({
      ...current,
      modifiedAt: call.at,
      ...(serviceAccountRoleArn === undefined ? {} : { serviceAccountRoleArn }),
      ...(configurationValues === undefined ? {} : { configurationValues }),
    }))
    const update: UpdateRecord = {
      id: uuid(),
      clusterName: cluster.name,
      addonName: addon.name,
      createdAt: call.at,
      type: 'AddonUpdate',
      status: 'Successful',
      params: [
        ['AddonVersion', input.addonVersion],
        ['ServiceAccountRoleArn', serviceAccountRoleArn],
        ['ConfigurationValues', configurationValues],
        ['ResolveConflicts', input.resolveConflicts],
        ['PodIdentityAssociations', associations && JSON.stringify(associations)],
      ].flatMap(([type = '', value]) => (value === undefined ? [] : [{ type, value }])),
    }
    await state.create(cluster, 'update', update.id, update)
    return { update: showUpdate(update) }
  },
}
