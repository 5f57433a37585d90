/** Watches as Kubernetes shows them: what comes into a selection is ADDED, what leaves it DELETED. */
import type { ListFilter, WatchEvent } from '../cluster-client.ts'
import type { Kind } from './kind.ts'
import type { Machinery } from './machinery.ts'
import { type ObjectChange, withVersion } from './objects.ts'
import { type Selection, selection } from './selection.ts'

/**
 * Calls `listener` for each change after revision `from`; without it, ADDED for what exists first.
 * A `from` that is too old or not yet reached is refused (Expired, Timeout).
 */
export function watchObjects(
  { objects }: Machinery,
  kind: Kind,
  filter: ListFilter,
  from: number | undefined,
  listener: (event: WatchEvent) => void,
): Disposable {
  const selected = selection(kind, filter)
  let start = from
  if (start === undefined) {
    const page = objects.list(kind, filter.namespace)
    start = page.revision
    for (const object of page.items) {
      if (selected.matches(object)) listener({ type: 'ADDED', object })
    }
  }
  return objects.watch(kind, filter.namespace, start, (change) => {
    const event = eventOf(change, selected)
    if (event) listener(event)
  })
}

function eventOf(change: ObjectChange, { matches }: Selection): WatchEvent | undefined {
  const { object, previous, revision } = change
  if (change.kind === 'deleted') {
    return matches(object) ? { type: 'DELETED', object } : undefined
  }
  const isIn = matches(object)
  const wasIn = change.kind === 'updated' && previous !== undefined && matches(previous)
  if (isIn) return { type: wasIn ? 'MODIFIED' : 'ADDED', object }
  return wasIn ? { type: 'DELETED', object: withVersion(previous, revision) } : undefined
}
