/** IAM in memory: what the store holds, fed by its changes, with the indexes that questions need. */
import type { Store } from '../../store/store.ts'
import { Collection, type Entry, Index } from './collection.ts'
import { keyOf, parseKey, storePrefix } from './names.ts'
import type {
  AccountRecord,
  Attachment,
  EntityKind,
  InstanceProfileRecord,
  KeyRecord,
  ProviderRecord,
  RecordOf,
  UseRecord,
  UserRecord,
} from './records.ts'

/** One account. Indexes hold the keys (lower-case names) of entities, those of grantees with their kind before. */
export class AccountState {
  readonly id: string
  root: Entry<AccountRecord> | undefined
  readonly entities: { readonly [K in EntityKind]: Collection<RecordOf[K]> } = {
    role: new Collection(),
    user: new Collection(),
    group: new Collection(),
    policy: new Collection(),
    'instance-profile': new Collection(),
    'oidc-provider': new Collection(),
    'server-certificate': new Collection(),
    'saml-provider': new Collection(),
    mfa: new Collection(),
  }
  /** Policy ARN → `role/name`, `user/name`, `group/name` that have it attached. */
  readonly attachedTo = new Index()
  /** Policy ARN → `role/name`, `user/name` whose boundary it is. */
  readonly boundaryOf = new Index()
  /** Unique id of a user → the user: his name may change. */
  readonly usersById = new Index()
  /** Group → its users. */
  readonly members = new Index()
  /** Serial number of an enabled MFA device → the user who has it. */
  readonly mfaOf = new Index()
  /** Role → instance profiles. */
  readonly profilesOf = new Index()
  /** Provider name without its port → provider names. */
  readonly providersWithoutPort = new Index()

  constructor(id: string) {
    this.id = id
  }
}

/** Where an access key belongs: `user` is absent for the root user's. */
export interface KeyOwner {
  readonly account: string
  readonly user?: string
}

export class IamState implements Disposable {
  readonly #accounts = new Map<string, AccountState>()
  readonly #keys = new Map<string, KeyOwner>()
  readonly #uses = new Map<string, UseRecord>()
  readonly #feed: Disposable
  #version = 0

  /** Reads all of IAM and follows its changes from there on. */
  constructor(store: Store) {
    const revision = store.revision()
    let after: string | undefined
    for (;;) {
      const page = store.list<unknown>(storePrefix, {
        at: revision,
        limit: 1000,
        ...(after !== undefined && { after }),
      })
      for (const { key, value, revision } of page.items) this.#apply(key, value, revision)
      after = page.items.at(-1)?.key
      if (!page.more) break
    }
    this.#feed = store.watch<unknown>(storePrefix, revision, (event) =>
      this.#apply(event.key, event.kind === 'deleted' ? undefined : event.value, event.revision),
    )
  }

  [Symbol.dispose](): void {
    this.#feed[Symbol.dispose]()
  }

  /** Undefined where there is no such account. */
  account(id: string): AccountState | undefined {
    const account = this.#accounts.get(id)
    return account?.root ? account : undefined
  }

  accounts(): AccountState[] {
    return [...this.#accounts.values()].filter((account) => account.root)
  }

  entry<K extends EntityKind>(
    account: string,
    kind: K,
    name: string,
  ): Entry<RecordOf[K]> | undefined {
    return this.#accounts.get(account)?.entities[kind].get(keyOf(kind, name))
  }

  /** Another number whenever anything but a last use has changed. */
  get version(): number {
    return this.#version
  }

  keyOwner(accessKeyId: string): KeyOwner | undefined {
    return this.#keys.get(accessKeyId)
  }

  /** The last use of a role (by unique id) or access key. */
  use(id: string): UseRecord | undefined {
    return this.#uses.get(id)
  }

  /** Notes a use ahead of the store. */
  noteUse(id: string, use: UseRecord): void {
    this.#uses.set(id, use)
  }

  #apply(key: string, value: unknown, revision: number): void {
    const place = parseKey(key)
    if (!place) return
    const { kind, name } = place
    if (kind === 'used') this.#applyUse(name, value as UseRecord | undefined)
    else this.#version += 1
    const account = this.#accounts.get(place.account) ?? new AccountState(place.account)
    this.#accounts.set(place.account, account)
    if (kind === 'account')
      this.#applyAccount(account, value as AccountRecord | undefined, revision)
    else if (kind in account.entities) {
      this.#applyEntity(account, kind as EntityKind, name, value, revision)
    }
  }

  #applyUse(id: string, use: UseRecord | undefined): void {
    if (!use) this.#uses.delete(id)
    else if ((this.#uses.get(id)?.at ?? 0) <= use.at) this.#uses.set(id, use)
  }

  #applyAccount(account: AccountState, record: AccountRecord | undefined, revision: number): void {
    this.#indexKeys(account.root?.record.rootKeys, record?.rootKeys, { account: account.id })
    account.root = record && { record, revision }
  }

  #applyEntity<K extends EntityKind>(
    account: AccountState,
    kind: K,
    key: string,
    value: unknown,
    revision: number,
  ): void {
    const collection = account.entities[kind]
    const before = collection.get(key)?.record
    const record = value as RecordOf[K] | undefined
    if (record === undefined) collection.delete(key)
    else collection.put(key, { record, revision })
    reindex(account, kind, key, before, record)
    if (kind === 'user') {
      this.#indexKeys(
        (before as UserRecord | undefined)?.keys,
        (record as UserRecord | undefined)?.keys,
        { account: account.id, user: key },
      )
    }
  }

  #indexKeys(
    before: readonly KeyRecord[] | undefined,
    after: readonly KeyRecord[] | undefined,
    owner: KeyOwner,
  ): void {
    for (const { id } of before ?? []) {
      // A renamed user's keys may have been noted under the new name already.
      if (this.#keys.get(id)?.user === owner.user) this.#keys.delete(id)
    }
    for (const { id } of after ?? []) this.#keys.set(id, owner)
  }
}

type AnyRecord = RecordOf[EntityKind] | undefined

function reindex(
  account: AccountState,
  kind: EntityKind,
  key: string,
  before: AnyRecord,
  after: AnyRecord,
): void {
  for (const [index, keysOf, member] of indexesOf(account, kind, key)) {
    for (const old of keysOf(before)) index.remove(old, member)
    for (const now of keysOf(after)) index.add(now, member)
  }
}

type IndexRow = readonly [Index, (record: AnyRecord) => readonly string[], string]

function indexesOf(account: AccountState, kind: EntityKind, key: string): readonly IndexRow[] {
  const member = `${kind}/${key}`
  switch (kind) {
    case 'role':
    case 'group':
      return [
        [account.attachedTo, attachments, member],
        [account.boundaryOf, boundary, member],
      ]
    case 'user':
      return [
        [account.attachedTo, attachments, member],
        [account.boundaryOf, boundary, member],
        [account.usersById, ids, key],
        [account.members, groups, key],
        [account.mfaOf, mfaSerials, key],
      ]
    case 'instance-profile':
      return [[account.profilesOf, profileRole, key]]
    case 'oidc-provider':
      return [[account.providersWithoutPort, portless, key]]
    default:
      return []
  }
}

const attachments = (record: AnyRecord) =>
  (record as { attached: Attachment[] } | undefined)?.attached.map(({ arn }) => arn) ?? []

const boundary = (record: AnyRecord) => {
  const arn = (record as { boundary?: Attachment } | undefined)?.boundary?.arn
  return arn === undefined ? [] : [arn]
}

const ids = (record: AnyRecord) => (record ? [(record as UserRecord).id] : [])

const groups = (record: AnyRecord) =>
  (record as UserRecord | undefined)?.groups.map(({ name }) => name.toLowerCase()) ?? []

const mfaSerials = (record: AnyRecord) =>
  (record as UserRecord | undefined)?.mfa?.map(({ serial }) => serial) ?? []

const profileRole = (record: AnyRecord) => {
  const role = (record as InstanceProfileRecord | undefined)?.role
  return role ? [role.name.toLowerCase()] : []
}

const portless = (record: AnyRecord) => {
  const url = (record as ProviderRecord | undefined)?.url
  return url === undefined ? [] : [withoutPort(url)]
}

/** `https://host:8443/path` → `host/path`. */
export function withoutPort(url: string): string {
  return url.replace(/^https:\/\/([^/]*?)(:\d+)?(?=\/|$)/, '$1')
}
