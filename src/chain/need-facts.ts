/** One need as it was decided: what the links `permissions` and `resource` judge. */
import type { AuthorizationRequest, Decision, PolicySet } from '../kernel/policy/decision.ts'

/** Whose policies they are, for the command that mends a refusal. */
export interface PolicyOwner {
  readonly kind: 'role' | 'user' | 'root' | 'anonymous'
  readonly name: string
  /** Set where the caller has the node's role only because its pod has none of its own. */
  readonly borrowedFromNode?: boolean
}

/** A need as it was decided. On a refusal `decision` is the explaining run's. */
export interface NeedFacts {
  readonly request: AuthorizationRequest
  readonly policies: PolicySet
  readonly owner: PolicyOwner
  readonly decision: Decision
}
