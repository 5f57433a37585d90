import type { DescribeAccessEntryRequest, DescribeAccessEntryResponse } from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { entryNeed, findEntry } from '../entry-lookup.ts'
import { showAccessEntry } from '../shapes.ts'
import type { EksState } from '../state.ts'

type Input = Checked<DescribeAccessEntryRequest>

/** An access entry. */
export const describeAccessEntry: Operation<
  Input,
  DescribeAccessEntryResponse,
  { state: EksState }
> = {
  name: 'DescribeAccessEntry',
  access: (input, call, { state }) => [entryNeed('DescribeAccessEntry', call, input, state)],
  handle: (input, call, { state }) => ({
    accessEntry: showAccessEntry(findEntry(state, call, input).entry),
  }),
}
