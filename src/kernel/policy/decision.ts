/** What the evaluator is asked and what it answers. */

export type PolicyType =
  | 'identity'
  | 'resource'
  | 'boundary'
  | 'session'
  | 'service-control'
  | 'resource-control'
  | 'endpoint'

/** A policy as text, with the name under which an explanation shows it. Documents are compiled once and shared by text. */
export interface PolicyInput {
  readonly name: string
  readonly arn?: string
  readonly document: string
}

/** Who asks. */
export type PrincipalInput =
  | { readonly kind: 'anonymous' }
  | {
      readonly kind: 'root'
      readonly account: string
      readonly arn: string
      /** The account's S3 canonical user id, where the caller knows it. */
      readonly canonicalUserId?: string
    }
  | {
      readonly kind: 'user'
      readonly account: string
      readonly arn: string
      /** `AIDA…`. */
      readonly id: string
      readonly canonicalUserId?: string
    }
  | {
      readonly kind: 'session'
      readonly account: string
      /** `arn:aws:sts::…:assumed-role/role/session`. */
      readonly arn: string
      readonly roleArn: string
      /** `AROA…`. */
      readonly roleId: string
      readonly canonicalUserId?: string
    }
  | { readonly kind: 'service'; readonly service: string }
  | {
      readonly kind: 'federated'
      readonly provider: string
      /** How policies may also spell the same provider. */
      readonly alias?: string
    }

export interface AuthorizationRequest {
  readonly principal: PrincipalInput
  /** `s3:GetObject`. */
  readonly action: string
  readonly resource: string
  /** Account owning the resource; default: the principal's. */
  readonly resourceAccount?: string
  /** Condition keys in any case. A key that is absent is absent: no empty strings for unknown. */
  readonly context: Readonly<Record<string, string | readonly string[]>>
}

export interface PolicySet {
  readonly identity: readonly PolicyInput[]
  readonly boundary?: readonly PolicyInput[]
  /** Absent: the session has no session policy. All given ones together are one layer (inline and ARNs are a union). */
  readonly session?: readonly PolicyInput[]
  readonly resource?: PolicyInput
  /**
   * True where the resource's policy must itself allow, as for trust policies (and KMS keys): an identity policy
   * alone is not enough. AssumeRoleWithWebIdentity has no identity side at all. Default: true where `resource` is
   * given and the action is one of `sts:`, or of `kms:` on a key.
   */
  readonly resourcePolicyRequired?: boolean
  /** Level by level from the root to the account: each level must allow. */
  readonly serviceControl?: readonly (readonly PolicyInput[])[]
  readonly resourceControl?: readonly (readonly PolicyInput[])[]
  readonly endpoint?: readonly PolicyInput[]
}

export interface StatementRef {
  readonly type: PolicyType
  /** Name and ARN of the policy it stands in. */
  readonly policy: string
  readonly policyArn?: string
  /** Position in the document, from 0. */
  readonly index: number
  readonly sid?: string
  /** Character span in the document's text. */
  readonly span?: { readonly start: number; readonly end: number }
}

/** Why one element of a statement matched or did not. */
export interface ElementFinding {
  readonly element:
    | 'Principal'
    | 'NotPrincipal'
    | 'Action'
    | 'NotAction'
    | 'Resource'
    | 'NotResource'
    | 'Condition'
  readonly matched: boolean
  /** What the policy asks for, variables resolved. */
  readonly wanted: readonly string[]
  /** What the request has; empty where the key is missing. */
  readonly actual: readonly string[]
  /** Of conditions. */
  readonly operator?: string
  readonly key?: string
  readonly missing?: boolean
  readonly span?: { readonly start: number; readonly end: number }
}

/** One statement as the explaining run saw it. */
export interface StatementFinding extends StatementRef {
  readonly effect: 'Allow' | 'Deny'
  readonly matched: boolean
  readonly elements: readonly ElementFinding[]
}

export interface Decision {
  readonly decision: 'allowed' | 'explicitDeny' | 'implicitDeny'
  /** The policy type that AWS names in its denial text; absent when allowed. */
  readonly deniedBy?: PolicyType
  /** AWS's phrase: `because no identity-based policy allows the s3:GetObject action`, `with an explicit deny in a …`; '' when allowed. */
  readonly reason: string
  /** The statements that decided: the Allows of an allow, the Denies of an explicit deny. */
  readonly determining: readonly StatementRef[]
  /** Every statement looked at; only when asked to explain. */
  readonly walk?: readonly StatementFinding[]
}

/** The evaluator. The fast and the explaining run are one walk: same decision, same determining statements. */
export type Evaluate = (
  request: AuthorizationRequest,
  policies: PolicySet,
  options?: { readonly explain?: boolean },
) => Decision

/**
 * Where a document is to be stored. `identity`: inline of a user, group or role; `managed`: a managed policy's version;
 * `resource`: of a bucket; `resource-based`: of any resource, a role among them (what a simulation is given).
 */
export type PolicyKind =
  | 'identity'
  | 'managed'
  | 'resource'
  | 'resource-based'
  | 'trust'
  | 'boundary'
  | 'session'
  | 'service-control'
  | 'resource-control'
  | 'endpoint'

/** A fault in a document: AWS's code and text, and where it is. */
export interface PolicyProblem {
  readonly code: 'MalformedPolicyDocument' | 'MalformedPolicy' | 'LimitExceeded'
  /** AWS's own text, such as `Policy statement must contain resources.` */
  readonly message: string
  readonly span?: { readonly start: number; readonly end: number }
}

/** Checks a document before it is stored; an empty list means that AWS would take it. Never throws. */
export type ValidatePolicy = (text: string, kind: PolicyKind) => readonly PolicyProblem[]
