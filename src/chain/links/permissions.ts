/** The link `permissions`: do the caller's own policies (identity, boundary, session) allow the action? */
import type { PolicySet, PolicyType } from '../../kernel/policy/decision.ts'
import type { NeedFacts, PolicyOwner } from '../need-facts.ts'
import type { Evidence, Verdict } from '../verdict.ts'
import {
  closestStatement,
  denyingStatements,
  evidenceOf,
  statementName,
} from './statement-evidence.ts'

const ofCaller: readonly PolicyType[] = ['identity', 'boundary', 'session', 'service-control']

/** Pure: what the caller's side of the decision says, with the closest statement and the command that mends it. */
export function permissionsVerdict(facts: NeedFacts): Verdict {
  const { decision, request, owner } = facts
  if (decision.decision === 'allowed') return allowedVerdict(facts)
  const by = decision.deniedBy ?? 'identity'
  if (!ofCaller.includes(by)) {
    return {
      link: 'permissions',
      verdict: owner.kind === 'anonymous' ? 'not-applicable' : 'passed',
      summary:
        owner.kind === 'anonymous'
          ? 'nobody signed the request, so no identity has policies here'
          : `the caller's own policies do not stand in the way of \`${request.action}\``,
      evidence: [],
    }
  }
  if (decision.decision === 'explicitDeny') {
    const denying = denyingStatements(decision)
    const first = denying[0]
    return {
      link: 'permissions',
      verdict: 'refused',
      summary: `${first ? statementName(first) : 'a statement'} denies \`${request.action}\` on \`${request.resource}\``,
      evidence: denying.flatMap((statement) => evidenceOf(statement)),
      fix: `remove or narrow ${first ? statementName(first) : 'the denying statement'}: an explicit deny cannot be outweighed`,
    }
  }
  return implicitVerdict(facts, by)
}

function allowedVerdict({ decision, request, owner }: NeedFacts): Verdict {
  const own = decision.determining.filter((s) => s.type === 'identity')
  const first = own[0]
  if (first) {
    return {
      link: 'permissions',
      verdict: 'passed',
      summary: `${statementName(first)} allows \`${request.action}\``,
      evidence: own.slice(1).map((s) => ({ source: statementName(s) })),
    }
  }
  return owner.kind === 'root'
    ? {
        link: 'permissions',
        verdict: 'passed',
        summary: 'the account root may do everything',
        evidence: [],
      }
    : {
        link: 'permissions',
        verdict: 'not-applicable',
        summary: `no policy of the caller was needed for \`${request.action}\``,
        evidence: [],
      }
}

function implicitVerdict(facts: NeedFacts, by: PolicyType): Verdict {
  const { decision, request, policies, owner } = facts
  const looked = lookedAt(policies, by)
  const closest = closestStatement(decision, by)
  const evidence: Evidence[] = looked.length
    ? looked.map((source) => ({ source, actual: 'looked at: no statement allows it' }))
    : [{ source: ownerName(owner), actual: `no ${layerName(by)} policy at all` }]
  if (closest) evidence.push(...evidenceOf(closest))
  return {
    link: 'permissions',
    verdict: 'refused',
    summary: `no ${layerName(by)} policy of ${ownerName(owner)} allows \`${request.action}\` on \`${request.resource}\``,
    evidence,
    fix: fixOf(facts, by),
  }
}

function lookedAt(policies: PolicySet, by: PolicyType): string[] {
  const layer =
    by === 'boundary' ? policies.boundary : by === 'session' ? policies.session : policies.identity
  return (layer ?? []).map((policy) => policy.arn ?? policy.name)
}

function fixOf({ request, owner }: NeedFacts, by: PolicyType): string {
  if (by === 'session') {
    return `the session was opened with a policy of its own: allow \`${request.action}\` in the \`Policy\` or \`PolicyArns\` of the AssumeRole call`
  }
  if (by === 'boundary') {
    return `allow \`${request.action}\` on \`${request.resource}\` in the permissions boundary of ${ownerName(owner)}, or attach another boundary`
  }
  if (by === 'service-control')
    return `allow \`${request.action}\` in the service control policy of the account`
  if (owner.borrowedBy) {
    // What a node's role may, every pod on it may: the pod needs a role of its own instead.
    const { cluster, namespace, serviceAccount = 'NAME' } = owner.borrowedBy
    return `podpass create iamserviceaccount --cluster ${cluster} --namespace ${namespace} --name ${serviceAccount} --attach-policy-arn POLICY --approve, and let the pod use it`
  }
  const document = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: request.action, Resource: request.resource }],
  })
  const policyName = `allow-${request.action.replace(/[^A-Za-z0-9]+/g, '-')}`
  const kind = owner.kind === 'user' ? 'user' : 'role'
  return `aws iam put-${kind}-policy --${kind}-name ${owner.name} --policy-name ${policyName} --policy-document '${document.replaceAll("'", `'\\''`)}'`
}

function layerName(by: PolicyType): string {
  return by === 'identity' ? 'identity-based' : by === 'service-control' ? 'service control' : by
}

function ownerName(owner: PolicyOwner): string {
  if (owner.kind === 'root' || owner.kind === 'anonymous') return `the ${owner.kind} caller`
  return `${owner.borrowedBy ? "the node's " : ''}${owner.kind} \`${owner.name}\``
}
