import type { DeleteAddonRequest, DeleteAddonResponse } from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { addonNeed, associationsOf, findAddon, showAddon } from '../addons.ts'
import { associationKey } from '../pod-identity.ts'
import type { EksState } from '../state.ts'

type Input = Checked<DeleteAddonRequest>

/** Takes an add-on away, and the associations that it owns. */
export const deleteAddon: Operation<Input, DeleteAddonResponse, { state: EksState }> = {
  name: 'DeleteAddon',
  access: (input, call, { state }) => [addonNeed('DeleteAddon', call, input, state)],
  async handle(input, call, { state }) {
    const { cluster, addon } = findAddon(state, call, input)
    const arns = associationsOf(state, cluster, addon)
    for (const { namespace, serviceAccount, ownerArn } of state.list(cluster, 'pod-identity')) {
      if (ownerArn !== addon.arn) continue
      await state.delete(cluster, 'pod-identity', associationKey(namespace, serviceAccount))
    }
    await state.delete(cluster, 'addon', addon.name)
    return { addon: showAddon(addon, arns, 'DELETING') }
  },
}
