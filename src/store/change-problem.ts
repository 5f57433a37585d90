/** What stands in the way of a change: the one rule of compare-and-set, for every store. */
import type { Change, StoreErrorKind } from './store.ts'

/** `revision`: of the document as it is now; undefined where there is none. Undefined when the change may be made. */
export function changeProblem(
  change: Change,
  revision: number | undefined,
): StoreErrorKind | undefined {
  if (change.kind === 'create') return revision === undefined ? undefined : 'exists'
  if (change.kind === 'check') return (revision ?? 0) === change.expected ? undefined : 'conflict'
  if (revision === undefined) return 'not-found'
  const stale = change.expected !== undefined && revision !== change.expected
  return stale ? 'conflict' : undefined
}
