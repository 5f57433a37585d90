/** The keys that seal session tokens, shared through the store: made by whoever comes first, rotated while all replicas run. */
import { randomBytes } from 'node:crypto'
import { createSessions, type Sessions } from '../aws/sessions.ts'
import type { Clock } from '../kernel/clock.ts'
import { type Store, StoreError } from '../store/store.ts'

/** The document in the store. Newest key last. */
interface KeysDocument {
  readonly keys: readonly StoredKey[]
}

interface StoredKey {
  /** 0 to 255; stands in each token. */
  readonly id: number
  /** 32 bytes, base64. Secret. */
  readonly key: string
  readonly createdAt: number
  /** From when on it seals (ms since the epoch); it opens tokens from the start. */
  readonly sealsFrom: number
}

/** A key as an operator sees it. Times are ms since the epoch. */
export interface SealingKeyInfo {
  readonly id: number
  readonly createdAt: number
  readonly sealsFrom: number
  readonly state: 'next' | 'sealing' | 'opening'
}

const documentKey = '/serve/sealing-keys'
/** No session lives longer (GetSessionToken's limit), plus what clocks may differ. */
const longestSessionMs = 36 * 3_600_000 + 15 * 60_000
const idsMax = 256

/** Sessions whose keys follow the store: a rotation by any process takes effect here too. */
export async function openSharedSessions({
  store,
  clock,
}: {
  store: Store
  clock: Clock
}): Promise<Sessions & Disposable> {
  if (!store.get(documentKey)) await makeFirst(store, clock)
  const { value, revision } = readDocument(store)
  let document = value
  let sessions: Sessions
  let activation: Disposable | undefined
  const load = () => {
    activation?.[Symbol.dispose]()
    const now = clock.now()
    const sealing = sealingKey(document, now)
    const ordered = [sealing, ...document.keys.filter((key) => key !== sealing)]
    sessions = createSessions({
      sealingKeys: ordered.map(({ id, key }) => ({ id, key: Buffer.from(key, 'base64') })),
    })
    const next = document.keys.find(({ sealsFrom }) => sealsFrom > now)
    activation = next && clock.schedule(next.sealsFrom, load)
  }
  load()
  const feed = store.watch<KeysDocument>(documentKey, revision, (event) => {
    if (event.kind === 'deleted') return
    document = event.value
    load()
  })
  return {
    issue: (facts) => sessions.issue(facts),
    issueForUser: (facts) => sessions.issueForUser(facts),
    open: (accessKeyId, token) => sessions.open(accessKeyId, token),
    sealMessage: (account, message) => sessions.sealMessage(account, message),
    openMessage: (account, sealed) => sessions.openMessage(account, sealed),
    [Symbol.dispose]() {
      feed[Symbol.dispose]()
      activation?.[Symbol.dispose]()
    },
  }
}

/** What keys there are. Empty before the first server has started. */
export function listSealingKeys({
  store,
  clock,
}: {
  store: Store
  clock: Clock
}): SealingKeyInfo[] {
  const document = store.get<KeysDocument>(documentKey)?.value
  if (!document) return []
  const now = clock.now()
  const sealing = sealingKey(document, now)
  return document.keys.map((key) => {
    const { id, createdAt, sealsFrom } = key
    const state = sealsFrom > now ? 'next' : key === sealing ? 'sealing' : 'opening'
    return { id, createdAt, sealsFrom, state }
  })
}

/**
 * Makes a new key that seals in `leadMs`, when every replica surely knows it. Older keys go on opening their tokens and
 * are deleted by a rotation once no session of theirs can be alive; with `revoke` at once, which ends all sessions.
 */
export async function rotateSealingKeys({
  store,
  clock,
  leadMs,
  revoke = false,
}: {
  store: Store
  clock: Clock
  leadMs: number
  revoke?: boolean
}): Promise<SealingKeyInfo[]> {
  for (;;) {
    const stored = store.get<KeysDocument>(documentKey)
    const now = clock.now()
    const old = stored && !revoke ? withoutOutlived(stored.value.keys, now) : []
    const latest = stored?.value.keys.at(-1)?.id ?? -1
    const fresh = newKey(freeId(latest, old), now, revoke || !stored ? now : now + leadMs)
    const document: KeysDocument = { keys: [...old, fresh] }
    try {
      if (stored) await store.update(documentKey, document, stored.revision)
      else await store.create(documentKey, document)
      return listSealingKeys({ store, clock })
    } catch (error) {
      // Another process rotated meanwhile: once more, on top of its keys.
      if (!(error instanceof StoreError)) throw error
    }
  }
}

/** The newest key whose time has come; the oldest where none's has. */
function sealingKey({ keys }: KeysDocument, now: number): StoredKey {
  const sealing = keys.findLast(({ sealsFrom }) => sealsFrom <= now) ?? keys[0]
  if (!sealing) throw new Error('the store holds no sealing key')
  return sealing
}

/** A key stopped sealing when the one after it began. */
function withoutOutlived(keys: readonly StoredKey[], now: number): StoredKey[] {
  return keys.filter((_, index) => {
    const replacedAt = keys[index + 1]?.sealsFrom ?? Number.POSITIVE_INFINITY
    return replacedAt + longestSessionMs > now
  })
}

function freeId(latest: number, keys: readonly StoredKey[]): number {
  for (let step = 1; step <= idsMax; step++) {
    const id = (latest + step) % idsMax
    if (!keys.some((key) => key.id === id)) return id
  }
  throw new Error(`there are ${keys.length} sealing keys whose sessions may be alive: rotate later`)
}

function newKey(id: number, now: number, sealsFrom: number): StoredKey {
  return { id, key: randomBytes(32).toString('base64'), createdAt: now, sealsFrom }
}

async function makeFirst(store: Store, clock: Clock): Promise<void> {
  const now = clock.now()
  try {
    await store.create(documentKey, { keys: [newKey(0, now, now)] } satisfies KeysDocument)
  } catch (error) {
    // Another replica was first: its key is as good.
    if (!(error instanceof StoreError && error.kind === 'exists')) throw error
  }
}

function readDocument(store: Store): { value: KeysDocument; revision: number } {
  const stored = store.get<KeysDocument>(documentKey)
  if (!stored) throw new Error('the sealing keys are gone from the store')
  return stored
}
