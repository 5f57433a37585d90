/** What stands in the way of a change: the one rule of compare-and-set, for every store. */
import { type Change, StoreError, type StoreErrorKind } from './store.ts'

/**
 * Why a whole transaction cannot be made: a StoreError, or a TypeError where it changes one document twice. `revisionOf`
 * answers a document's revision as it is now. Undefined when it may be made.
 */
export function transactionProblem(
  changes: readonly Change[],
  revisionOf: (key: string) => number | undefined,
): Error | undefined {
  for (const change of changes) {
    const problem = changeProblem(change, revisionOf(change.key))
    if (problem) return new StoreError(problem, change.key)
  }
  const written = changes.filter((change) => change.kind !== 'check').map(({ key }) => key)
  return new Set(written).size === written.length
    ? undefined
    : new TypeError('a transaction changes a document once')
}

/** `revision`: of the document as it is now; undefined where there is none. Undefined when the change may be made. */
function changeProblem(change: Change, revision: number | undefined): StoreErrorKind | undefined {
  if (change.kind === 'create') return revision === undefined ? undefined : 'exists'
  if (change.kind === 'check') return (revision ?? 0) === change.expected ? undefined : 'conflict'
  if (revision === undefined) return 'not-found'
  const stale = change.expected !== undefined && revision !== change.expected
  return stale ? 'conflict' : undefined
}
