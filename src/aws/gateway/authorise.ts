/** Decides the needs of one request and keeps the verdicts for its audit record. The only place that authorises. */
import { decideNeed } from '../../chain/decide-need.ts'
import { sessionVerdict } from '../../chain/links/session.ts'
import type { PolicyOwner } from '../../chain/need-facts.ts'
import type { Verdict } from '../../chain/verdict.ts'
import type {
  Evaluate,
  PolicyInput,
  PolicySet,
  PrincipalInput,
} from '../../kernel/policy/decision.ts'
import type { Caller } from '../caller.ts'
import type { Identities, PrincipalFacts } from '../identities.ts'
import type { Authorisation, Need } from '../operation.ts'
import { globalConditionKeys, type RequestFacts } from './condition-keys.ts'
import { denialText } from './denial.ts'

/** How many decisions of one request are kept for the record; a batch delete may have a thousand. */
const maxRecorded = 20

/** Stands for a session policy that is gone, or was never given where one is needed: it allows nothing. */
const nothing = JSON.stringify({ Version: '2012-10-17', Statement: [] })

/** One request's authorisations. */
export class Authoriser {
  readonly #caller: Caller
  readonly #identities: Identities
  readonly #request: RequestFacts
  readonly #evaluate: Evaluate
  readonly #quotesResource: boolean
  readonly #principal: PrincipalFacts | undefined
  #global: Readonly<Record<string, string | readonly string[]>> | undefined
  #decided = 0
  /** The need that the record names: the first refused one, else the first. */
  recorded: { need: Need; allowed: boolean; verdicts: readonly Verdict[] } | undefined

  constructor(options: {
    caller: Caller
    identities: Identities
    request: RequestFacts
    evaluate: Evaluate
    quotesResource: boolean
  }) {
    this.#caller = options.caller
    this.#identities = options.identities
    this.#request = options.request
    this.#evaluate = options.evaluate
    this.#quotesResource = options.quotesResource
    this.#principal =
      options.caller.kind === 'anonymous' ? undefined : options.identities.principal(options.caller)
  }

  /** The caller's verdict, for the record. */
  session(): Verdict {
    const caller = this.#caller
    if (caller.kind === 'anonymous') {
      return sessionVerdict({ now: this.#request.at, principalExists: true })
    }
    const facts = { now: this.#request.at, callerArn: caller.arn }
    // Root is no IAM entity: it exists as long as its account.
    const principalExists = caller.kind === 'root' || this.#principal !== undefined
    if (caller.kind === 'session') {
      const { sessionName, issuedAt, expiresAt, instanceId } = caller.session
      const session = { name: sessionName, issuedAt, expiresAt }
      const withNode = instanceId === undefined ? session : { ...session, instanceId }
      return sessionVerdict({ ...facts, principalExists, session: withNode })
    }
    const { temporary } = caller
    if (!temporary) return sessionVerdict({ ...facts, principalExists })
    const { issuedAt, expiresAt, federatedName } = temporary
    const session = { name: federatedName ?? caller.arn, issuedAt, expiresAt }
    return sessionVerdict({ ...facts, principalExists, session })
  }

  /** Decides one need; a refusal's message is AWS's text. */
  decide(need: Need): Authorisation {
    this.#global ??= globalConditionKeys(this.#caller, this.#principal, this.#request)
    const ownAccount = this.#caller.kind === 'anonymous' ? undefined : this.#caller.account
    const resourceAccount = need.resourceAccount ?? ownAccount
    const context = {
      ...this.#global,
      ...(resourceAccount === undefined ? {} : { 'aws:ResourceAccount': resourceAccount }),
      ...need.context,
    }
    const { decision, verdicts } = decideNeed(
      {
        principal: principalInput(this.#caller, this.#principal),
        action: need.action,
        resource: need.resource,
        context,
        ...(resourceAccount === undefined ? {} : { resourceAccount }),
      },
      this.#policies(need),
      policyOwner(this.#caller),
      this.#evaluate,
    )
    const allowed = decision.decision === 'allowed'
    this.#decided++
    if (this.#decided <= maxRecorded || !allowed) {
      if (!this.recorded || (this.recorded.allowed && !allowed)) {
        this.recorded = { need, allowed, verdicts }
      }
    }
    const message = allowed
      ? ''
      : denialText(this.#caller, need, decision.reason, this.#quotesResource)
    return { allowed, message }
  }

  #policies(need: Need): PolicySet {
    const principal = this.#principal
    const session = this.#sessionPolicies()
    return {
      identity: principal?.identityPolicies ?? [],
      ...(principal?.permissionsBoundary ? { boundary: [principal.permissionsBoundary] } : {}),
      ...(session ? { session } : {}),
      ...(need.resourcePolicy === undefined
        ? {}
        : {
            resource: {
              name: need.isTrustPolicy ? 'trust policy' : policyNameOf(need.resource),
              document: need.resourcePolicy,
            },
          }),
      ...(need.isTrustPolicy ? { resourcePolicyRequired: true } : {}),
    }
  }

  #sessionPolicies(): PolicyInput[] | undefined {
    const caller = this.#caller
    if (caller.kind === 'anonymous') return undefined
    const facts = caller.kind === 'session' ? caller.session : caller.temporary
    if (!facts) return undefined
    const { sessionPolicy, sessionPolicyArns } = facts
    // A federated user has only what its session policies give: none means nothing.
    const federated = caller.kind !== 'session' && caller.temporary?.federatedName !== undefined
    if (sessionPolicy === undefined && !sessionPolicyArns?.length && !federated) return undefined
    const policies: PolicyInput[] = []
    if (sessionPolicy !== undefined)
      policies.push({ name: 'session policy', document: sessionPolicy })
    for (const arn of sessionPolicyArns ?? []) {
      policies.push(this.#identities.managedPolicy(arn) ?? { name: arn, arn, document: nothing })
    }
    // An empty list would be no layer at all.
    if (policies.length === 0) policies.push({ name: 'no session policy', document: nothing })
    return policies
  }
}

function principalInput(caller: Caller, principal: PrincipalFacts | undefined): PrincipalInput {
  switch (caller.kind) {
    case 'anonymous':
      return { kind: 'anonymous' }
    case 'root':
      return { kind: 'root', account: caller.account, arn: caller.arn }
    case 'user':
      return { kind: 'user', account: caller.account, arn: caller.arn, id: caller.userId }
    case 'session':
      return {
        kind: 'session',
        account: caller.account,
        arn: caller.arn,
        roleArn: principal?.arn ?? caller.session.roleArn,
        roleId: caller.session.roleId,
      }
  }
}

function policyOwner(caller: Caller): PolicyOwner {
  switch (caller.kind) {
    case 'session': {
      const { roleName, instanceId, pod } = caller.session
      const borrowed = instanceId !== undefined && pod ? { borrowedBy: pod } : {}
      return { kind: 'role', name: roleName, ...borrowed }
    }
    case 'user':
      return { kind: 'user', name: caller.userName }
    default:
      return { kind: caller.kind, name: caller.kind }
  }
}

/** `arn:aws:s3:::bucket/key` → `policy of arn:aws:s3:::bucket`. */
function policyNameOf(resource: string): string {
  return `policy of ${resource.split('/')[0] ?? resource}`
}
