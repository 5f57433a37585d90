/** One need as it was decided: what the links `permissions` and `resource` judge. */
import type { AuthorizationRequest, Decision, PolicySet } from '../kernel/policy/decision.ts'

/** Whose policies they are, for the command that mends a refusal. */
export interface PolicyOwner {
  readonly kind: 'role' | 'user' | 'root' | 'anonymous'
  readonly name: string
  /** Set where a pod has the node's role only because it has none of its own. */
  readonly borrowedBy?: {
    readonly cluster: string
    readonly namespace: string
    readonly serviceAccount?: string
  }
}

/** A need as it was decided. On a refusal `decision` is the explaining run's. */
export interface NeedFacts {
  readonly request: AuthorizationRequest
  readonly policies: PolicySet
  readonly owner: PolicyOwner
  readonly decision: Decision
}
