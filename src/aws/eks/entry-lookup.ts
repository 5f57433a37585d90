/** What access entry operations share: the entry's ARN in needs, and finding it. */
import type { Call, Need } from '../operation.ts'
import { keyOf, resourceTags } from './access.ts'
import { invalidRequest, notFound } from './errors.ts'
import { identityOf } from './principals.ts'
import type { AccessEntryRecord, ClusterKey, ClusterRecord } from './records.ts'
import type { EksState } from './state.ts'

/** How an operation names its entry. */
export interface EntryName {
  readonly clusterName: string
  readonly principalArn: string
}

/** `eks:<action>` on an entry; of one that does not exist any id will do. */
export function entryNeed(
  action: string,
  call: Call,
  { clusterName, principalArn }: EntryName,
  state: EksState,
  context: Readonly<Record<string, string>> = {},
): Need {
  const found = state.find(keyOf(call, clusterName), 'access-entry', principalArn)
  const who = identityOf(principalArn)
  const path = who ? `${who.kind}/${who.account}/${who.name || 'root'}/*` : '*'
  const { region, account } = call
  return {
    action: `eks:${action}`,
    resource: found?.arn ?? `arn:aws:eks:${region}:${account}:access-entry/${clusterName}/${path}`,
    context: { ...resourceTags(found?.tags), 'eks:principalArn': principalArn, ...context },
  }
}

/** A cluster whose mode knows access entries; throws for none, and for CONFIG_MAP. */
export function clusterWithEntries(state: EksState, key: ClusterKey): ClusterRecord {
  const cluster = state.cluster(key)
  if (cluster.authenticationMode === 'CONFIG_MAP') {
    throw invalidRequest(
      "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.",
      { clusterName: cluster.name },
    )
  }
  return cluster
}

/** The entry and its cluster; throws ResourceNotFoundException for either. */
export function findEntry(
  state: EksState,
  call: Call,
  { clusterName, principalArn }: EntryName,
): { cluster: ClusterRecord; entry: AccessEntryRecord } {
  const cluster = clusterWithEntries(state, keyOf(call, clusterName))
  const entry = state.find(cluster, 'access-entry', principalArn)
  if (!entry) throw entryNotFound(cluster.name)
  return { cluster, entry }
}

/** EKS's words for a principal without an entry. */
export function entryNotFound(clusterName: string): Error {
  return notFound(
    "The specified principalArn could not be found. You can view your available access entries with 'aws eks list-access-entries'.",
    { clusterName },
  )
}
