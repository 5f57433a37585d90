/** What a request's way through the pipeline needs and gathers. */
import type { AuditLog, PodSubject } from '../../audit/audit-log.ts'
import type { Log } from '../../audit/log.ts'
import type { Verdict } from '../../chain/verdict.ts'
import type { Evaluate } from '../../kernel/policy/decision.ts'
import type { AwsRequest, AwsService, BoundOperation, Call, EventFacts } from '../operation.ts'
import type { Authenticated, Authenticator } from './authenticate.ts'
import type { Authoriser } from './authorise.ts'
import type { TrustedProxies } from './trusted-proxies.ts'

/** All that serving a request needs. */
export interface PipelineDeps {
  readonly services: ReadonlyMap<string, AwsService>
  readonly authenticator: Authenticator
  readonly evaluate: Evaluate
  readonly audit: AuditLog
  /** Where requests of one turn of the event loop meet. */
  readonly turn: () => Promise<void>
  readonly log: Log
  readonly region: string
  readonly account: string
  /** Whose word of where a request comes from counts. */
  readonly proxies?: TrustedProxies
}

/** What is known of a request so far; each step adds its part, the record shows them all. */
export interface Progress {
  readonly requestId: string
  readonly at: number
  readonly request: AwsRequest
  service?: AwsService
  wanted: string
  operation?: BoundOperation
  authenticated?: Authenticated
  accessKeyId?: string
  call?: Call
  authoriser?: Authoriser
  input?: unknown
  noted: Verdict[]
  subject?: PodSubject
  event?: EventFacts
}
