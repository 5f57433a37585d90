/** Columns that many kinds share. */
import { ageOf } from '../human-duration.ts'
import type { Column } from '../kind.ts'

export const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name must be unique within a namespace.',
  cell: (object) => object.metadata.name,
}

export const ageColumn: Column = {
  name: 'Age',
  type: 'string',
  description: 'Time since the object was created.',
  cell: (object, now) => ageOf(object.metadata.creationTimestamp, now),
}

/** A column of text. */
export function text(name: string, cell: Column['cell'], wide = false): Column {
  return { name, type: 'string', cell, ...(wide ? { wide } : {}) }
}

/** A column of a whole number. */
export function integer(name: string, cell: (object: ObjectOf) => number): Column {
  return { name, type: 'integer', cell: (object) => cell(object) }
}
type ObjectOf = Parameters<Column['cell']>[0]

// biome-ignore lint/suspicious/noExplicitAny: part of the API's open object
type WorkloadSpec = any

/** Names and images of a pod template's containers, and the selector: the wide columns of what runs pods by a spec. */
export function workloadColumnsOf(specOf: (object: ObjectOf) => WorkloadSpec): readonly Column[] {
  const listed = (field: 'name' | 'image') => (object: ObjectOf) => {
    const containers: Record<string, string>[] = specOf(object)?.template?.spec?.containers ?? []
    return containers.map((container) => container[field]).join(',')
  }
  return [
    text('Containers', listed('name'), true),
    text('Images', listed('image'), true),
    text('Selector', (object) => selectorText(specOf(object)?.selector), true),
  ]
}

/** Those of a workload whose spec is the object's own. */
export const workloadColumns = workloadColumnsOf((object) => object['spec'])

interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>
  readonly matchExpressions?: readonly { key: string; operator: string; values?: string[] }[]
}

/** A label selector object as the text form of queries. */
export function selectorText(selector: LabelSelector | undefined): string {
  if (!selector) return '<none>'
  const labels = Object.entries(selector.matchLabels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  const parts = labels.map(([k, v]) => `${k}=${v}`)
  for (const { key, operator, values = [] } of selector.matchExpressions ?? []) {
    if (operator === 'Exists') parts.push(key)
    else if (operator === 'DoesNotExist') parts.push(`!${key}`)
    else parts.push(`${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`)
  }
  return parts.length > 0 ? parts.join(',') : '<none>'
}
