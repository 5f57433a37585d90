/** Every decision as it happened, with the verdicts of the chain: what `why` replays. */
import type { Verdict } from '../chain/verdict.ts'

/** The pod that a request came from, as far as its credentials tell. */
export interface PodSubject {
  readonly cluster: string
  readonly namespace: string
  readonly pod?: string
  readonly podUid?: string
  readonly serviceAccount?: string
}

/** One request to the AWS side. Times are ms since the epoch on the lab's clock. */
export interface AuditRecord {
  readonly requestId: string
  readonly at: number
  readonly region: string
  readonly account: string
  /** Signing name: `s3`, `sts`. */
  readonly service: string
  readonly operation: string
  /** The IAM action and resource that decided (the refused one, else the first). */
  readonly action?: string
  readonly resource?: string
  readonly caller: AuditCaller
  readonly subject?: PodSubject
  readonly sourceIp: string
  readonly userAgent: string
  readonly outcome: 'allowed' | 'denied' | 'failed'
  readonly status: number
  readonly errorCode?: string
  readonly errorMessage?: string
  readonly links: readonly Verdict[]
  /** CloudTrail's `userIdentity`, complete. */
  readonly userIdentity?: Readonly<Record<string, unknown>>
  /** The operation's input, redacted and bounded. */
  readonly requestParameters?: Readonly<Record<string, unknown>>
  readonly responseElements?: Readonly<Record<string, unknown>>
  readonly resources?: readonly { readonly arn: string; readonly type: string }[]
  /** Position in the log, growing; set by the log when it is read. */
  readonly sequence?: number
}

export interface AuditCaller {
  readonly type: 'anonymous' | 'root' | 'user' | 'session' | 'web-identity'
  readonly arn?: string
  readonly accessKeyId?: string
}

/** Which records to read, newest first. All given fields must match. */
export interface AuditQuery {
  readonly outcome?: AuditRecord['outcome']
  readonly requestId?: string
  readonly namespace?: string
  readonly pod?: string
  readonly podUid?: string
  readonly cluster?: string
  readonly operation?: string
  readonly accessKeyId?: string
  readonly account?: string
  readonly service?: string
  /** CloudTrail's user name: a user's, or a session's. */
  readonly userName?: string
  /** An ARN or name among the record's resources. */
  readonly resourceName?: string
  readonly readOnly?: boolean
  readonly since?: number
  /** Both ends included. */
  readonly until?: number
  /** Only records before this position: the next page of the same query. */
  readonly beforeSequence?: number
  readonly limit?: number
}

/** Where records go. `record` never throws and never blocks the answer. */
export interface AuditLog {
  record(record: AuditRecord): void
  find(query: AuditQuery): AuditRecord[]
}
