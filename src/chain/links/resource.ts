/** The link `resource`: does the policy on the resource itself allow, deny, or keep silent? */
import type { PolicyType } from '../../kernel/policy/decision.ts'
import type { NeedFacts } from '../need-facts.ts'
import type { Verdict } from '../verdict.ts'
import {
  closestStatement,
  denyingStatements,
  evidenceOf,
  statementName,
} from './statement-evidence.ts'

const ofResource: readonly PolicyType[] = ['resource', 'resource-control', 'endpoint']

/** Pure: what the resource's side of the decision says. */
export function resourceVerdict({ request, policies, decision }: NeedFacts): Verdict {
  const by = decision.deniedBy
  if (decision.decision !== 'allowed' && by && ofResource.includes(by)) {
    const denying = denyingStatements(decision)
    const first = denying[0]
    if (decision.decision === 'explicitDeny' && first) {
      return {
        link: 'resource',
        verdict: 'refused',
        summary: `${statementName(first)} denies \`${request.action}\` on \`${request.resource}\``,
        evidence: denying.flatMap((statement) => evidenceOf(statement)),
        fix: `remove or narrow ${statementName(first)} in the policy of the resource`,
      }
    }
    const closest = closestStatement(decision, 'resource')
    return {
      link: 'resource',
      verdict: 'refused',
      summary: policies.resource
        ? `the policy of the resource does not allow \`${request.action}\` on \`${request.resource}\``
        : `the resource has no policy that lets this caller in`,
      evidence: closest ? evidenceOf(closest) : [],
      fix: `allow \`${request.action}\` for the caller in the policy of \`${request.resource}\``,
    }
  }
  const granting = decision.determining.find((s) => s.type === 'resource')
  if (decision.decision === 'allowed' && granting) {
    return {
      link: 'resource',
      verdict: 'passed',
      summary: `${statementName(granting)} of the resource allows \`${request.action}\``,
      evidence: [],
    }
  }
  if (decision.decision !== 'allowed') {
    return {
      link: 'resource',
      verdict: 'not-reached',
      summary: 'the request did not come this far',
      evidence: [],
    }
  }
  return policies.resource
    ? {
        link: 'resource',
        verdict: 'passed',
        summary: 'the policy of the resource does not object',
        evidence: [],
      }
    : {
        link: 'resource',
        verdict: 'not-applicable',
        summary: 'the resource has no policy of its own',
        evidence: [],
      }
}
