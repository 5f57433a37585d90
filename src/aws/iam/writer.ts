/** Writes to the store: one after another for each document, never over somebody else's write. */
import { type Change, type Store, StoreError } from '../../store/store.ts'
import type { Entry } from './collection.ts'
import { refuse } from './errors.ts'
import { accountKey, aliasKey, entityKey } from './names.ts'
import type { AccountRecord, EntityKind, RecordOf } from './records.ts'
import type { IamState } from './state.ts'

const attempts = 5

/** Checks that ride along with a write, such as "that policy still has this revision". */
export type Check = Extract<Change, { kind: 'check' }>

/** What becomes of a document; `checks` must hold at the moment of the write. */
export type Edit<T> = { readonly record: T; readonly checks?: readonly Check[] } | 'delete' | 'keep'

type Renamable = 'user' | 'group' | 'server-certificate'

/** What an entity is to be, by its new name or the old one, and what its users are then. */
interface Renamed<K extends Renamable> {
  readonly record: RecordOf[K]
  readonly users?: readonly { name: string; record: RecordOf['user']; revision: number }[]
}

export class Writer {
  readonly #store: Store
  readonly #state: IamState
  readonly #tails = new Map<string, Promise<unknown>>()

  constructor(store: Store, state: IamState) {
    this.#store = store
    this.#state = state
  }

  /** Stores a new entity; false where the name is taken (in any case). `checks` as in `Edit`. */
  async create<K extends EntityKind>(
    account: string,
    kind: K,
    name: string,
    record: RecordOf[K],
    checks: readonly Check[] = [],
  ): Promise<boolean> {
    const key = entityKey(account, kind, name)
    return this.#inTurn(key, async () => {
      try {
        await this.#store.transact([{ kind: 'create', key, value: record }, ...checks])
        return true
      } catch (error) {
        if (error instanceof StoreError && error.kind === 'exists') return false
        throw conflictAsRefusal(error)
      }
    })
  }

  /**
   * Changes or deletes an entity and returns what it is then: `edit` gets the newest record, or undefined where there is none (and then throws its
   * own refusal). It is asked again when another writer was quicker.
   */
  change<K extends EntityKind>(
    account: string,
    kind: K,
    name: string,
    edit: (record: RecordOf[K] | undefined) => Edit<RecordOf[K]>,
  ): Promise<RecordOf[K] | undefined> {
    const key = entityKey(account, kind, name)
    return this.#change(key, () => this.#state.entry(account, kind, name), edit)
  }

  /**
   * Gives an entity another name (or only another record), with the changes that this brings to users; false where
   * the new name is taken. `edit` is asked again when another writer was quicker, as with `change`.
   */
  async rename<K extends Renamable>(
    account: string,
    kind: K,
    name: string,
    edit: () => Renamed<K>,
  ): Promise<boolean> {
    const from = entityKey(account, kind, name)
    return this.#inTurn(from, async () => {
      for (let attempt = 1; ; attempt += 1) {
        const { record: value, users = [] } = edit()
        const expected = this.#state.entry(account, kind, name)?.revision ?? 0
        const to = entityKey(account, kind, value.name)
        const changes: readonly Change[] =
          from === to
            ? [{ kind: 'update', key: from, value, expected }]
            : [
                { kind: 'delete', key: from, expected },
                { kind: 'create', key: to, value },
              ]
        const moved = users.map((user): Change => {
          const key = entityKey(account, 'user', user.name)
          return { kind: 'update', key, value: user.record, expected: user.revision }
        })
        try {
          await this.#store.transact([...changes, ...moved])
          return true
        } catch (error) {
          if (error instanceof StoreError && error.kind === 'exists') return false
          if (!(error instanceof StoreError) || attempt === attempts) throw conflictAsRefusal(error)
        }
      }
    })
  }

  /** Changes the account itself, as `change` does an entity. */
  changeAccount(
    account: string,
    edit: (record: AccountRecord | undefined) => Edit<AccountRecord>,
  ): Promise<AccountRecord | undefined> {
    return this.#change(accountKey(account), () => this.#state.account(account)?.root, edit)
  }

  /** Sets the account's alias or takes it away; false where another account has it. */
  async setAlias(account: string, alias: string | undefined): Promise<boolean> {
    return this.#inTurn(accountKey(account), async () => {
      const entry = this.#state.account(account)?.root
      if (!entry || entry.record.alias === alias) return entry !== undefined
      const { alias: old, ...rest } = entry.record
      const changes: Change[] = [
        {
          kind: 'update',
          key: accountKey(account),
          value: alias === undefined ? rest : { ...rest, alias },
          expected: entry.revision,
        },
      ]
      if (old !== undefined) changes.push({ kind: 'delete', key: aliasKey(old) })
      if (alias !== undefined)
        changes.push({ kind: 'create', key: aliasKey(alias), value: account })
      try {
        await this.#store.transact(changes)
        return true
      } catch (error) {
        if (error instanceof StoreError && error.kind === 'exists') return false
        throw conflictAsRefusal(error)
      }
    })
  }

  /** A check that an entity is still as it is now. */
  check(account: string, kind: EntityKind, name: string): Check {
    const expected = this.#state.entry(account, kind, name)?.revision ?? 0
    return { kind: 'check', key: entityKey(account, kind, name), expected }
  }

  async #change<T>(
    key: string,
    read: () => Entry<T> | undefined,
    edit: (record: T | undefined) => Edit<T>,
  ): Promise<T | undefined> {
    return this.#inTurn(key, async () => {
      for (let attempt = 1; ; attempt += 1) {
        const entry = read()
        const result = edit(entry?.record)
        if (result === 'keep') return entry?.record
        try {
          await this.#store.transact(changesOf(key, entry?.revision, result))
          return result === 'delete' ? undefined : result.record
        } catch (error) {
          if (!(error instanceof StoreError) || attempt === attempts) {
            throw conflictAsRefusal(error)
          }
        }
      }
    })
  }

  /** Runs `task` when all earlier tasks for this key are done. */
  async #inTurn<T>(key: string, task: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key)
    const run = (before ?? Promise.resolve()).then(task, task)
    this.#tails.set(key, run)
    try {
      return await run
    } finally {
      if (this.#tails.get(key) === run) this.#tails.delete(key)
    }
  }
}

function changesOf<T>(
  key: string,
  revision: number | undefined,
  edit: Exclude<Edit<T>, 'keep'>,
): readonly Change[] {
  if (edit === 'delete') {
    return [{ kind: 'delete', key, ...(revision !== undefined && { expected: revision }) }]
  }
  const { record: value, checks = [] } = edit
  return revision === undefined
    ? [{ kind: 'create', key, value }, ...checks]
    : [{ kind: 'update', key, value, expected: revision }, ...checks]
}

function conflictAsRefusal(error: unknown): unknown {
  return error instanceof StoreError ? refuse.ConcurrentModification() : error
}
