/** Finds what a request names, by identifier or ARN, or refuses as AWS does. */
import type { Call } from '../operation.ts'
import { refuse } from './errors.ts'
import { type ClusterRecord, type InstanceRecord, parseRdsArn } from './records.ts'
import type { RdsState } from './state.ts'

export function findCluster(state: RdsState, call: Call, named: string): ClusterRecord {
  const cluster = state.find(call, 'cluster', plainName(named))
  if (!cluster) throw refuse.DBClusterNotFoundFault({ name: named.slice(0, 300) })
  return cluster
}

/** Takes the cluster into a status and answers it as it is then; refuses where it was deleted meanwhile. */
export async function enterStatus(
  state: RdsState,
  call: Call,
  { identifier }: ClusterRecord,
  status: ClusterRecord['status'],
): Promise<ClusterRecord> {
  const entered = await state.change(call, 'cluster', identifier, (current) => ({
    ...current,
    status,
  }))
  if (!entered) throw refuse.DBClusterNotFoundFault({ name: identifier })
  return entered
}

export function findInstance(state: RdsState, call: Call, named: string): InstanceRecord {
  const instance = state.find(call, 'db', plainName(named))
  if (!instance) throw refuse.DBInstanceNotFound({ name: named.slice(0, 300) })
  return instance
}

/** Describe operations take an ARN for an identifier; identifiers are kept in lower case. */
export function plainName(named: string): string {
  return (parseRdsArn(named)?.identifier ?? named).toLowerCase()
}
