import type { UpdateAddonRequest, UpdateAddonResponse } from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { passRoleNeed } from '../access.ts'
import { addonNeed, findAddon, offerOf } from '../addons.ts'
import { invalidRequest } from '../errors.ts'
import { uuid } from '../ids.ts'
import type { UpdateRecord } from '../records.ts'
import { showUpdate } from '../shapes.ts'
import type { EksState } from '../state.ts'

type Input = Checked<UpdateAddonRequest>

/** Changes an add-on's role or configuration. Its associations are changed by the operations of their own. */
export const updateAddon: Operation<Input, UpdateAddonResponse, { state: EksState }> = {
  name: 'UpdateAddon',
  access: (input, call, { state }) => [
    addonNeed('UpdateAddon', call, input, state),
    ...(input.serviceAccountRoleArn ? [passRoleNeed(input.serviceAccountRoleArn)] : []),
  ],
  async handle(input, call, { state }) {
    const { cluster, addon } = findAddon(state, call, input)
    offerOf(cluster, addon.name, input.addonVersion)
    if (input.podIdentityAssociations !== undefined) {
      throw invalidRequest(
        'Podpass changes the associations of an add-on only by CreateAddon, DeleteAddon and the operations on associations.',
        { clusterName: cluster.name, addonName: addon.name },
      )
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
        ['ServiceAccountRoleArn', serviceAccountRoleArn],
        ['ConfigurationValues', configurationValues],
        ['ResolveConflicts', input.resolveConflicts],
      ].flatMap(([type = '', value]) => (value === undefined ? [] : [{ type, value }])),
    }
    await state.create(cluster, 'update', update.id, update)
    return { update: showUpdate(update) }
  },
}
