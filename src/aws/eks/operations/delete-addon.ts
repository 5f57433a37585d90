import type { DeleteAddonRequest, DeleteAddonResponse } from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { ownedAssociations } from '../addon-associations.ts'
import { addonNeed, findAddon, showAddon, withPreserved } from '../addons.ts'
import { associationKey } from '../pod-identity.ts'
import type { EksState } from '../state.ts'

type Input = Checked<DeleteAddonRequest>

/** Takes an add-on away, with the associations that it owns; with `preserve` its software and they stay. */
export const deleteAddon: Operation<Input, DeleteAddonResponse, { state: EksState }> = {
  name: 'DeleteAddon',
  access: (input, call, { state }) => [addonNeed('DeleteAddon', call, input, state)],
  async handle(input, call, { state }) {
    const { cluster, addon } = findAddon(state, call, input)
    const owned = ownedAssociations(state, cluster, addon)
    if (input.preserve) {
      await state.changeCluster(cluster, (current) => withPreserved(current, addon.name, true))
    } else {
      for (const { namespace, serviceAccount } of owned) {
        await state.delete(cluster, 'pod-identity', associationKey(namespace, serviceAccount))
      }
    }
    await state.delete(cluster, 'addon', addon.name)
    const arns = owned.map(({ arn }) => arn)
    return { addon: showAddon(addon, arns, 'DELETING') }
  },
}
