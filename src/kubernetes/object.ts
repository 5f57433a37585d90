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
  /** Rights that authentication brings along, beside what the cluster itself grants (EKS access policies); never shown. */
  readonly grants?: readonly Grant[]
}

/** Rules that hold in the whole cluster or in some namespaces. */
export interface Grant {
  /** Absent: the whole cluster. A `*` stands for any characters. */
  readonly namespaces?: readonly string[]
  readonly rules: readonly PolicyRule[]
}

/** As in a Role: each list must match, `*` matches all; resources may name a subresource (`pods/log`). */
export interface PolicyRule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
  readonly nonResourceURLs?: readonly string[]
}
