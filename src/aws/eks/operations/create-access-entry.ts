import type { CreateAccessEntryRequest, CreateAccessEntryResponse } from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { clusterNeed, keyOf, requestTags } from '../access.ts'
import { newAccessEntry } from '../access-entries.ts'
import { clusterWithEntries } from '../entry-lookup.ts'
import { inUse } from '../errors.ts'
import { showAccessEntry } from '../shapes.ts'
import type { EksState } from '../state.ts'
import { checkTags } from '../validation.ts'

type Input = Checked<CreateAccessEntryRequest>

/** Lets an IAM user or role into a cluster; what it may do there comes by groups or access policies. */
export const createAccessEntry: Operation<Input, CreateAccessEntryResponse, { state: EksState }> = {
  name: 'CreateAccessEntry',
  access: (input, call) => [
    clusterNeed('CreateAccessEntry', call, input.clusterName, {
      ...requestTags(input.tags),
      'eks:principalArn': input.principalArn,
      'eks:accessEntryType': input.type ?? 'STANDARD',
      ...(input.username && { 'eks:username': input.username }),
      ...(input.kubernetesGroups && { 'eks:kubernetesGroups': input.kubernetesGroups }),
    }),
  ],
  async handle(input, call, { state }) {
    const cluster = clusterWithEntries(state, keyOf(call, input.clusterName))
    const entry = newAccessEntry(cluster, { ...input, tags: checkTags(input.tags) }, call.at)
    if (!(await state.create(cluster, 'access-entry', entry.principalArn, entry))) {
      throw inUse('The specified access entry resource is already in use on this cluster.', {
        clusterName: cluster.name,
      })
    }
    return { accessEntry: showAccessEntry(entry) }
  },
}
