/** The evaluator: walks the policies of every type and combines what they say as AWS does. */
import { combine } from './combine.ts'
import type { CompiledDocument } from './compiled-document.ts'
import { accountOf, resourceAccount } from './context-key.ts'
import type {
  Decision,
  Evaluate,
  PolicyInput,
  PolicySet,
  PolicyType,
  StatementFinding,
  StatementRef,
} from './decision.ts'
import { DocumentCache } from './document-cache.ts'
import { DIRECT, NOBODY, type PrincipalMatch } from './principal-element.ts'
import { explicitReason, implicitReason } from './reason.ts'
import { type ActionName, RequestView } from './request-view.ts'
import type { Statement } from './statement.ts'

const cacheBytesDefault = 256 * 1024 * 1024
const actionsKnownMax = 8192

/**
 * Makes an evaluator with a cache of its own. `cacheBytes` bounds (by estimate) the compiled documents it keeps; no
 * answer depends on it.
 */
export function createEvaluator({ cacheBytes = cacheBytesDefault } = {}): Evaluate {
  const documents = new DocumentCache(cacheBytes)
  const actions = new Map<string, ActionName>()
  return (request, policies, options) => {
    let action = actions.get(request.action)
    if (!action) {
      if (actions.size >= actionsKnownMax) actions.clear()
      action = actionName(request.action)
      actions.set(request.action, action)
    }
    const view = new RequestView(request, action)
    return new Run(view, documents, options?.explain ?? false).decide(policies)
  }
}

/** The shared evaluator. Its only state is the cache of compiled texts, which no answer depends on. */
export const evaluate: Evaluate = createEvaluator()

function actionName(action: string): ActionName {
  const folded = action.toLowerCase()
  const colon = folded.indexOf(':')
  return { folded, service: colon < 0 ? '' : folded.slice(0, colon) }
}

type Hit = StatementRef | undefined

/** One evaluation. */
class Run {
  readonly #view: RequestView
  readonly #documents: DocumentCache
  readonly #walk: StatementFinding[] | undefined
  #denies: StatementRef[] | undefined
  /** How closely the best Allow of the resource policy names the caller. */
  #granted: PrincipalMatch = NOBODY

  constructor(view: RequestView, documents: DocumentCache, explain: boolean) {
    this.#view = view
    this.#documents = documents
    this.#walk = explain ? [] : undefined
  }

  decide(policies: PolicySet): Decision {
    const { principal } = this.#view
    const account = accountOf(principal)
    const root = principal.kind === 'root'
    const boundary = account !== undefined && !root ? given(policies.boundary) : undefined
    const session = account !== undefined ? given(policies.session) : undefined
    const endpoint = given(policies.endpoint)
    this.#view.bounded = boundary !== undefined
    // The order is that in which AWS names the refusing type.
    const outer = this.#control(policies, account !== undefined)
    const endpointHit = endpoint && this.#layer('endpoint', endpoint)
    const resourceHit = policies.resource && this.#one('resource', policies.resource, undefined)
    const identityHit =
      account === undefined ? undefined : this.#layer('identity', policies.identity)
    const boundaryHit = boundary && this.#layer('boundary', boundary)
    const sessionHit = session && this.#layer('session', session)

    if (this.#denies) return this.#explicit(this.#denies)
    if (outer?.deniedBy) return this.#implicit(outer.deniedBy)
    if (endpoint && !endpointHit) return this.#implicit('endpoint')
    const determining: StatementRef[] = outer ? outer.hits : []
    if (endpointHit) determining.push(endpointHit)
    if (account === undefined) {
      if (!resourceHit) return this.#implicit('resource')
      determining.push(resourceHit)
      return this.#allowed(determining)
    }
    const combination = combine({
      root,
      sameAccount: resourceAccount(this.#view.request) === account,
      resourceRequired: policies.resourcePolicyRequired ?? this.#needsResourcePolicy(policies),
      granted: this.#granted,
      identity: identityHit !== undefined,
      boundary: !boundary || boundaryHit !== undefined,
      session: !session || sessionHit !== undefined,
    })
    if ('deniedBy' in combination) return this.#implicit(combination.deniedBy)
    for (const type of combination.allowedBy) {
      const hit =
        type === 'resource'
          ? resourceHit
          : type === 'identity'
            ? identityHit
            : type === 'boundary'
              ? boundaryHit
              : sessionHit
      if (hit) determining.push(hit)
    }
    return this.#allowed(determining)
  }

  /** Keys and roles are governed by their own policy: see `PolicySet.resourcePolicyRequired`. */
  #needsResourcePolicy({ resource }: PolicySet): boolean {
    if (resource === undefined) return false
    const { action, resource: arn } = this.#view
    return action.service === 'sts' || (action.service === 'kms' && arn.includes(':key/'))
  }

  /** Organisations' policies: every level must allow. They bind neither service-linked roles nor (SCPs) strangers. */
  #control({ resourceControl, serviceControl }: PolicySet, member: boolean) {
    if (!resourceControl && !serviceControl) return undefined
    const { principal } = this.#view
    const hits: StatementRef[] = []
    const outer: { deniedBy?: PolicyType; hits: StatementRef[] } = { hits }
    if (principal.kind === 'session' && principal.roleArn.includes(':role/aws-service-role/')) {
      return outer
    }
    const check = (type: PolicyType, levels: PolicySet['serviceControl'] = []) => {
      for (const level of levels) {
        const hit = this.#layer(type, level)
        if (hit) hits.push(hit)
        else outer.deniedBy ??= type
      }
    }
    check('resource-control', resourceControl)
    if (member) check('service-control', serviceControl)
    return outer
  }

  /** Walks the policies of one type: notes every Deny that matches, gives the first Allow that does. */
  #layer(type: PolicyType, inputs: readonly PolicyInput[]): Hit {
    let hit: Hit
    for (const input of inputs) hit = this.#one(type, input, hit)
    return hit
  }

  #one(type: PolicyType, input: PolicyInput, hit: Hit): Hit {
    const document = this.#documents.get(input.document)
    if (this.#walk) this.#explainAll(this.#walk, type, input, document)
    const { denies, allows } = document.select(this.#view.action)
    const principalRequired = type === 'resource'
    for (const statement of denies) {
      if (!statement.matches(this.#view, principalRequired)) continue
      this.#denies ??= []
      this.#denies.push(refer(type, input, statement))
    }
    if (type === 'resource') return this.#bestGrant(input, allows)
    if (hit) return hit
    for (const statement of allows) {
      if (statement.matches(this.#view, false)) return refer(type, input, statement)
    }
    return undefined
  }

  /** Of a resource policy the Allow that names the caller most closely. */
  #bestGrant(input: PolicyInput, allows: readonly Statement[]): Hit {
    let hit: Hit
    for (const statement of allows) {
      if (!statement.matches(this.#view, true)) continue
      const match = statement.principalMatch(this.#view)
      if (match <= this.#granted) continue
      this.#granted = match
      hit = refer('resource', input, statement)
      if (match === DIRECT) return hit
    }
    return hit
  }

  #explainAll(
    walk: StatementFinding[],
    type: PolicyType,
    input: PolicyInput,
    document: CompiledDocument,
  ): void {
    for (const statement of document.statements) {
      if (!statement.effect) continue
      const elements = statement.explain(this.#view, type === 'resource')
      walk.push({
        ...refer(type, input, statement),
        effect: statement.effect,
        matched: elements.every((element) => element.matched),
        elements,
      })
    }
  }

  #allowed(determining: readonly StatementRef[]): Decision {
    return this.#decision({ decision: 'allowed', reason: '', determining })
  }

  #explicit(denies: readonly StatementRef[]): Decision {
    const deniedBy = denies[0]?.type ?? 'identity'
    const reason = explicitReason(deniedBy)
    return this.#decision({ decision: 'explicitDeny', deniedBy, reason, determining: denies })
  }

  #implicit(deniedBy: PolicyType): Decision {
    const reason = implicitReason(deniedBy, this.#view.request.action)
    return this.#decision({ decision: 'implicitDeny', deniedBy, reason, determining: [] })
  }

  #decision(decision: Decision): Decision {
    return this.#walk ? { ...decision, walk: this.#walk } : decision
  }
}

function given(inputs: readonly PolicyInput[] | undefined): readonly PolicyInput[] | undefined {
  return inputs && inputs.length > 0 ? inputs : undefined
}

function refer(type: PolicyType, input: PolicyInput, statement: Statement): StatementRef {
  const ref = { type, policy: input.name, index: statement.index, span: statement.span }
  if (input.arn === undefined && statement.sid === undefined) return ref
  return {
    ...ref,
    ...(input.arn !== undefined && { policyArn: input.arn }),
    ...(statement.sid !== undefined && { sid: statement.sid }),
  }
}
