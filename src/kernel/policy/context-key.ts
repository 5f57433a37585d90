/** Condition keys: names in any case, and those that follow from principal and resource by themselves. */
import type { AuthorizationRequest, PrincipalInput } from './decision.ts'

/** A condition key as written in a policy, prepared for lookups in any case. */
export interface ContextKey {
  readonly name: string
  readonly folded: string
  /** Gives the key where the context lacks it but principal or resource tell. */
  readonly derive: ((request: AuthorizationRequest) => string | undefined) | undefined
}

/** Prepares a key for lookups. */
export function contextKey(name: string): ContextKey {
  const folded = name.toLowerCase()
  return { name, folded, derive: derivedKeys.get(folded) }
}

/** The account that owns the resource: as told, else the principal's. */
export function resourceAccount(request: AuthorizationRequest): string | undefined {
  return request.resourceAccount ?? accountOf(request.principal)
}

export function accountOf(principal: PrincipalInput): string | undefined {
  return 'account' in principal ? principal.account : undefined
}

/** Names of the keys that follow from principal and resource, folded: no caller need supply them. */
export function isDerivedKey(folded: string): boolean {
  return derivedKeys.has(folded)
}

const lastSegment = (arn: string) => arn.slice(arn.lastIndexOf('/') + 1)

const principalTypes: Readonly<Record<PrincipalInput['kind'], string | undefined>> = {
  anonymous: 'Anonymous',
  root: 'Account',
  user: 'User',
  session: 'AssumedRole',
  service: undefined,
  federated: undefined,
}

/** IAM user guide, "AWS global condition context keys": those that are properties of principal and resource. */
const derivedKeys = new Map<string, (request: AuthorizationRequest) => string | undefined>([
  [
    'aws:principalarn',
    ({ principal }) =>
      principal.kind === 'session'
        ? principal.roleArn
        : 'arn' in principal
          ? principal.arn
          : undefined,
  ],
  ['aws:principalaccount', ({ principal }) => accountOf(principal)],
  ['aws:principaltype', ({ principal }) => principalTypes[principal.kind]],
  ['aws:userid', ({ principal }) => userId(principal)],
  [
    'aws:username',
    ({ principal }) => (principal.kind === 'user' ? lastSegment(principal.arn) : undefined),
  ],
  [
    'aws:principalisawsservice',
    ({ principal }) =>
      principal.kind === 'anonymous' ? undefined : String(principal.kind === 'service'),
  ],
  [
    'aws:principalservicename',
    ({ principal }) => (principal.kind === 'service' ? principal.service : undefined),
  ],
  [
    'aws:federatedprovider',
    ({ principal }) => (principal.kind === 'federated' ? principal.provider : undefined),
  ],
  ['aws:resourceaccount', resourceAccount],
])

function userId(principal: PrincipalInput): string | undefined {
  switch (principal.kind) {
    case 'root':
      return principal.account
    case 'user':
      return principal.id
    case 'session':
      return `${principal.roleId}:${lastSegment(principal.arn)}`
    case 'anonymous':
      return 'anonymous'
    default:
      return undefined
  }
}
