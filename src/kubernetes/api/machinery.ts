/** What every operation on stored objects stands on. */
import type { Clock } from '../../kernel/clock.ts'
import type { KubernetesObject } from '../object.ts'
import type { Admission } from './admission/admission.ts'
import type { Kind, RequestContext } from './kind.ts'
import type { Objects } from './objects.ts'
import type { Registry } from './registry.ts'
import { notFound } from './status.ts'

/** Records who set which fields; changes `draft.metadata.managedFields`. */
export type TrackFields = (
  draft: KubernetesObject,
  old: KubernetesObject | undefined,
  kind: Kind,
  context: RequestContext,
  subresource: string,
) => void

export interface Machinery {
  readonly registry: Registry
  readonly objects: Objects
  readonly clock: Clock
  readonly admission: Admission
  readonly track: TrackFields
}

/** The object, or Kubernetes' 404. */
export function getObject(
  { objects }: Machinery,
  kind: Kind,
  namespace: string | undefined,
  name: string,
): KubernetesObject {
  const found = objects.get(kind, namespace, name)
  if (!found) throw notFound(kind, name)
  return found
}
