/** What a kind of the API is: its address, its life cycle rules and how it is shown. One value per kind, in `resources/`. */
import type { KubernetesObject, UserInfo } from '../object.ts'
import type { FieldError } from './field-errors.ts'
import type { NameRule } from './names.ts'

export type Verb =
  | 'create'
  | 'delete'
  | 'deletecollection'
  | 'get'
  | 'list'
  | 'patch'
  | 'update'
  | 'watch'

export const allVerbs: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
]

/** A column of the Table form; `wide` columns have priority 1. */
export interface Column {
  readonly name: string
  readonly type: 'string' | 'integer' | 'date' | 'boolean'
  readonly format?: 'name'
  readonly description?: string
  readonly wide?: boolean
  /** The cell of one object; `now` in ms. */
  cell(object: KubernetesObject, now: number): string | number | boolean
}

export interface Subresource {
  readonly verbs: readonly Verb[]
  /** Kind that the subresource speaks, when it is not its parent's: `Scale` of autoscaling/v1. */
  readonly group?: string
  readonly version?: string
  readonly kind: string
}

/** A kind that is stored. Functions that take a draft may change it in place; `old` they must not touch. */
export interface Kind {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly resource: string
  readonly singular: string
  readonly namespaced: boolean
  readonly verbs: readonly Verb[]
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
  readonly subresources?: Readonly<Record<string, Subresource>>
  /** `metadata.generation` counts changes outside metadata and status. */
  readonly hasGeneration?: boolean
  /** DELETE answers the object, not a Status. */
  readonly returnsDeleted?: boolean
  /** A deletion that does not say what becomes of dependents orphans them; the text warns of it. */
  readonly orphansByDefault?: string
  /** A PUT of what is not there makes it. */
  readonly createsOnUpdate?: boolean
  /** A PUT without resourceVersion overwrites. */
  readonly unconditionalUpdate?: boolean
  readonly nameRule: NameRule
  /** Fills what the API fills when a field is absent; idempotent. */
  defaults?(draft: KubernetesObject): void
  /** Clears or sets what the client may not on create (status, finalizers). */
  prepareCreate?(draft: KubernetesObject): void
  prepareUpdate?(draft: KubernetesObject, old: KubernetesObject): void
  validate?(object: KubernetesObject): FieldError[]
  validateUpdate?(object: KubernetesObject, old: KubernetesObject): FieldError[]
  /** Grace in seconds of a deletion: how long the object stays with a deletionTimestamp. */
  gracePeriodSeconds?(object: KubernetesObject, asked: number | undefined): number
  /** Field selectors beyond `metadata.name` and `metadata.namespace`. */
  readonly fields?: Readonly<Record<string, (object: KubernetesObject) => string>>
  readonly columns: readonly Column[]
  /** Another kind whose stored objects this one shows: events.k8s.io over core events. */
  readonly view?: {
    readonly of: string
    fromStored(object: KubernetesObject): KubernetesObject
    toStored(object: KubernetesObject): KubernetesObject
  }
}

/** A kind that is only asked, never stored: create answers it. */
export interface Review {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly resource: string
  readonly singular: string
  readonly namespaced: boolean
}

/** Who asks for what, and how; made at the door, one per request. */
export interface RequestContext {
  readonly user: UserInfo
  readonly dryRun: boolean
  /** Who owns the fields that the request sets; empty: nobody is recorded. */
  readonly fieldManager: string
  /** Says something to the client beside the answer (a Warning header). */
  warn(text: string): void
}

export function apiVersionOf({ group, version }: { group: string; version: string }): string {
  return group ? `${group}/${version}` : version
}
