/** A request as compiled statements look at it: taken apart only as far as they ask. */
import type { AuthorizationRequest, PrincipalInput } from './decision.ts'
import type { Variable, VariableSource } from './template.ts'

/** A condition key as written in a policy, prepared for lookups in any case. */
export interface ContextKey {
  readonly name: string
  readonly folded: string
  /** Gives the key where the context lacks it but principal or resource tell. */
  readonly derive: ((request: AuthorizationRequest) => string | undefined) | undefined
}

/** An action in lower case, as `service:name` and in its parts. */
export interface ActionName {
  readonly folded: string
  readonly service: string
}

export type ContextValue = string | readonly string[]

/** Partition, service, region, account, resource: the five fields after `arn`. */
export type ArnFields = readonly [string, string, string, string, string]

export class RequestView implements VariableSource {
  readonly request: AuthorizationRequest
  readonly action: ActionName
  readonly resource: string
  readonly principal: PrincipalInput
  #keys: readonly string[] | undefined
  #fields: ArnFields | null | undefined

  constructor(request: AuthorizationRequest, action: ActionName) {
    this.request = request
    this.action = action
    this.resource = request.resource
    this.principal = request.principal
  }

  /** The key's value or values; undefined where the request does not have it. An empty list is no value. */
  lookup(key: ContextKey): ContextValue | undefined {
    // An inherited member (`constructor`, `__proto__`) is neither text nor list, so it is never taken for a value.
    const value: unknown = this.request.context[key.name]
    if (typeof value === 'string') return value
    return asValue(value) ?? this.#search(key)
  }

  variable(variable: Variable): string | undefined {
    const value = this.lookup(contextKey(variable.key))
    if (typeof value === 'string') return value
    return value?.length === 1 ? value[0] : variable.fallback
  }

  /** Undefined where the resource is no ARN. */
  fields(): ArnFields | undefined {
    if (this.#fields === undefined) this.#fields = arnFields(this.resource) ?? null
    return this.#fields ?? undefined
  }

  #search(key: ContextKey): ContextValue | undefined {
    const { context } = this.request
    this.#keys ??= Object.keys(context)
    for (const name of this.#keys) {
      if (name.length !== key.folded.length || name.toLowerCase() !== key.folded) continue
      const value = asValue(context[name])
      if (value !== undefined) return value
    }
    // An unnamed caller (a simulation without one) tells nothing.
    return key.derive?.(this.request) || undefined
  }
}

/** Prepares a key; cheap enough to be called for each variable of a rare template. */
export function contextKey(name: string): ContextKey {
  const folded = name.toLowerCase()
  return { name, folded, derive: derivedKeys.get(folded) }
}

/** Splits an ARN at its first five colons; undefined where there are fewer or it does not begin with `arn`. */
export function arnFields(text: string): ArnFields | undefined {
  if (!text.startsWith('arn:')) return undefined
  const a = text.indexOf(':', 4)
  const b = a < 0 ? -1 : text.indexOf(':', a + 1)
  const c = b < 0 ? -1 : text.indexOf(':', b + 1)
  const d = c < 0 ? -1 : text.indexOf(':', c + 1)
  if (d < 0) return undefined
  return [
    text.slice(4, a),
    text.slice(a + 1, b),
    text.slice(b + 1, c),
    text.slice(c + 1, d),
    text.slice(d + 1),
  ]
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

function asValue(value: unknown): ContextValue | undefined {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.length ? value.map(String) : undefined
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
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
