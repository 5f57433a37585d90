/** Authorization: who may do what. Authorizers are asked in order; one that allows is enough, nobody denies. */
import type { Refusal } from '../../../kernel/refusal.ts'
import type { UserInfo } from '../../object.ts'
import { forbidden } from '../status.ts'

/** What a request wants: a resource, or a path of the server. */
export interface Attributes {
  readonly user: UserInfo
  /** `get`, `list`, `watch`, `create`, …; of a path the HTTP method in lower case. */
  readonly verb: string
  readonly group: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string | undefined
  /** Empty for requests that name no object. */
  readonly name: string
  /** Set for paths that are no resource: `/version`. */
  readonly path?: string
}

/** A rule as RBAC has it; `*` matches all. */
export interface PolicyRule {
  readonly verbs: readonly string[]
  readonly apiGroups?: readonly string[]
  readonly resources?: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly nonResourceURLs?: readonly string[]
}

/** Gives the rules that a user has in a namespace (undefined: at the cluster's scope), and where they come from. */
export interface Authorizer {
  grants(
    user: UserInfo,
    namespace: string | undefined,
  ): Iterable<{ readonly rule: PolicyRule; readonly reason: string }>
}

export type Decision =
  | { readonly allowed: true; readonly reason: string }
  | { readonly allowed: false }

/** Asks each authorizer's rules until one matches. */
export function decide(authorizers: readonly Authorizer[], attributes: Attributes): Decision {
  for (const authorizer of authorizers) {
    for (const { rule, reason } of authorizer.grants(attributes.user, attributes.namespace)) {
      if (ruleMatches(rule, attributes)) return { allowed: true, reason }
    }
  }
  return { allowed: false }
}

/** True when the rule covers the request. */
export function ruleMatches(rule: PolicyRule, attributes: Attributes): boolean {
  const { verb, group, resource, subresource, name, path } = attributes
  if (!covers(rule.verbs, verb)) return false
  if (path !== undefined) return (rule.nonResourceURLs ?? []).some((url) => pathCovered(url, path))
  if (!covers(rule.apiGroups ?? [], group)) return false
  const combined = subresource ? `${resource}/${subresource}` : resource
  const resources = rule.resources ?? []
  const isCovered =
    covers(resources, combined) || (subresource !== '' && resources.includes(`*/${subresource}`))
  if (!isCovered) return false
  return !rule.resourceNames?.length || (name !== '' && rule.resourceNames.includes(name))
}

function covers(values: readonly string[], value: string): boolean {
  return values.includes('*') || values.includes(value)
}

function pathCovered(url: string, path: string): boolean {
  if (url === '*' || url === path) return true
  return url.endsWith('*') && path.startsWith(url.slice(0, -1))
}

/** The 403 with Kubernetes' text. */
export function forbiddenRequest(attributes: Attributes): Refusal {
  const { user, verb, group, resource, subresource, namespace, name, path } = attributes
  const who = `User "${user.username}"`
  if (path !== undefined) {
    return forbidden({ group: '', resource: '' }, '', `${who} cannot ${verb} path "${path}"`)
  }
  const full = subresource ? `${resource}/${subresource}` : resource
  const scope = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`
  const why = `${who} cannot ${verb} resource "${full}" in API group "${group}" ${scope}`
  return forbidden({ group, resource }, name, why)
}
