/** Changes that are done when they are answered, as DescribeUpdate will show them. */
import type { Update } from '@aws-sdk/client-eks'
import { uuid } from './ids.ts'
import type { ClusterRecord, UpdateRecord } from './records.ts'
import { showUpdate } from './shapes.ts'
import type { EksState } from './state.ts'

/** Keeps the record of a change that succeeded. `at` in ms; a value that is undefined is left out. */
export async function recordUpdate(
  state: EksState,
  cluster: ClusterRecord,
  change: {
    readonly type: string
    readonly nodegroupName?: string
    readonly params: Readonly<Record<string, string | undefined>>
  },
  at: number,
): Promise<Update> {
  const update: UpdateRecord = {
    id: uuid(),
    clusterName: cluster.name,
    ...(change.nodegroupName !== undefined && { nodegroupName: change.nodegroupName }),
    createdAt: at,
    type: change.type,
    status: 'Successful',
    params: Object.entries(change.params).flatMap(([type, value]) =>
      value === undefined ? [] : [{ type, value }],
    ),
  }
  await state.create(cluster, 'update', update.id, update)
  return showUpdate(update)
}
