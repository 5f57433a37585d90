/** The trust link: does the role's trust policy let this principal take the role on? */
import type {
  AuthorizationRequest,
  Decision,
  Evaluate,
  PolicySet,
  PrincipalInput,
  StatementFinding,
} from '../../kernel/policy/decision.ts'
import type { Evidence, Verdict } from '../verdict.ts'
import { explainStatement } from './trust-explanation.ts'
import { serviceAccountOf } from './wording.ts'

/** A role as the trust link needs it. */
export interface TrustingRole {
  readonly arn: string
  readonly account: string
  /** The trust policy's text. */
  readonly trustPolicy: string
  readonly tags?: Readonly<Record<string, string>>
}

/** The condition keys by which policies ask for the tags of an IAM entity: `aws:ResourceTag/…`, and IAM's own older name. */
export function iamTagKeys(
  tags: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  const keys: Record<string, string> = {}
  for (const key in tags) {
    keys[`aws:ResourceTag/${key}`] = tags[key] ?? ''
    keys[`iam:ResourceTag/${key}`] = tags[key] ?? ''
  }
  return keys
}

export interface TrustFacts {
  readonly evaluate: Evaluate
  readonly principal: PrincipalInput
  /** All must be allowed: `sts:AssumeRoleWithWebIdentity`, and `sts:TagSession` where the session gets tags. */
  readonly actions: readonly string[]
  readonly roleArn: string
  /** Undefined: there is no such role. */
  readonly role: TrustingRole | undefined
  readonly context: AuthorizationRequest['context']
  /** The caller's own policies, where it has any (AssumeRole): a role in its account may leave the decision to them. */
  readonly policies?: Omit<PolicySet, 'resource' | 'resourcePolicyRequired'>
  /** The token's subject, for the explanation and the fix. */
  readonly subject?: string
  /** Name of the cluster, for the fix. */
  readonly cluster?: string | undefined
}

export type TrustJudgement =
  | { readonly trusted: true; readonly verdict: Verdict }
  | {
      readonly trusted: false
      readonly verdict: Verdict
      /** Absent where the role does not exist. */
      readonly decision?: Decision
      /** The action that was refused. */
      readonly action?: string
    }

/** Decides, and explains a refusal by the statement that came nearest to allowing. */
export function judgeTrust(facts: TrustFacts): TrustJudgement {
  const { role, roleArn } = facts
  if (!role) {
    return {
      trusted: false,
      verdict: {
        link: 'trust',
        verdict: 'refused',
        summary: `there is no role \`${roleArn}\``,
        evidence: [{ key: 'role', actual: roleArn }],
        fix: creationFix(facts),
      },
    }
  }
  const policies: PolicySet = {
    identity: [],
    ...facts.policies,
    resource: { name: 'trust policy', arn: role.arn, document: role.trustPolicy },
    resourcePolicyRequired: true,
  }
  const context = role.tags ? { ...facts.context, ...iamTagKeys(role.tags) } : facts.context
  let passed: Decision | undefined
  for (const action of facts.actions) {
    const request: AuthorizationRequest = {
      principal: facts.principal,
      action,
      resource: role.arn,
      resourceAccount: role.account,
      context,
    }
    const decision = facts.evaluate(request, policies)
    if (decision.decision !== 'allowed') {
      // The explaining run costs more and says the same: only refusals pay for it.
      const explained = facts.evaluate(request, policies, { explain: true })
      return {
        trusted: false,
        verdict: refusal(facts, action, explained),
        decision: explained,
        action,
      }
    }
    passed ??= decision
  }
  return { trusted: true, verdict: pass(role, passed) }
}

function pass(role: TrustingRole, decision: Decision | undefined): Verdict {
  const by = decision?.determining.find(({ type }) => type === 'resource')
  return {
    link: 'trust',
    verdict: 'passed',
    summary: by
      ? `statement ${by.index + 1} of the trust policy allows it`
      : 'the trust policy allows it',
    evidence: [{ key: 'role', actual: role.arn, source: 'trust policy' }],
  }
}

function refusal(facts: TrustFacts, action: string, decision: Decision): Verdict {
  const walk = (decision.walk ?? []).filter(({ type }) => type === 'resource')
  if (decision.deniedBy && decision.deniedBy !== 'resource') {
    return {
      link: 'trust',
      verdict: 'refused',
      summary: `the trust policy leaves it to the caller's own policies, and ${decision.reason.replace(/^because /, '')}`,
      evidence: [],
    }
  }
  const denial = walk.find(({ effect, matched }) => effect === 'Deny' && matched)
  const statement = denial ?? nearest(walk)
  if (!statement) {
    return verdict('the trust policy has no statement that allows anything', [], creationFix(facts))
  }
  const { summary, evidence, fix } = explainStatement(statement, action, facts.subject)
  return verdict(summary, evidence, fix ?? creationFix(facts))
}

/** The Allow that failed in the fewest places, conditions counting least: the one its author meant for this. */
function nearest(walk: readonly StatementFinding[]): StatementFinding | undefined {
  const cost = ({ elements }: StatementFinding) =>
    elements
      .filter(({ matched }) => !matched)
      .reduce((sum, { element }) => sum + (element === 'Condition' ? 1 : 10), 0)
  return walk
    .filter(({ effect }) => effect === 'Allow')
    .reduce<StatementFinding | undefined>(
      (best, next) => (best && cost(best) <= cost(next) ? best : next),
      undefined,
    )
}

/** A role of its own is the safe way in: widening another's trust is not. */
function creationFix({ subject, cluster, principal }: TrustFacts): string {
  const account = subject === undefined ? undefined : serviceAccountOf(subject)
  if (account) {
    return `podpass create iamserviceaccount --cluster ${cluster ?? 'CLUSTER'} --namespace ${account.namespace} --name ${account.name} --attach-policy-arn POLICY --approve`
  }
  return principal.kind === 'service'
    ? `aws iam update-assume-role-policy: let the service ${principal.service} assume the role`
    : 'aws iam update-assume-role-policy: let the caller assume the role'
}

function verdict(summary: string, evidence: readonly Evidence[], fix: string): Verdict {
  return { link: 'trust', verdict: 'refused', summary, evidence, fix }
}
