/** One running cluster: API server, controllers, webhook, nodes. */

import type { PodSubject } from '../audit/audit-log.ts'
import type { Log } from '../audit/log.ts'
import type { Credentials } from '../aws/caller.ts'
import type { ClusterSpec, NodegroupSpec } from '../aws/eks/cluster-control.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Refusal } from '../kernel/refusal.ts'
import type { UserInfo } from '../kubernetes/object.ts'
import type { Issuer } from '../oidc/issuer-port.ts'
import type { Store } from '../store/store.ts'
import type { KeyPair } from '../x509/certificate-port.ts'
import type { PodAccess } from './pod-access.ts'

/** A node as it is remembered: the same instance after a restart. */
export interface NodeRecord {
  readonly name: string
  readonly instanceId: string
  readonly internalIp: string
  readonly nodegroup: string
}

export interface ClusterDeps {
  readonly spec: ClusterSpec
  readonly issuer: Issuer
  readonly directory: string
  readonly store: Store
  readonly prefix: string
  readonly clock: Clock
  readonly log: Log
  readonly preferredPort: number | undefined
  readonly access: PodAccess
  authenticateAws(
    clusterArn: string,
    clusterName: string,
    token: string,
    awsAuth: Readonly<Record<string, string>> | undefined,
  ): UserInfo | undefined
  nodeCredentials(request: {
    roleArn: string
    sessionName: string
    durationSeconds: number
    instanceId: string
    pod?: PodSubject
  }): Credentials | Refusal
}

export interface Cluster extends AsyncDisposable {
  readonly endpoint: string
  readonly caPem: string
  readonly administrator: KeyPair
  nodeCount(): number
  nodeOf(instanceId: string): NodeRecord | undefined
  setNodes(nodegroup: NodegroupSpec, records: readonly NodeRecord[]): Promise<void>
  removeNodes(nodegroupName: string): Promise<void>
}

export async function startCluster(_deps: ClusterDeps): Promise<Cluster> {
  throw new Error('not yet')
}
