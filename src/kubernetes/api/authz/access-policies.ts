/** EKS access policies: what an associated policy lets its principal do, in the whole cluster or in namespaces. */
import type { Authorizer } from './authorizer.ts'
import { everything, type PolicyRule } from './policy-rule.ts'

const read = ['get', 'list', 'watch']
const write = ['create', 'delete', 'deletecollection', 'patch', 'update']
const workloads: readonly PolicyRule[] = [
  {
    verbs: write,
    apiGroups: [''],
    resources: [
      'configmaps',
      'endpoints',
      'events',
      'persistentvolumeclaims',
      'pods',
      'pods/attach',
      'pods/eviction',
      'pods/exec',
      'pods/portforward',
      'pods/proxy',
      'replicationcontrollers',
      'secrets',
      'serviceaccounts',
      'services',
      'services/proxy',
    ],
  },
  { verbs: ['create'], apiGroups: [''], resources: ['serviceaccounts/token'] },
  { verbs: ['impersonate'], apiGroups: [''], resources: ['serviceaccounts'] },
  { verbs: [...read], apiGroups: [''], resources: ['secrets', 'pods/exec', 'pods/attach'] },
  {
    verbs: write,
    apiGroups: ['apps', 'batch', 'autoscaling', 'networking.k8s.io', 'policy', 'extensions'],
    resources: ['*'],
  },
  {
    verbs: [...read, ...write],
    apiGroups: ['coordination.k8s.io'],
    resources: ['leases'],
  },
]
const view: readonly PolicyRule[] = [
  {
    verbs: read,
    apiGroups: [''],
    resources: [
      'bindings',
      'configmaps',
      'endpoints',
      'events',
      'limitranges',
      'namespaces',
      'namespaces/status',
      'persistentvolumeclaims',
      'pods',
      'pods/log',
      'pods/status',
      'replicationcontrollers',
      'resourcequotas',
      'serviceaccounts',
      'services',
    ],
  },
  {
    verbs: read,
    apiGroups: [
      'apps',
      'autoscaling',
      'batch',
      'discovery.k8s.io',
      'events.k8s.io',
      'networking.k8s.io',
      'policy',
    ],
    resources: ['*'],
  },
]
const edit: readonly PolicyRule[] = [...view, ...workloads]
const admin: readonly PolicyRule[] = [
  ...edit,
  {
    verbs: [...read, ...write],
    apiGroups: ['rbac.authorization.k8s.io'],
    resources: ['roles', 'rolebindings'],
  },
  {
    verbs: ['create'],
    apiGroups: ['authorization.k8s.io'],
    resources: ['localsubjectaccessreviews'],
  },
]
const seeEverything: readonly PolicyRule[] = [{ verbs: read, apiGroups: ['*'], resources: ['*'] }]

const rulesOf: Readonly<Record<string, readonly PolicyRule[]>> = {
  AmazonEKSClusterAdminPolicy: everything,
  AmazonEKSAdminPolicy: admin,
  AmazonEKSAdminViewPolicy: seeEverything,
  AmazonEKSEditPolicy: edit,
  AmazonEKSViewPolicy: view,
}

/** The rules of the policies that authentication found a user to have. */
export const accessPolicyAuthorizer: Authorizer = {
  *grants(user, namespace) {
    for (const grant of user.accessPolicies ?? []) {
      if (!covers(grant.namespaces, namespace)) continue
      const name = grant.policy.slice(grant.policy.lastIndexOf('/') + 1)
      const reason = `EKS Access Policy: allowed by ClusterRoleBinding "${name}" of ClusterRole "${name}" to User "${user.username}"`
      for (const rule of rulesOf[name] ?? []) yield { rule, reason }
    }
  },
}

function covers(namespaces: readonly string[] | undefined, namespace: string | undefined): boolean {
  if (!namespaces) return true
  if (namespace === undefined) return false
  return namespaces.some((pattern) =>
    pattern.endsWith('*') ? namespace.startsWith(pattern.slice(0, -1)) : pattern === namespace,
  )
}
