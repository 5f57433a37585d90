/** Some transactions that are committed together: judged one after another, each against what the ones before it leave. */
import { randomUUID } from 'node:crypto'
import { transactionProblem } from '../change-problem.ts'
import type { Change } from '../store.ts'
import type { Document, Version } from './mirror.ts'

/** A transaction that waits for its turn. */
export interface Pending {
  readonly changes: readonly Change[]
  /** JSON of each change's value; '' where it has none. */
  readonly texts: readonly string[]
  /** Until when it may wait for the database (ms since the epoch). */
  readonly deadline: number
  readonly resolve: (revision: number) => void
  readonly reject: (error: unknown) => void
}

/** What a batch would write, and what its callers are told once it is committed. */
export interface Judged {
  readonly documents: ReadonlyMap<string, Document | undefined>
  readonly versions: readonly Version[]
  readonly revision: number
  /** Resolves or rejects each caller. */
  readonly settle: () => void
}

export class Batch {
  readonly id = randomUUID()
  pending: readonly Pending[]
  /** Set as soon as its versions were seen in the database: it is committed, whatever became of the answer. */
  committed = false
  judged: Judged | undefined

  constructor(pending: readonly Pending[]) {
    this.pending = pending
  }

  /** Judges against the newest documents; `revision` is theirs, `at` the time of writing (ms). */
  judge(now: (key: string) => Document | undefined, newest: number, at: number): Judged {
    const documents = new Map<string, Document | undefined>()
    const versions: Version[] = []
    const outcomes: (() => void)[] = []
    const read = (key: string) => (documents.has(key) ? documents.get(key) : now(key))
    let revision = newest
    for (const { changes, texts, resolve, reject } of this.pending) {
      const problem = transactionProblem(changes, (key) => read(key)?.revision)
      if (problem) {
        outcomes.push(() => reject(problem))
        continue
      }
      if (changes.some((change) => change.kind !== 'check')) revision++
      const done = revision
      for (const [index, change] of changes.entries()) {
        if (change.kind === 'check') continue
        const before = read(change.key)
        const version = versionOf(change, texts[index] ?? '', before, done, at, this.id)
        versions.push(version)
        documents.set(change.key, change.kind === 'delete' ? undefined : documentOf(version))
      }
      outcomes.push(() => resolve(done))
    }
    const settle = () => {
      for (const outcome of outcomes) outcome()
    }
    this.judged = { documents, versions, revision, settle }
    return this.judged
  }
}

/** Reads a transaction; throws a TypeError where its caller made a mistake. */
export function readChanges(changes: readonly Change[]): string[] {
  return changes.map((change) => {
    const { key } = change
    if (key === '' || key.includes('\0') || !key.isWellFormed()) {
      throw new TypeError(`no key of a document: ${JSON.stringify(key)}`)
    }
    if (!('value' in change)) return ''
    const text: string | undefined = JSON.stringify(change.value)
    if (text === undefined) throw new TypeError(`the document ${key} has no value`)
    return text
  })
}

function versionOf(
  change: Exclude<Change, { kind: 'check' }>,
  text: string,
  before: Document | undefined,
  revision: number,
  at: number,
  batch: string,
): Version {
  return {
    kind: ({ create: 'created', update: 'updated', delete: 'deleted' } as const)[change.kind],
    key: change.key,
    revision,
    createRevision: before?.createRevision ?? revision,
    previousRevision: before?.revision ?? 0,
    text: change.kind === 'delete' ? (before?.text ?? 'null') : text,
    previous: change.kind === 'update' ? (before?.text ?? null) : null,
    at,
    batch,
  }
}

function documentOf({ revision, createRevision, text }: Version): Document {
  return { revision, createRevision, text }
}
