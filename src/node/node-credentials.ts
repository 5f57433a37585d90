/** The node role's credentials as instance metadata hands them out: kept per pod, renewed before they end. */
import { createHash } from 'node:crypto'
import type { PodSubject } from '../audit/audit-log.ts'
import type { Credentials, RoleDelivery } from '../aws/caller.ts'
import type { Clock } from '../kernel/clock.ts'
import { isoSeconds } from '../kernel/iso-time.ts'
import { Refusal } from '../kernel/refusal.ts'
import type { MetadataDirectory } from './metadata-tree.ts'

export interface CredentialsRequest {
  readonly roleArn: string
  /** The instance id, as EC2 names such sessions. */
  readonly sessionName: string
  readonly durationSeconds: number
  readonly instanceId: string
  readonly instanceRegion: string
  readonly roleDelivery: RoleDelivery
  readonly pod?: PodSubject
}

/** Asks STS, as the service ec2.amazonaws.com, for a session of the node's role. */
export type AskCredentials = (request: CredentialsRequest) => Credentials | Refusal

/** How long EC2's credentials last. Under 25 minutes botocore would rewrite their end. */
const durationSeconds = 6 * 60 * 60
/** SDKs begin to renew up to 15 minutes before the end; by then there are new ones. */
const renewBeforeMs = 30 * 60 * 1000
const helpUrl =
  'https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_iam-ec2.html#troubleshoot_iam-ec2_errors-info-doc'

export interface NodeCredentialsOptions {
  readonly clock: Clock
  readonly instanceId: string
  readonly region: string
  readonly account: string
  readonly roleArn: string
  readonly ask: AskCredentials
  /** The instance profile that the role is in; default: one of the role's own name. */
  readonly instanceProfile?: () => { readonly arn: string; readonly id: string } | undefined
}

/** Credentials and when they were issued: ms since the epoch. */
export interface Kept {
  readonly credentials: Credentials
  readonly issuedAt: number
}

export class NodeCredentials {
  readonly #options: NodeCredentialsOptions
  readonly #kept = new Map<string, Kept>()
  /** Of each, as it is handed out. */
  readonly #documents = new WeakMap<Kept, string>()

  constructor(options: NodeCredentialsOptions) {
    this.#options = options
  }

  /** The `iam` directory of the metadata, as `pod` (undefined: the node itself) sees it that asks in this version. */
  directory(pod: PodSubject | undefined, delivery: RoleDelivery): MetadataDirectory {
    const role = roleName(this.#options.roleArn)
    return {
      info: () => this.#info(),
      'security-credentials': { [role]: () => this.#document(pod, delivery) },
    }
  }

  forget(podUid: string): void {
    for (const delivery of ['1.0', '2.0'] as const) this.#kept.delete(keyOf(podUid, delivery))
  }

  #info(): string {
    const { account, clock, roleArn, instanceProfile } = this.#options
    const name = roleName(roleArn)
    const profile = instanceProfile?.()
    const digest = createHash('sha256').update(roleArn).digest('hex').toUpperCase()
    const answer = {
      Code: 'Success',
      LastUpdated: isoSeconds(clock.now()),
      InstanceProfileArn: profile?.arn ?? `arn:aws:iam::${account}:instance-profile/${name}`,
      InstanceProfileId: profile?.id ?? `AIPA${digest.slice(0, 17)}`,
    }
    return JSON.stringify(answer, null, 2)
  }

  /** Credentials with half an hour left at least, for `pod` (undefined: for the node itself). */
  current(pod: PodSubject | undefined, delivery: RoleDelivery): Kept | Refusal {
    const { clock } = this.#options
    const key = keyOf(pod?.podUid ?? '', delivery)
    const now = clock.now()
    const kept = this.#kept.get(key)
    if (kept && kept.credentials.expiration - now > renewBeforeMs) return kept
    const answer = this.#ask(pod, delivery)
    if (answer instanceof Refusal) {
      this.#kept.delete(key)
      return answer
    }
    const fresh = { credentials: answer, issuedAt: now }
    this.#kept.set(key, fresh)
    return fresh
  }

  /** What STS refuses is told in a 200, as EC2 does. */
  #document(pod: PodSubject | undefined, delivery: RoleDelivery): string {
    const { clock, roleArn } = this.#options
    const kept = this.current(pod, delivery)
    if (kept instanceof Refusal) {
      const Message = `EC2 cannot assume the role ${roleName(roleArn)}. Please see documentation at ${helpUrl}.`
      const Code = 'AssumeRoleUnauthorizedAccess'
      return JSON.stringify({ Code, Message, LastUpdated: isoSeconds(clock.now()) }, null, 2)
    }
    const known = this.#documents.get(kept)
    if (known !== undefined) return known
    const { credentials, issuedAt } = kept
    const answer = {
      Code: 'Success',
      LastUpdated: isoSeconds(issuedAt),
      Type: 'AWS-HMAC',
      AccessKeyId: credentials.accessKeyId,
      SecretAccessKey: credentials.secretAccessKey,
      Token: credentials.sessionToken,
      Expiration: isoSeconds(credentials.expiration),
    }
    const text = JSON.stringify(answer, null, 2)
    this.#documents.set(kept, text)
    return text
  }

  #ask(pod: PodSubject | undefined, roleDelivery: RoleDelivery): Credentials | Refusal {
    const { ask, instanceId, region, roleArn } = this.#options
    const instance = { instanceId, instanceRegion: region, roleDelivery }
    const request = { roleArn, sessionName: instanceId, durationSeconds, ...instance }
    return ask(pod ? { ...request, pod } : request)
  }
}

function roleName(roleArn: string): string {
  return roleArn.slice(roleArn.lastIndexOf('/') + 1)
}

function keyOf(podUid: string, delivery: RoleDelivery): string {
  return `${delivery} ${podUid}`
}
