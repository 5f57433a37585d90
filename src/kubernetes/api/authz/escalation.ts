/** Nobody gives away, by a role or a binding, what they do not hold; verbs `escalate` and `bind` lift it. */
import { isDeepStrictEqual } from 'node:util'
import type { KubernetesObject, UserInfo } from '../../object.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../admission/admission.ts'
import { clusterRoleBindings, type RoleRef, roleBindings } from '../resources/role-bindings.ts'
import { clusterRoles, roles } from '../resources/roles.ts'
import { forbidden, notFound } from '../status.ts'
import { type Authorizer, decide } from './authorizer.ts'
import { everything, type PolicyRule } from './policy-rule.ts'
import type { RbacRules } from './rbac.ts'
import { compacted, quotedList, ruleText, uncovered } from './rule-cover.ts'

interface Deps {
  readonly authorizers: readonly Authorizer[]
  /** Only what RBAC gives counts as held; rules from elsewhere (EKS access policies) do not, as on EKS. */
  readonly rbac: RbacRules
}

/** Looks at roles and bindings as they will be stored. */
export function escalationCheck(deps: Deps): AdmissionPlugin {
  return {
    name: 'RBAC',
    admit(request) {
      const { kind, operation, object, oldObject, context } = request
      if (operation !== 'CREATE' && operation !== 'UPDATE') return
      if (!object || context.user.groups.includes('system:masters')) return
      if (oldObject && isForCollectorOnly(object, oldObject)) return
      if (kind === roles || kind === clusterRoles) checkRole(object, request, deps)
      if (kind === roleBindings || kind === clusterRoleBindings) {
        checkBinding(object, request, deps)
      }
    },
  }
}

function checkRole(object: KubernetesObject, request: AdmissionRequest, deps: Deps): void {
  const { kind, namespace, operation, oldObject, context } = request
  const { user } = context
  const name = operation === 'UPDATE' ? request.name : ''
  if (may(user, 'escalate', { kind, namespace, name }, deps)) return
  refuseMore(object['rules'] ?? [], request, deps)
  const gathers = (one?: KubernetesObject) => one?.['aggregationRule']?.clusterRoleSelectors?.length
  if (kind !== clusterRoles || !(gathers(object) || gathers(oldObject))) return
  if (uncovered(heldRules(user, undefined, deps), everything).length === 0) return
  const why = 'must have cluster-admin privileges to use the aggregationRule'
  throw forbidden(kind, object.metadata.name ?? '', why)
}

function checkBinding(object: KubernetesObject, request: AdmissionRequest, deps: Deps): void {
  const { namespace, context } = request
  const ref: RoleRef = object['roleRef']
  const kind = [clusterRoles, roles].find((one) => one.kind === ref.kind)
  // What cannot be a role is for validation to refuse.
  if (!kind || !ref.name || (kind === roles && namespace === undefined)) return
  if (may(context.user, 'bind', { kind, namespace, name: ref.name }, deps)) return
  const rules = deps.rbac.rulesOf(ref, namespace)
  if (!rules) throw notFound(kind, ref.name)
  refuseMore(rules, request, deps)
}

function may(
  user: UserInfo,
  verb: string,
  on: { kind: { group: string; resource: string }; namespace: string | undefined; name: string },
  { authorizers }: Deps,
): boolean {
  const { group, resource } = on.kind
  const { namespace, name } = on
  return decide(authorizers, { user, verb, group, resource, subresource: '', namespace, name })
    .allowed
}

function heldRules(user: UserInfo, namespace: string | undefined, { rbac }: Deps): PolicyRule[] {
  return [...rbac.grants(user, namespace)].map(({ rule }) => rule)
}

function refuseMore(
  rules: readonly PolicyRule[],
  { kind, namespace, object, context }: AdmissionRequest,
  deps: Deps,
): void {
  const { user } = context
  const missing = uncovered(heldRules(user, namespace, deps), rules)
  if (missing.length === 0) return
  const texts = [...new Set(compacted(missing).map(ruleText))].sort()
  const who = `user ${JSON.stringify(user.username)} (groups=${quotedList(user.groups)})`
  const failures = deps.rbac.failures(user, namespace)
  const also = failures.length > 0 ? `; resolution errors: [${failures.join(', ')}]` : ''
  const why = `${who} is attempting to grant RBAC permissions not currently held:\n${texts.join('\n')}${also}`
  throw forbidden(kind, object?.metadata.name ?? '', why)
}

/** Owners and finalizers may be changed by whoever may update: the collector holds no rules. */
function isForCollectorOnly(object: KubernetesObject, old: KubernetesObject): boolean {
  const rest = ({ metadata, ...more }: KubernetesObject) => {
    const { ownerReferences: _o, finalizers: _f, managedFields: _m, ...kept } = metadata
    return { ...more, metadata: kept }
  }
  return isDeepStrictEqual(rest(object), rest(old))
}
