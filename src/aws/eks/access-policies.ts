/** EKS's access policies: AWS's own names, and the Kubernetes rights that stand behind them. */
import type { PolicyRule } from '../../kubernetes/object.ts'

const read = ['get', 'list', 'watch']
const write = ['create', 'delete', 'deletecollection', 'patch', 'update']

const workloads = {
  apps: [
    'daemonsets',
    'deployments',
    'deployments/rollback',
    'deployments/scale',
    'replicasets',
    'replicasets/scale',
    'statefulsets',
    'statefulsets/scale',
  ],
  autoscaling: ['horizontalpodautoscalers'],
  batch: ['cronjobs', 'jobs'],
  'networking.k8s.io': ['ingresses', 'networkpolicies'],
  policy: ['poddisruptionbudgets'],
  '': [
    'configmaps',
    'endpoints',
    'persistentvolumeclaims',
    'pods',
    'replicationcontrollers',
    'replicationcontrollers/scale',
    'serviceaccounts',
    'services',
  ],
}

const readOnly = {
  apps: [
    'controllerrevisions',
    'daemonsets/status',
    'deployments/status',
    'replicasets/status',
    'statefulsets/status',
  ],
  autoscaling: ['horizontalpodautoscalers/status'],
  batch: ['cronjobs/status', 'jobs/status'],
  'discovery.k8s.io': ['endpointslices'],
  'networking.k8s.io': ['ingresses/status'],
  policy: ['poddisruptionbudgets/status'],
  '': [
    'bindings',
    'events',
    'limitranges',
    'namespaces',
    'namespaces/status',
    'persistentvolumeclaims/status',
    'pods/log',
    'pods/status',
    'replicationcontrollers/status',
    'resourcequotas',
    'resourcequotas/status',
    'services/status',
  ],
}

const view: readonly PolicyRule[] = [...rules(workloads, read), ...rules(readOnly, read)]

const edit: readonly PolicyRule[] = [
  ...view,
  ...rules(workloads, write),
  ...rules({ '': ['secrets'] }, [...read, ...write]),
  ...rules(
    { '': ['pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy', 'services/proxy'] },
    [...read, ...write],
  ),
  ...rules({ '': ['pods/eviction', 'serviceaccounts/token'] }, ['create']),
  ...rules({ '': ['serviceaccounts'] }, ['impersonate']),
]

const admin: readonly PolicyRule[] = [
  ...edit,
  ...rules({ 'rbac.authorization.k8s.io': ['rolebindings', 'roles'] }, [...read, ...write]),
  ...rules({ 'authorization.k8s.io': ['localsubjectaccessreviews'] }, ['create']),
]

const everything = ['*']

const policies: ReadonlyMap<string, readonly PolicyRule[]> = new Map([
  ['AmazonEKSAdminPolicy', admin],
  ['AmazonEKSAdminViewPolicy', [{ apiGroups: everything, resources: everything, verbs: read }]],
  [
    'AmazonEKSClusterAdminPolicy',
    [
      {
        apiGroups: everything,
        resources: everything,
        verbs: everything,
        nonResourceURLs: everything,
      },
    ],
  ],
  ['AmazonEKSEditPolicy', edit],
  ['AmazonEKSViewPolicy', view],
])

const prefix = 'arn:aws:eks::aws:cluster-access-policy/'

/** `arn:aws:eks::aws:cluster-access-policy/<name>`. */
export function accessPolicyArn(name: string): string {
  return prefix + name
}

/** The rules of an access policy; undefined where there is none of that ARN. */
export function accessPolicyRules(arn: string): readonly PolicyRule[] | undefined {
  return arn.startsWith(prefix) ? policies.get(arn.slice(prefix.length)) : undefined
}

/** All access policies: name and ARN. */
export function accessPolicies(): { name: string; arn: string }[] {
  return [...policies.keys()].map((name) => ({ name, arn: accessPolicyArn(name) }))
}

function rules(
  resources: Readonly<Record<string, readonly string[]>>,
  verbs: readonly string[],
): PolicyRule[] {
  return Object.entries(resources).map(([group, names]) => ({
    apiGroups: [group],
    resources: names,
    verbs,
  }))
}
