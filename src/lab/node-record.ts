/** What a lab remembers of its nodes, and how their metadata services come by credentials. */
import { randomBytes } from 'node:crypto'
import type { ClusterSpec, NodegroupSpec } from '../aws/eks/cluster-control.ts'
import type { Store } from '../store/store.ts'

/** A node as it is remembered: the same instance after a restart. */
export interface NodeRecord {
  readonly name: string
  readonly instanceId: string
  readonly internalIp: string
  readonly nodegroup: string
  /** ms since the epoch. */
  readonly launchedAt?: number
}

/** The instance profile that a role is in. */
export type ProfileOf = (
  roleArn: string,
) => { readonly arn: string; readonly id: string } | undefined

/** As many remembered nodes as are wanted; new ones are made up and remembered. */
export async function nodeRecords(of: {
  readonly store: Store
  /** Where the nodes of the cluster lie. */
  readonly prefix: string
  readonly spec: ClusterSpec
  readonly nodegroup: NodegroupSpec
}): Promise<NodeRecord[]> {
  const { store, prefix, spec, nodegroup } = of
  const all = store.list<NodeRecord>(prefix).items
  const own = all.filter((item) => item.value.nodegroup === nodegroup.name)
  const kept = own.slice(0, nodegroup.desiredSize)
  for (const gone of own.slice(nodegroup.desiredSize)) await store.delete(gone.key)
  const records = kept.map((item) => item.value)
  const taken = new Set(all.map((item) => item.value.internalIp))
  while (records.length < nodegroup.desiredSize) {
    const record = newNode(spec, nodegroup, taken)
    taken.add(record.internalIp)
    await store.create(`${prefix}${nodegroup.name}/${record.instanceId}`, record)
    records.push(record)
  }
  return records
}

function newNode(
  spec: ClusterSpec,
  nodegroup: NodegroupSpec,
  taken: ReadonlySet<string>,
): NodeRecord {
  let internalIp: string
  do {
    const [third = 0, fourth = 0] = randomBytes(2)
    // The upper half of the VPC is for pods.
    internalIp = `192.168.${third % 128}.${(fourth % 250) + 4}`
  } while (taken.has(internalIp))
  return {
    name: `ip-${internalIp.replaceAll('.', '-')}.${spec.region}.compute.internal`,
    instanceId: `i-0${randomBytes(8).toString('hex')}`,
    internalIp,
    nodegroup: nodegroup.name,
  }
}
