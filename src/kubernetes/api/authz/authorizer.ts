/** Authorization: who may do what. Authorizers are asked in order; one that allows is enough, nobody denies. */
import type { Refusal } from '../../../kernel/refusal.ts'
import type { UserInfo } from '../../object.ts'
import { anonymous } from '../authn/authenticate.ts'
import { forbidden, unauthorized } from '../status.ts'
import { coversPath, type PolicyRule } from './policy-rule.ts'

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

/** A rule that a user has, and where it comes from. */
export interface Grant {
  readonly rule: PolicyRule
  readonly reason: string
}

export interface Authorizer {
  /** The rules that a user has in a namespace (undefined: at the cluster's scope). */
  grants(user: UserInfo, namespace: string | undefined): Iterable<Grant>
  /** What kept rules from being found. */
  failures?(user: UserInfo, namespace: string | undefined): readonly string[]
  /** Its rules are not told to whoever asks what a user may: they are no rules in Kubernetes. */
  readonly isUntold?: boolean
}

/** `reason` may be empty; of a refusal it says what kept rules from being found. */
export interface Decision {
  readonly allowed: boolean
  readonly reason: string
}

/** Asks each authorizer's rules until one matches. */
export function decide(authorizers: readonly Authorizer[], attributes: Attributes): Decision {
  for (const authorizer of authorizers) {
    for (const { rule, reason } of authorizer.grants(attributes.user, attributes.namespace)) {
      if (ruleMatches(rule, attributes)) return { allowed: true, reason }
    }
  }
  const { user, namespace } = attributes
  const failures = authorizers.flatMap((one) => one.failures?.(user, namespace) ?? [])
  return { allowed: false, reason: failures.length > 0 ? `RBAC: ${listText(failures)}` : '' }
}

/** Several failures as Kubernetes prints them together. */
export function listText(failures: readonly string[]): string {
  return failures.length === 1 ? (failures[0] ?? '') : `[${failures.join(', ')}]`
}

/** True when the rule covers the request. */
export function ruleMatches(rule: PolicyRule, attributes: Attributes): boolean {
  const { verb, group, resource, subresource, name, path } = attributes
  if (!covers(rule.verbs, verb)) return false
  if (path !== undefined) return (rule.nonResourceURLs ?? []).some((url) => coversPath(url, path))
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

/** Refuses what is not allowed: 403, or 401 where nobody said who they are. */
export function authorize(attributes: Attributes, authorizers: readonly Authorizer[]): void {
  const { allowed, reason } = decide(authorizers, attributes)
  if (allowed) return
  // Who only acts as nobody is known.
  throw attributes.user === anonymous ? unauthorized() : forbiddenRequest(attributes, reason)
}

/** The 403 with Kubernetes' text; `reason` is the decision's. */
export function forbiddenRequest(attributes: Attributes, reason: string): Refusal {
  const { user, verb, group, resource, subresource, namespace, name, path } = attributes
  const who = `User "${user.username}"`
  if (path !== undefined) {
    const why = `${who} cannot ${verb} path "${path}"`
    return forbidden({ group: '', resource: '' }, '', withReason(why, reason))
  }
  const full = subresource ? `${resource}/${subresource}` : resource
  const scope = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`
  const why = `${who} cannot ${verb} resource "${full}" in API group "${group}" ${scope}`
  return forbidden({ group, resource }, name, withReason(why, reason))
}

function withReason(why: string, reason: string): string {
  return reason ? `${why}: ${reason}` : why
}
