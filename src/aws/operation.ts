/** The shape of every AWS operation: its name, the access it needs, its handler. */
import type { Readable } from 'node:stream'
import type { PodSubject } from '../audit/audit-log.ts'
import type { Verdict } from '../chain/verdict.ts'
import type { Caller, SignedCaller } from './caller.ts'
import type { Form } from './protocol/form.ts'

export { errors, Refusal } from '../kernel/refusal.ts'

/** Condition keys of a request, by name (any case): one value or several. */
export type ConditionContext = Readonly<Record<string, string | readonly string[]>>

/** One thing that the caller must be allowed to do. */
export interface Need {
  /** `s3:GetObject`. */
  readonly action: string
  /** An ARN, or `*` where the action has no resource. */
  readonly resource: string
  /** The account that owns the resource; default: the caller's. */
  readonly resourceAccount?: string
  /** The resource's own policy document, where it has one. */
  readonly resourcePolicy?: string
  /** True of a role's trust policy: it must itself allow, the caller's own policies are not enough. */
  readonly isTrustPolicy?: boolean
  /** Condition keys that only the service knows: `s3:prefix`, `aws:ResourceTag/team`. The pipeline adds the global ones. */
  readonly context?: ConditionContext
}

/** What authorisation answered about one need. */
export interface Authorisation {
  readonly allowed: boolean
  /** AWS's denial text: `User: … is not authorized to perform: … because …`; empty when allowed. */
  readonly message: string
}

/** What every handler may know of the request it serves. */
export interface Call {
  readonly requestId: string
  /** When the request arrived: ms since the epoch, read once at the door. */
  readonly at: number
  readonly caller: Caller
  /** The account the request acts in: the caller's, for a bucket's anonymous reader the lab's default. */
  readonly account: string
  readonly region: string
  readonly sourceIp: string
  readonly userAgent: string
  readonly secure: boolean
  /** How the request was signed; absent when it was not. Times are ms since the epoch. */
  readonly signature?: SignatureFacts
  /** Decides a further need (each key of a batch; "may he list?" before a 404), recorded like those of `access`. */
  authorise(need: Need): Authorisation
  /** Adds verdicts of the chain to the request's audit record (STS: token, provider, trust). */
  note(verdicts: readonly Verdict[], subject?: PodSubject, event?: EventFacts): void
}

/** What an operation adds to its audit record beyond what the pipeline sees. No secrets. */
export interface EventFacts {
  /** The account that the event belongs to, where it is not the caller's. */
  readonly account?: string
  readonly userIdentity?: Readonly<Record<string, unknown>>
  readonly responseElements?: Readonly<Record<string, unknown>>
  readonly resources?: readonly { readonly arn: string; readonly type: string }[]
}

/** What a service may want to know of a verified signature: S3's condition keys, presigned URLs. */
export interface SignatureFacts {
  readonly version: 'v4' | 'v2'
  readonly form: 'header' | 'query'
  readonly signedAt: number
  readonly signedHeaders: readonly string[]
}

/** Who may call: decided by the pipeline before the handler runs, and nowhere else. */
export type Access<Input, Deps> =
  | 'anyone'
  | 'any-signed-caller'
  | ((input: Input, call: Call, deps: Deps) => readonly Need[] | Promise<readonly Need[]>)

/** One operation of a service: one file. */
export interface Operation<Input, Output, Deps> {
  readonly name: string
  readonly access: Access<Input, Deps>
  handle(input: Input, call: Call, deps: Deps): Output | Promise<Output>
}

/** A request as it came off the wire. */
export interface AwsRequest {
  readonly method: string
  /** Path and query exactly as received. */
  readonly rawTarget: string
  /** The part before `?`, still percent-encoded. */
  readonly rawPath: string
  /** The part after `?`, still percent-encoded; '' when there is none. */
  readonly rawQuery: string
  /** Lower-case names; repeated headers joined by `,` as SigV4 wants. */
  readonly headers: ReadonlyMap<string, string>
  readonly secure: boolean
  readonly sourceIp: string
}

/** The body after its signature or checksum form has been taken off (aws-chunked decoded). */
export interface VerifiedBody {
  /** Decoded bytes. Reading fails with a Refusal when hash, chunk signature or length do not hold. */
  readonly stream: Readable
  /** Decoded length where the client announced it. */
  readonly length: number | undefined
  /** Trailing headers of a chunked upload; complete once the stream has ended. */
  trailers(): ReadonlyMap<string, string>
}

/** An answer before it is written. */
export interface AwsResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array | Readable
}

/** An operation found and bound to its service: all that the pipeline needs to run it. */
export interface BoundOperation {
  readonly name: string
  /** `buffered`: the pipeline reads the body (up to `maxBodyBytes`) and verifies it before `parse`; else it is streamed. */
  readonly body: 'buffered' | 'streamed'
  readonly maxBodyBytes: number
  /** True where requests without a signature may come this far (`anyone`, S3's anonymous reads). */
  readonly allowAnonymous: boolean
  /** True for `access: 'anyone'`: a signature that came along is not looked at (AssumeRoleWithWebIdentity). */
  readonly ignoresSignature?: boolean
  /** The one region that signatures must be scoped to, where the resource decides it: a bucket's. Default: any of the endpoint's. */
  readonly signingRegion?: string | undefined
  parse(request: AwsRequest, body: Uint8Array, stream: VerifiedBody | undefined): unknown
  /** Undefined: nothing needed (`anyone`, or any signed caller). */
  needs(input: unknown, call: Call): readonly Need[] | Promise<readonly Need[]> | undefined
  handle(input: unknown, call: Call): unknown
  write(output: unknown, call: Call): AwsResponse
  /** What of the input the audit record shows; default: the input, redacted. */
  requestParameters?(input: unknown): Readonly<Record<string, unknown>>
}

/** A service as the gateway sees it. */
export interface AwsService {
  /** Name in the credential scope: `s3`, `iam`, `sts`, `eks`. */
  readonly signingName: string
  /** `2011-06-15`: by it an unsigned Query request finds its service. */
  readonly apiVersion?: string
  /** What may stand before the dot of X-Amz-Target. */
  readonly targetPrefixes?: readonly string[]
  /** S3's way of denial texts: the resource in quotes, and left out where it is `*`. */
  readonly quotesResource?: boolean
  /**
   * Finds the operation. `form` holds the fields of a Query request, from body or query string. Throws the protocol's
   * refusal (`InvalidAction`, `NotImplemented`) where there is none.
   */
  match(request: AwsRequest, form: Form | undefined): BoundOperation
  /** Writes an error in the service's protocol. */
  writeError(
    error: WireError,
    call: {
      requestId: string
      at: number
      method: string
      rawPath: string
      /** The request's Accept header. */
      accept?: string | undefined
    },
  ): AwsResponse
  /** The refusals of authentication in this service's words. */
  readonly authenticationErrors: AuthenticationErrors
  /** How callers are refused whose keys are good, but not for this service (IAM: temporary ones without MFA). */
  readonly refusesCaller?: (caller: SignedCaller) => WireError | undefined
  /** The denial as this service answers it: code, status and whether the resource is quoted. */
  denied(message: string, need: Need, caller: Caller): WireError
}

/** An error ready to be written. */
export interface WireError {
  readonly code: string
  readonly status: number
  readonly message: string
  readonly members?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
}

/** `sts-iam.md` §2.5: each protocol's own code, status and text for the same failure. */
export type AuthenticationFailure =
  | 'missing'
  | 'malformed'
  | 'unknown-key'
  | 'inactive-key'
  | 'bad-signature'
  | 'expired-session'
  | 'bad-session-token'
  | 'skewed'
  | 'expired-request'
  | 'wrong-payload-hash'
  | 'wrong-scope'
  | 'unsigned-headers'
  | 'unsupported'

export type AuthenticationErrors = Readonly<
  Record<AuthenticationFailure, (facts: Readonly<Record<string, string>>) => WireError>
>
