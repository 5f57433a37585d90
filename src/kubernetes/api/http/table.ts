/** The Table form, in which kubectl shows objects. */
import type { KubernetesObject } from '../../object.ts'
import type { Kind } from '../kind.ts'

/** A Table of `objects`; `includeObject`: None, Metadata (default) or Object. `now` in ms. */
export function tableOf(
  kind: Kind,
  objects: readonly KubernetesObject[],
  metadata: object,
  options: { now: number; includeObject?: string | undefined; withoutColumns?: boolean },
): object {
  const { now, includeObject = 'Metadata', withoutColumns = false } = options
  const columns = kind.columns.map((column) => ({
    name: column.name,
    type: column.type,
    format: column.format ?? '',
    description: column.description ?? column.name,
    priority: column.wide ? 1 : 0,
  }))
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: withoutColumns ? null : columns,
    rows: objects.map((object) => ({
      cells: kind.columns.map((column) => column.cell(object, now)),
      ...(includeObject === 'None' ? {} : { object: shown(object, includeObject) }),
    })),
  }
}

function shown(object: KubernetesObject, includeObject: string): object {
  return includeObject === 'Object' ? object : partial(object)
}

/** The object's metadata alone, as a PartialObjectMetadata. */
export function partial({ metadata }: KubernetesObject): object {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata }
}
