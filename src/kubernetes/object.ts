/** Kubernetes objects as plain JSON: never closed types, so that no field of a newer API is lost. */

export interface OwnerReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly controller?: boolean
  readonly blockOwnerDeletion?: boolean
}

export interface ObjectMeta {
  name: string
  generateName?: string
  namespace?: string
  uid: string
  resourceVersion: string
  generation?: number
  creationTimestamp: string
  deletionTimestamp?: string
  deletionGracePeriodSeconds?: number
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: OwnerReference[]
  finalizers?: string[]
  managedFields?: unknown[]
}

/** Any object of any kind. Beyond metadata, fields are what the kind's schema says. */
export interface KubernetesObject {
  apiVersion: string
  kind: string
  metadata: ObjectMeta
  // biome-ignore lint/suspicious/noExplicitAny: the fields of a kind are the API's, not ours to close
  [field: string]: any
}

/** A kind's address: `{group:'apps', version:'v1', resource:'deployments'}`; core's group is ''. */
export interface ResourceRef {
  readonly group: string
  readonly version: string
  readonly resource: string
}

/** Who makes a request of the API server. */
export interface UserInfo {
  readonly username: string
  readonly uid?: string
  readonly groups: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
  /** EKS access policies that authentication found; the authorizer gives them their rules, and they are never shown. */
  readonly accessPolicies?: readonly AccessPolicyGrant[]
}

/** One EKS access policy that is associated with a user. */
export interface AccessPolicyGrant {
  /** `arn:aws:eks::aws:cluster-access-policy/AmazonEKSAdminPolicy`. */
  readonly policy: string
  /** Namespaces of its scope; absent: the whole cluster. `dev-*` covers by prefix. */
  readonly namespaces?: readonly string[]
}
