import type { DeleteAccessEntryRequest, DeleteAccessEntryResponse } from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { entryNeed, findEntry } from '../entry-lookup.ts'
import type { EksState } from '../state.ts'

type Input = Checked<DeleteAccessEntryRequest>

/** Shuts a principal out again; requests with tokens that are still valid are refused at once. */
export const deleteAccessEntry: Operation<Input, DeleteAccessEntryResponse, { state: EksState }> = {
  name: 'DeleteAccessEntry',
  access: (input, call, { state }) => [entryNeed('DeleteAccessEntry', call, input, state)],
  async handle(input, call, { state }) {
    const { cluster, entry } = findEntry(state, call, input)
    await state.delete(cluster, 'access-entry', entry.principalArn)
    return {}
  },
}
