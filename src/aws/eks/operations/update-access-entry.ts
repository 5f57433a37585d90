import type { UpdateAccessEntryRequest, UpdateAccessEntryResponse } from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { checkedGroups, checkedUsername } from '../access-entries.ts'
import { entryNeed, entryNotFound, findEntry } from '../entry-lookup.ts'
import { invalidParameter } from '../errors.ts'
import { showAccessEntry } from '../shapes.ts'
import type { EksState } from '../state.ts'

type Input = Checked<UpdateAccessEntryRequest>

/** Replaces an entry's groups and username, each where given. */
export const updateAccessEntry: Operation<Input, UpdateAccessEntryResponse, { state: EksState }> = {
  name: 'UpdateAccessEntry',
  access: (input, call, { state }) => [entryNeed('UpdateAccessEntry', call, input, state)],
  async handle(input, call, { state }) {
    const { cluster, entry } = findEntry(state, call, input)
    if (entry.type !== 'STANDARD') {
      throw invalidParameter(`An access entry of type ${entry.type} cannot be updated.`, {
        clusterName: cluster.name,
      })
    }
    const username = checkedUsername(input.username)
    const groups = input.kubernetesGroups && checkedGroups(input.kubernetesGroups)
    const changed = await state.change(cluster, 'access-entry', entry.principalArn, (current) => ({
      ...current,
      modifiedAt: call.at,
      username: username ?? current.username,
      kubernetesGroups: groups ?? current.kubernetesGroups,
    }))
    if (!changed) throw entryNotFound(cluster.name)
    return { accessEntry: showAccessEntry(changed) }
  },
}
