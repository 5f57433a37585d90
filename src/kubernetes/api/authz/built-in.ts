/** What everybody may, what the signed-in may, and what the masters may. */
import type { UserInfo } from '../../object.ts'
import type { Authorizer, PolicyRule } from './authorizer.ts'

const everything: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
]
const publicInfo: readonly PolicyRule[] = [
  {
    verbs: ['get'],
    nonResourceURLs: ['/healthz', '/healthz/*', '/livez', '/livez/*', '/readyz', '/readyz/*'],
  },
  { verbs: ['get'], nonResourceURLs: ['/version', '/version/'] },
]
const discovery: readonly PolicyRule[] = [
  {
    verbs: ['get'],
    nonResourceURLs: ['/api', '/api/*', '/apis', '/apis/*', '/openapi', '/openapi/*'],
  },
]
const basicUser: readonly PolicyRule[] = [
  {
    verbs: ['create'],
    apiGroups: ['authorization.k8s.io'],
    resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
  },
  {
    verbs: ['create'],
    apiGroups: ['authentication.k8s.io'],
    resources: ['selfsubjectreviews'],
  },
]
const issuerDiscovery: readonly PolicyRule[] = [
  {
    verbs: ['get'],
    nonResourceURLs: ['/.well-known/openid-configuration', '/openid/v1/jwks', '/openid/v1/jwks/'],
  },
]
/** What a node's kubelet reads and writes; Secrets are not among it. */
const node: readonly PolicyRule[] = [
  {
    verbs: ['get', 'list', 'watch'],
    apiGroups: [''],
    resources: ['nodes', 'pods', 'services', 'namespaces'],
  },
]

/** Group → the role by which the reason names it, and its rules. */
const byGroup: Readonly<Record<string, readonly (readonly [string, readonly PolicyRule[]])[]>> = {
  'system:masters': [['cluster-admin', everything]],
  'system:unauthenticated': [['system:public-info-viewer', publicInfo]],
  'system:authenticated': [
    ['system:public-info-viewer', publicInfo],
    ['system:discovery', discovery],
    ['system:basic-user', basicUser],
  ],
  'system:serviceaccounts': [['system:service-account-issuer-discovery', issuerDiscovery]],
  'system:nodes': [['system:node', node]],
}

/** The rules that come with a cluster, by group. */
export const builtInAuthorizer: Authorizer = {
  *grants(user: UserInfo) {
    for (const group of user.groups) {
      for (const [role, rules] of byGroup[group] ?? []) {
        const reason = `RBAC: allowed by ClusterRoleBinding "${role}" of ClusterRole "${role}" to Group "${group}"`
        for (const rule of rules) yield { rule, reason: group === 'system:masters' ? '' : reason }
      }
    }
  },
}
