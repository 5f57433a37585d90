/** What is allowed before any role is asked: everything to the masters, and to nodes what their kubelets read. */
import type { UserInfo } from '../../object.ts'
import type { Authorizer } from './authorizer.ts'
import { everything, type PolicyRule } from './policy-rule.ts'

/** Secrets are not among it. */
const node: readonly PolicyRule[] = [
  {
    verbs: ['get', 'list', 'watch'],
    apiGroups: [''],
    resources: ['nodes', 'pods', 'services', 'namespaces'],
  },
]

const byGroup: Readonly<Record<string, readonly PolicyRule[]>> = {
  'system:masters': everything,
  'system:nodes': node,
}

/** The rules that a cluster has without roles, by group; as with Kubernetes' own, no reason is given for them. */
export const builtInAuthorizer: Authorizer = {
  isUntold: true,
  *grants(user: UserInfo) {
    for (const group of user.groups) {
      if (!Object.hasOwn(byGroup, group)) continue
      for (const rule of byGroup[group] ?? []) yield { rule, reason: '' }
    }
  },
}
