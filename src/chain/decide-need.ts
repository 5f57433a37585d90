/** Decides one need: one walk of the evaluator, and the verdicts of the two links that it answers. */
import type {
  AuthorizationRequest,
  Decision,
  Evaluate,
  PolicySet,
} from '../kernel/policy/decision.ts'
import { permissionsVerdict } from './links/permissions.ts'
import { resourceVerdict } from './links/resource.ts'
import type { PolicyOwner } from './need-facts.ts'
import type { Verdict } from './verdict.ts'

export interface NeedDecision {
  readonly decision: Decision
  /** `permissions` and `resource` (or `trust`, where the resource is a role). */
  readonly verdicts: readonly [Verdict, Verdict]
}

/** Evaluates fast; only a refusal is walked again for its explanation (the same evaluator, the same decision). */
export function decideNeed(
  request: AuthorizationRequest,
  policies: PolicySet,
  owner: PolicyOwner,
  evaluate: Evaluate,
): NeedDecision {
  const fast = evaluate(request, policies)
  const decision =
    fast.decision === 'allowed' ? fast : evaluate(request, policies, { explain: true })
  const facts = { request, policies, owner, decision }
  const resource = resourceVerdict(facts)
  // A role's own policy is its trust policy: the same question, another link.
  const trust = policies.resourcePolicyRequired === true
  return {
    decision,
    verdicts: [permissionsVerdict(facts), trust ? { ...resource, link: 'trust' } : resource],
  }
}
