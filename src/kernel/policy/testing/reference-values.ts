/** Values of the reference evaluator: wildcards, variables, context keys, by plain recursion. */
import type { AuthorizationRequest } from '../decision.ts'

/** Looks up a condition key: its values, or undefined where the request has none. */
export type Vars = (key: string) => readonly string[] | undefined

type Token = { literal: string } | 'any' | 'one' | 'unknown'

/**
 * Whether a text is like a pattern with `*`, `?` and (where `modern`) variables. Undefined: a variable has no value.
 */
export function likeness(
  pattern: string,
  text: string,
  modern: boolean,
  vars: Vars,
): boolean | undefined {
  const tokens = tokensOf(pattern, modern, vars, true)
  return tokens.includes('unknown') ? undefined : like(tokens, text)
}

/** A pattern without wildcards, its variables filled; undefined where one has no value. */
export function filled(pattern: string, modern: boolean, vars: Vars): string | undefined {
  const tokens = tokensOf(pattern, modern, vars, false)
  if (tokens.includes('unknown')) return undefined
  return tokens.map((token) => (typeof token === 'object' ? token.literal : '')).join('')
}

function like(tokens: readonly Token[], text: string): boolean {
  const [first, ...rest] = tokens
  if (first === undefined) return text === ''
  if (first === 'one') return text.length > 0 && like(rest, text.slice(1))
  if (first === 'any') {
    for (let i = 0; i <= text.length; i++) if (like(rest, text.slice(i))) return true
    return false
  }
  const { literal } = first as { literal: string }
  return text.startsWith(literal) && like(rest, text.slice(literal.length))
}

function tokensOf(pattern: string, modern: boolean, vars: Vars, wildcards: boolean): Token[] {
  const tokens: Token[] = []
  for (const part of pattern.split(modern ? /(\$\{[^}]*\}|[*?])/ : /([*?])/)) {
    if (part === '') continue
    if (part === '*' && wildcards) tokens.push('any')
    else if (part === '?' && wildcards) tokens.push('one')
    else if (modern && /^\$\{[^}]*\}$/.test(part)) tokens.push(variable(part.slice(2, -1), vars))
    else tokens.push({ literal: part })
  }
  return tokens
}

function variable(inside: string, vars: Vars): Token {
  if (inside === '*' || inside === '?' || inside === '$') return { literal: inside }
  const match = /^([^,]*),\s*'([\s\S]*)'\s*$/.exec(inside)
  const values = vars((match?.[1] ?? inside).trim())
  if (values?.length === 1) return { literal: values[0] as string }
  return match ? { literal: match[2] as string } : 'unknown'
}

/** The condition keys of a request, in any case, with those that follow from principal and resource. */
export function variablesOf(request: AuthorizationRequest): Vars {
  const known = new Map<string, readonly string[]>()
  const { principal } = request
  const put = (key: string, value: string | undefined) => {
    if (value !== undefined && value !== '') known.set(key, [value])
  }
  const account = 'account' in principal ? principal.account : undefined
  put('aws:principalaccount', account)
  put('aws:resourceaccount', request.resourceAccount ?? account)
  if (principal.kind !== 'anonymous')
    put('aws:principalisawsservice', String(principal.kind === 'service'))
  switch (principal.kind) {
    case 'root':
      put('aws:principalarn', principal.arn)
      put('aws:principaltype', 'Account')
      put('aws:userid', principal.account)
      break
    case 'user':
      put('aws:principalarn', principal.arn)
      put('aws:principaltype', 'User')
      put('aws:userid', principal.id)
      put('aws:username', principal.arn.split('/').at(-1))
      break
    case 'session':
      put('aws:principalarn', principal.roleArn)
      put('aws:principaltype', 'AssumedRole')
      put('aws:userid', `${principal.roleId}:${principal.arn.split('/').at(-1)}`)
      break
    case 'anonymous':
      put('aws:principaltype', 'Anonymous')
      put('aws:userid', 'anonymous')
      break
    case 'service':
      put('aws:principalservicename', principal.service)
      break
    case 'federated':
      put('aws:federatedprovider', principal.provider)
  }
  for (const [key, value] of Object.entries(request.context)) {
    const values = typeof value === 'string' ? [value] : value
    if (values.length > 0) known.set(key.toLowerCase(), values)
  }
  return (key) => known.get(key.toLowerCase())
}
