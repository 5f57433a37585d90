import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../../clock/manual-clock.ts'
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts'
import { openIam } from './iam.ts'
import { judgeMfaCode, takeMfaCode } from './mfa-codes.ts'
import type { RoleRecord } from './records.ts'
import { IamState } from './state.ts'
import { codeAt, newSeed } from './totp.ts'
import { Writer } from './writer.ts'

const account = '111122223333'

function role(name: string): RoleRecord {
  const trustPolicy = '{"Version":"2012-10-17","Statement":[]}'
  const common = { path: '/', id: 'AROAAAAAAAAAAAAAAAAAA', createdAt: 1, maxSessionDuration: 3600 }
  return { name, ...common, trustPolicy, inline: {}, attached: [] }
}

test('what one replica writes, the other sees, and neither overwrites the other', async () => {
  const clock = new ManualClock()
  await using store = openSqliteStore({ path: ':memory:', now: () => clock.now() })
  const [one, two] = [new IamState(store), new IamState(store)]
  const [writer, other] = [new Writer(store, one), new Writer(store, two)]
  await writer.create(account, 'role', 'shared', role('shared'))
  const add = (by: Writer, name: string) =>
    by.change(account, 'role', 'shared', (record) => {
      assert.ok(record)
      return { record: { ...record, inline: { ...record.inline, [name]: 'x' } } }
    })
  const names = Array.from({ length: 20 }, (_, index) => `p${index}`)
  await Promise.all(names.map((name, index) => add(index % 2 ? writer : other, name)))
  for (const state of [one, two]) {
    const inline = state.entry(account, 'role', 'SHARED')?.record.inline ?? {}
    assert.deepEqual(Object.keys(inline).sort(), names.toSorted())
  }
  await other.change(account, 'role', 'shared', () => 'delete')
  assert.equal(one.entry(account, 'role', 'shared'), undefined)
})

test('of two replicas that are given the same code, one takes it', async () => {
  const clock = new ManualClock(1_800_000_000_000)
  await using store = openSqliteStore({ path: ':memory:', now: () => clock.now() })
  const replicas = [new IamState(store), new IamState(store)].map((state) => ({
    state,
    writer: new Writer(store, state),
  }))
  const [one] = replicas
  assert.ok(one)
  const seed = newSeed()
  const serial = `arn:aws:iam::${account}:mfa/phone`
  const common = { path: '/', createdAt: 1, inline: {}, attached: [], groups: [], keys: [] }
  const mfa = [{ serial, enabledAt: 1 }]
  await one.writer.create(account, 'mfa', 'phone', { name: 'phone', seed, createdAt: 1 })
  await one.writer.create(account, 'user', 'dora', { ...common, name: 'dora', id: 'AIDA', mfa })
  const arn = `arn:aws:iam::${account}:user/dora`
  const user = { kind: 'user', account, arn, userName: 'dora', userId: 'AIDA' } as const
  for (const offset of [-30_000, 0, 30_000]) {
    const code = codeAt(seed, clock.now() + offset)
    const proof = { caller: { ...user, accessKeyId: 'AKIA' }, serial, code, at: clock.now() }
    const verdicts = await Promise.all(
      replicas.map(({ state, writer }) => takeMfaCode(proof, state, writer)),
    )
    assert.deepEqual(verdicts.toSorted(), ['valid', 'wrong-code'])
    for (const { state } of replicas) assert.equal(judgeMfaCode(proof, state), 'wrong-code')
  }
})

test('last uses are written together after a minute, and survive a restart', async () => {
  const clock = new ManualClock()
  await using store = openSqliteStore({ path: ':memory:', now: () => clock.now() })
  const iam = openIam({ store, clock })
  const { rootKeys } = await iam.createAccount({ id: account })
  const { accessKeyId } = rootKeys
  const before = store.revision()
  for (let second = 1; second <= 3; second += 1) {
    iam.identities.used({ accessKeyId, service: 's3', region: 'r', at: second * 1000 })
  }
  assert.equal(store.revision(), before)
  clock.advance(60_000)
  await iam[Symbol.asyncDispose]()
  assert.equal(store.revision(), before + 1)
  assert.equal(new IamState(store).use(accessKeyId)?.at, 3)
})
