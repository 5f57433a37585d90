import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../../clock/manual-clock.ts'
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts'
import { openIam } from './iam.ts'
import type { RoleRecord } from './records.ts'
import { IamState } from './state.ts'
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
