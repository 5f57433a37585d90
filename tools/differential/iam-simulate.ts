/** The core of `@cloud-copilot/iam-simulate`, asked in our own terms. Present only where `npm ci` ran in this folder. */
import { existsSync } from 'node:fs'
import { contextKey } from '../../src/kernel/policy/context-key.ts'
import type {
  AuthorizationRequest,
  Decision,
  PolicyInput,
  PolicySet,
} from '../../src/kernel/policy/policy.ts'

const modules = new URL('node_modules/@cloud-copilot/', import.meta.url)
const core = new URL('iam-simulate/dist/esm/', modules)

/** True where the oracle is installed. */
export function isInstalled(): boolean {
  return existsSync(new URL('core_engine/CoreSimulatorEngine.js', core))
}

/** What we use of it. */
interface Core {
  authorize(request: object): { result: 'Allowed' | 'ExplicitlyDenied' | 'ImplicitlyDenied' }
}
type Make = new (...values: unknown[]) => object

export interface Oracle {
  /** Preloads policies and context; the answer is a call of its own, as in a loop of requests. */
  prepare(request: AuthorizationRequest, policies: PolicySet): () => Decision['decision']
}

const decisions = {
  Allowed: 'allowed',
  ExplicitlyDenied: 'explicitDeny',
  ImplicitlyDenied: 'implicitDeny',
} as const

export async function loadOracle(): Promise<Oracle> {
  const at = (path: string) => import(new URL(path, core).href)
  const { authorize } = (await at('core_engine/CoreSimulatorEngine.js')) as Core
  const { AwsRequestImpl } = (await at('request/request.js')) as { AwsRequestImpl: Make }
  const { RequestContextImpl } = (await at('requestContext.js')) as { RequestContextImpl: Make }
  const constraints = 'context_keys/discoveryContextKeyConstraints.js'
  const { DiscoveryContextKeyConstraints } = (await at(constraints)) as {
    DiscoveryContextKeyConstraints: Make
  }
  const policyModule = new URL('iam-policy/dist/esm/index.js', modules).href
  const { loadPolicy } = (await import(policyModule)) as {
    loadPolicy(document: object, metadata?: object): object
  }
  const load = ({ name, document }: PolicyInput) => loadPolicy(JSON.parse(document), { name })
  return {
    prepare(request, policies) {
      const { principal } = request
      const caller =
        principal.kind === 'service'
          ? principal.service
          : principal.kind === 'federated'
            ? principal.provider
            : principal.kind === 'anonymous'
              ? '*'
              : principal.arn
      const own = 'account' in principal ? principal.account : undefined
      const context = new RequestContextImpl(completed(request))
      const resource = { resource: request.resource, accountId: request.resourceAccount ?? own }
      const levels = (list: PolicySet['serviceControl'] = []) =>
        list.map((level, i) => ({ orgIdentifier: `level-${i}`, policies: level.map(load) }))
      const [session] = policies.session ?? []
      const loaded = {
        identityPolicies: policies.identity.map(load),
        permissionBoundaries: policies.boundary?.map(load),
        sessionPolicy: session && load(session),
        resourcePolicy: policies.resource && load(policies.resource),
        serviceControlPolicies: levels(policies.serviceControl),
        resourceControlPolicies: levels(policies.resourceControl),
        vpcEndpointPolicies: policies.endpoint?.map(load),
        simulationParameters: {
          simulationMode: 'Strict',
          discoveryContextKeyConstraints: new DiscoveryContextKeyConstraints([]),
        },
      }
      return () => {
        const asked = new AwsRequestImpl(caller, resource, request.action, context)
        return decisions[authorize({ request: asked, ...loaded }).result]
      }
    },
  }
}

const derived = [
  ...[
    'aws:PrincipalArn',
    'aws:PrincipalAccount',
    'aws:PrincipalType',
    'aws:userid',
    'aws:username',
  ],
  ...['aws:PrincipalIsAWSService', 'aws:ResourceAccount', 'aws:FederatedProvider'],
]

/** The context with the keys that our evaluator derives; the core takes the context for complete. */
function completed(request: AuthorizationRequest): Record<string, string | readonly string[]> {
  const context = { ...request.context }
  const given = new Set(Object.keys(context).map((key) => key.toLowerCase()))
  for (const name of derived) {
    const value = contextKey(name).derive?.(request)
    if (value && !given.has(name.toLowerCase())) context[name] = value
  }
  return context
}
