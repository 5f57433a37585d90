/**
 * What SimulateCustomPolicy and SimulatePrincipalPolicy answer, as a pure function:
 *
 *     simulate({ identityPolicies, actions, resources?, context?, resourcePolicy?, resourceOwner?, boundary?, caller? })
 *       → one EvaluationResult per action and resource, in that order
 *
 * Names of the policies given (`PolicyInputList.1`, `AmazonS3ReadOnlyAccess`) come back as `policy` of the matched
 * statements. Unlike AWS's simulator it judges trust policies too: put the trust policy in `resourcePolicy`, the role
 * in `resources`, the token's claims in `context`.
 */
import { parseArn } from '../arn.ts'
import type {
  AuthorizationRequest,
  Decision,
  PolicyInput,
  PolicySet,
  PolicyType,
  PrincipalInput,
  StatementFinding,
} from './decision.ts'
import { evaluate } from './evaluate.ts'
import {
  decisionDetails,
  documentsOf,
  type MatchedStatement,
  matchedStatements,
  missingContextValues,
} from './matched-statements.ts'

export type { MatchedStatement }

export interface ContextEntry {
  readonly key: string
  readonly values: readonly string[]
}

export interface Simulation {
  readonly identityPolicies: readonly PolicyInput[]
  readonly actions: readonly string[]
  /** Default `*`. */
  readonly resources?: readonly string[]
  readonly context?: readonly ContextEntry[]
  readonly boundary?: readonly PolicyInput[]
  readonly resourcePolicy?: PolicyInput
  /** Account number, or an ARN of the account; default: the caller's account. */
  readonly resourceOwner?: string
  /** Default: nobody in particular; a web identity is then told from the keys in `context`. */
  readonly caller?: PrincipalInput
  readonly session?: readonly PolicyInput[]
  readonly serviceControl?: PolicySet['serviceControl']
  readonly resourceControl?: PolicySet['resourceControl']
}

export interface ResourceResult {
  readonly resource: string
  readonly decision: Decision['decision']
  readonly matchedStatements: readonly MatchedStatement[]
  readonly missingContextValues: readonly string[]
  /** Only where a boundary was given. */
  readonly allowedByBoundary?: boolean
  /** Only where service control policies were given. */
  readonly allowedByOrganizations?: boolean
}

export interface EvaluationResult extends ResourceResult {
  readonly action: string
  /** The policy type that AWS names in its denial. */
  readonly deniedBy?: PolicyType
  readonly reason: string
  /** What each policy type said by itself, of those given. */
  readonly decisionDetails: Readonly<Partial<Record<PolicyType, Decision['decision']>>>
  readonly resourceSpecificResults: readonly ResourceResult[]
  readonly walk: readonly StatementFinding[]
}

export function simulate(simulation: Simulation): EvaluationResult[] {
  const resources = simulation.resources?.length ? simulation.resources : ['*']
  return simulation.actions.flatMap((action) =>
    resources.map((resource) => simulateOne(simulation, action, resource)),
  )
}

function simulateOne(simulation: Simulation, action: string, resource: string): EvaluationResult {
  const policies: PolicySet = {
    identity: simulation.identityPolicies,
    ...(simulation.boundary && { boundary: simulation.boundary }),
    ...(simulation.session && { session: simulation.session }),
    ...(simulation.resourcePolicy && { resource: simulation.resourcePolicy }),
    ...(simulation.serviceControl && { serviceControl: simulation.serviceControl }),
    ...(simulation.resourceControl && { resourceControl: simulation.resourceControl }),
  }
  const request = requestOf(simulation, action, resource)
  const decision = evaluate(request, policies, { explain: true })
  const walk = decision.walk ?? []
  const documents = documentsOf(policies)
  const details = decisionDetails(policies, walk)
  const result: ResourceResult = {
    resource,
    decision: decision.decision,
    matchedStatements: matchedStatements(decision, walk, documents),
    missingContextValues: missingContextValues(request, walk, documents),
    ...(details.boundary && { allowedByBoundary: details.boundary === 'allowed' }),
    ...(details['service-control'] && {
      allowedByOrganizations: details['service-control'] === 'allowed',
    }),
  }
  return {
    ...result,
    action,
    ...(decision.deniedBy && { deniedBy: decision.deniedBy }),
    reason: decision.reason,
    decisionDetails: details,
    resourceSpecificResults: simulation.resources?.length ? [result] : [],
    walk,
  }
}

function requestOf(simulation: Simulation, action: string, resource: string): AuthorizationRequest {
  const context: Record<string, string | readonly string[]> = Object.create(null)
  for (const { key, values } of simulation.context ?? []) {
    const [only] = values
    context[key] = values.length === 1 && only !== undefined ? only : values
  }
  const owner = simulation.resourceOwner
  const ownerAccount = owner && (parseArn(owner)?.account ?? owner)
  const caller =
    simulation.caller ??
    webIdentity(context, action, resource) ??
    ({ kind: 'user', account: ownerAccount ?? '', arn: '', id: '' } as const)
  // Listing buckets is asked of no bucket: S3 takes `arn:aws:s3:::*` for it as well as `*`.
  const listing = resource === '*' && action.toLowerCase() === 's3:listallmybuckets'
  return {
    principal: caller,
    action,
    resource: listing ? 'arn:aws:s3:::*' : resource,
    context,
    ...(ownerAccount && { resourceAccount: ownerAccount }),
  }
}

/** The provider whose claims are in the context, for a trust policy asked about a web identity. */
function webIdentity(
  context: Readonly<Record<string, unknown>>,
  action: string,
  resource: string,
): PrincipalInput | undefined {
  if (action.toLowerCase() !== 'sts:assumerolewithwebidentity') return undefined
  const keys = Object.keys(context)
  const given = keys.find((key) => key.toLowerCase() === 'aws:federatedprovider')
  const provider = given === undefined ? undefined : context[given]
  if (typeof provider === 'string') return { kind: 'federated', provider }
  const claim = keys.find((key) => /^(?!aws:|sts:).+:(?:sub|aud)$/i.test(key))
  if (!claim) return undefined
  const issuer = claim.slice(0, claim.lastIndexOf(':'))
  const { partition = 'aws', account = '' } = parseArn(resource) ?? {}
  if (issuer === 'accounts.google.com') return { kind: 'federated', provider: issuer }
  const arn = `arn:${partition}:iam::${account}:oidc-provider/${issuer}`
  return { kind: 'federated', provider: arn }
}
