/** The node role's credentials as instance metadata shows them, kept per pod and renewed in time. */
import type { PodSubject } from '../audit/audit-log.ts'
import type { Credentials } from '../aws/caller.ts'
import type { Clock } from '../kernel/clock.ts'
import { Refusal } from '../kernel/refusal.ts'

/** As on EC2. */
const lifetimeSeconds = 6 * 3600
/** Clients refresh from 15 minutes before the end; new ones are there by then. */
const renewBeforeMs = 30 * 60_000

interface Kept {
  readonly credentials: Credentials
  readonly since: number
}

/** What the credentials are made of. */
export interface RoleCredentialsSource {
  readonly clock: Clock
  readonly instance: { readonly instanceId: string }
  readonly roleArn: string | undefined
  readonly credentials: (request: {
    readonly roleArn: string
    readonly sessionName: string
    readonly durationSeconds: number
    readonly instanceId: string
    readonly pod: PodSubject
  }) => Credentials | Refusal
}

export class RoleCredentials {
  readonly #kept = new Map<string, Kept>()
  readonly #source: RoleCredentialsSource

  constructor(source: RoleCredentialsSource) {
    this.#source = source
  }

  /** The JSON document for one pod; where STS refuses, the one that says so (with status 200, as EC2 does). */
  document(key: string, pod: PodSubject): string {
    const { clock, instance, roleArn = '' } = this.#source
    const now = clock.now()
    let kept = this.#kept.get(key)
    if (!kept || kept.credentials.expiration - now < renewBeforeMs) {
      const { instanceId } = instance
      const issued = this.#source.credentials({
        roleArn,
        sessionName: instanceId,
        durationSeconds: lifetimeSeconds,
        instanceId,
        pod,
      })
      if (issued instanceof Refusal) return refusalDocument(roleArn, now)
      kept = { credentials: issued, since: now }
      this.#kept.set(key, kept)
    }
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = kept.credentials
    return json({
      Code: 'Success',
      LastUpdated: instant(kept.since),
      Type: 'AWS-HMAC',
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      Token: sessionToken,
      Expiration: instant(expiration),
    })
  }

  forget(key: string): void {
    this.#kept.delete(key)
  }
}

function refusalDocument(roleArn: string, now: number): string {
  return json({
    Code: 'AssumeRoleUnauthorizedAccess',
    Message: `EC2 cannot assume the role ${roleArn.slice(roleArn.lastIndexOf('/') + 1)}. Please see documentation at https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_iam-ec2.html#troubleshoot_iam-ec2_errors-info-doc.`,
    LastUpdated: instant(now),
  })
}

/** To the second with `Z`: the only form that botocore reads. */
function instant(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
}

function json(value: object): string {
  return JSON.stringify(value, null, 2)
}
