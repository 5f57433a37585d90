/** A request as compiled statements look at it: taken apart only as far as they ask. */
import type { ContextKey } from './context-key.ts'
import type { AuthorizationRequest, PrincipalInput } from './decision.ts'
import type { Variable, VariableSource } from './template.ts'

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
  /** Whether the caller has a permissions boundary. */
  bounded = false
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
    const value = this.lookup(variable.contextKey)
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
    return isNamed(this.principal) ? key.derive?.(this.request) || undefined : undefined
  }
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

function listValue(list: readonly unknown[]): readonly string[] | undefined {
  if (list.length === 0) return undefined
  const isText = (each: unknown): each is string => typeof each === 'string'
  return list.every(isText) ? list : list.map(String)
}

/** False of the caller of a simulation that names none: from nobody in particular nothing follows. */
export function isNamed(principal: PrincipalInput): boolean {
  return !('arn' in principal) || principal.arn !== ''
}

function asValue(value: unknown): ContextValue | undefined {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return listValue(value)
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}
