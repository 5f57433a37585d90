/** When roles and keys were last used: at once in memory, in the store a little later and together. */
import type { Clock } from '../../kernel/clock.ts'
import type { Store } from '../../store/store.ts'
import type { Identities } from '../identities.ts'
import { findRole } from './lookup.ts'
import { useKey } from './names.ts'
import type { IamState } from './state.ts'

const writeAfterMs = 60_000

export interface LastUsed extends AsyncDisposable {
  note: Identities['used']
  /** Writes what is not written yet. */
  flush(): Promise<void>
}

export function openLastUsed({
  state,
  store,
  clock,
}: {
  state: IamState
  store: Store
  clock: Clock
}): LastUsed {
  const unwritten = new Map<string, string>()
  let timer: Disposable | undefined

  let writing = Promise.resolve()
  const flush = () => {
    timer?.[Symbol.dispose]()
    timer = undefined
    const changes = [...unwritten].map(([id, account]) => {
      const key = useKey(account, id)
      return { kind: store.get(key) ? 'update' : 'create', key, value: state.use(id) } as const
    })
    unwritten.clear()
    if (changes.length > 0) {
      // Another replica may have written the same one meanwhile; the next use is written again.
      const written = store.transact(changes).then(
        () => {},
        () => {},
      )
      writing = Promise.all([writing, written]).then(() => {})
    }
    return writing
  }

  const note = (
    id: string,
    account: string,
    use: { service: string; region: string; at: number },
  ) => {
    const at = Math.floor(use.at / 1000)
    const { service, region } = use
    const before = state.use(id)
    // Keys in heavy use are noted once a second.
    if (before?.at === at && before.service === service && before.region === region) return
    const services = { ...before?.services, [service]: { at, region } }
    state.noteUse(id, { at, service, region, services })
    unwritten.set(id, account)
    timer ??= clock.schedule(clock.now() + writeAfterMs, () => void flush())
  }

  return {
    note: ({ accessKeyId, roleArn, service, region, at }) => {
      const owner = accessKeyId === undefined ? undefined : state.keyOwner(accessKeyId)
      if (accessKeyId !== undefined && owner)
        note(accessKeyId, owner.account, { service, region, at })
      const found = roleArn === undefined ? undefined : findRole(state, roleArn)
      if (found) note(found.role.id, found.account, { service, region, at })
    },
    flush,
    async [Symbol.asyncDispose]() {
      await flush()
    },
  }
}
