/** Accounts: each with its root user and an administrator. */
import { randomInt } from 'node:crypto'
import type { Clock } from '../../kernel/clock.ts'
import { newId, newSecret } from './ids.ts'
import type { AccountRecord, KeyRecord, UserRecord } from './records.ts'
import type { IamState } from './state.ts'
import type { Writer } from './writer.ts'

export interface KeyPair {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export interface AccountKeys {
  readonly account: string
  readonly rootKeys: KeyPair
  /** Of the user `administrator`. */
  readonly administratorKeys: KeyPair
  /** True where this call made the account. */
  readonly created: boolean
}

export interface AccountsDeps {
  readonly state: IamState
  readonly writer: Writer
  readonly clock: Clock
}

/** The user that every account begins with. */
export const administratorName = 'administrator'

/** A random 12-digit account id. */
export function newAccountId(): string {
  return String(randomInt(100_000_000_000, 1_000_000_000_000))
}

export async function createAccount(
  { state, writer, clock }: AccountsDeps,
  { id, name }: { id: string; name?: string },
): Promise<AccountKeys> {
  if (!/^\d{12}$/.test(id)) throw new Error(`an account id has 12 digits: \`${id}\``)
  const now = Math.floor(clock.now() / 1000)
  const newKey = (): KeyRecord => ({
    id: newId('access-key', id),
    secret: newSecret(),
    active: true,
    createdAt: now,
  })

  let created = false
  await writer.changeAccount(id, (account) => {
    // Asked again where another process was quicker: the last answer counts.
    created = account === undefined
    const fresh: AccountRecord = { id, createdAt: now, rootKeys: [], ...(name && { name }) }
    const record = account ?? fresh
    if (record.rootKeys.length > 0) return 'keep'
    return { record: { ...record, rootKeys: [newKey()] } }
  })
  await writer.change(id, 'user', administratorName, (user) => {
    if (user && user.keys.length > 0) return 'keep'
    return { record: { ...(user ?? administrator(id, now)), keys: [newKey()] } }
  })

  const root = state.account(id)?.root?.record.rootKeys[0]
  const admin = state.entry(id, 'user', administratorName)?.record.keys[0]
  if (!root || !admin) throw new Error(`account ${id} was changed while it was made`)
  return { account: id, rootKeys: keyPair(root), administratorKeys: keyPair(admin), created }
}

function administrator(account: string, createdAt: number): UserRecord {
  return {
    name: administratorName,
    path: '/',
    id: newId('user', account),
    createdAt,
    inline: {},
    attached: [{ arn: 'arn:aws:iam::aws:policy/AdministratorAccess' }],
    keys: [],
    groups: [],
  }
}

function keyPair({ id, secret }: KeyRecord): KeyPair {
  return { accessKeyId: id, secretAccessKey: secret }
}
