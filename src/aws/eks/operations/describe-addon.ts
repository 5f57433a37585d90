import type { DescribeAddonRequest, DescribeAddonResponse } from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { ownedAssociations } from '../addon-associations.ts'
import { addonNeed, findAddon, showAddon } from '../addons.ts'
import type { EksState } from '../state.ts'

type Input = Checked<DescribeAddonRequest>

/** An add-on of a cluster. */
export const describeAddon: Operation<Input, DescribeAddonResponse, { state: EksState }> = {
  name: 'DescribeAddon',
  access: (input, call, { state }) => [addonNeed('DescribeAddon', call, input, state)],
  handle(input, call, { state }) {
    const { cluster, addon } = findAddon(state, call, input)
    const arns = ownedAssociations(state, cluster, addon).map(({ arn }) => arn)
    return { addon: showAddon(addon, arns) }
  },
}
