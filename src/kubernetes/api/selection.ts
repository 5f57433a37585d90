/** Which objects a list or watch asks for, by labels and fields. */
import type { KubernetesObject } from '../object.ts'
import type { Kind } from './kind.ts'
import { parseFieldSelector } from './selectors/field-selector.ts'
import { parseLabelSelector } from './selectors/label-selector.ts'

export interface Selection {
  readonly matches: (object: KubernetesObject) => boolean
  /** True when every object is asked for. */
  readonly isAll: boolean
  /** The one name that is asked for, where the selector says so. */
  readonly name?: string
}

/** Parses both selectors; a malformed one is a 400. */
export function selection(
  kind: Kind,
  filter: { readonly labelSelector?: string; readonly fieldSelector?: string },
): Selection {
  const { labelSelector, fieldSelector } = filter
  const byLabel = labelSelector ? parseLabelSelector(labelSelector) : undefined
  const byField = fieldSelector ? parseFieldSelector(fieldSelector, kind) : undefined
  return {
    matches: (object) =>
      (!byLabel || byLabel(object.metadata.labels)) && (!byField || byField.matches(object)),
    isAll: !byLabel && !byField,
    ...(byField?.name ? { name: byField.name } : {}),
  }
}
