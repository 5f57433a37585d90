/** What a lab remembers of its nodes, and how their metadata services come by credentials. */
import type { PodSubject } from '../audit/audit-log.ts'
import type { Credentials } from '../aws/caller.ts'
import type { Refusal } from '../kernel/refusal.ts'

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

/** Credentials of the node's role (STS, for ec2.amazonaws.com), or why there are none. */
export type NodeCredentials = (request: {
  readonly roleArn: string
  /** The instance id. */
  readonly sessionName: string
  readonly durationSeconds: number
  readonly instanceId: string
  readonly pod?: PodSubject
}) => Credentials | Refusal
