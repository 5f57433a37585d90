import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SessionFacts } from '../aws/caller.ts'
import { ManualClock } from '../clock/manual-clock.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import { listSealingKeys, openSharedSessions, rotateSealingKeys } from './sealing-keys.ts'

const facts = (clock: ManualClock): SessionFacts => ({
  account: '111122223333',
  roleArn: 'arn:aws:iam::111122223333:role/app',
  roleId: 'AROAAAAAAAAAAAAAAAAAA',
  roleName: 'app',
  sessionName: 's',
  issuedAt: clock.now(),
  expiresAt: clock.now() + 3_600_000,
})

async function replicas() {
  const clock = new ManualClock()
  const store = openSqliteStore({ path: ':memory:', now: () => clock.now() })
  // Both come first.
  const [one, two] = await Promise.all([
    openSharedSessions({ store, clock }),
    openSharedSessions({ store, clock }),
  ])
  const sealed = () => one.issue(facts(clock))
  const opens = (by: typeof one, credentials: ReturnType<typeof sealed>) =>
    !('refused' in by.open(credentials.accessKeyId, credentials.sessionToken))
  return { clock, store, one, two, sealed, opens }
}

test('replicas that start together share one key, and open each other’s sessions', async () => {
  const { store, clock, two, sealed, opens } = await replicas()
  assert.ok(opens(two, sealed()))
  assert.deepEqual(
    listSealingKeys({ store, clock }).map(({ id, state }) => [id, state]),
    [[0, 'sealing']],
  )
})

test('a new key opens at once, seals after its lead, and old sessions live out their time', async () => {
  const { clock, store, two, sealed, opens } = await replicas()
  const before = sealed()
  const ids = () => listSealingKeys({ store, clock }).map(({ id, state }) => `${id} ${state}`)
  await rotateSealingKeys({ store, clock, leadMs: 60_000 })
  assert.deepEqual(ids(), ['0 sealing', '1 next'])
  const idOf = (token: string) => Buffer.from(token, 'base64')[1]
  assert.equal(idOf(sealed().sessionToken), 0)
  clock.advance(60_000)
  assert.deepEqual(ids(), ['0 opening', '1 sealing'])
  assert.equal(idOf(sealed().sessionToken), 1)
  assert.ok(opens(two, sealed()) && opens(two, before))
  clock.advance(36 * 3_600_000)
  await rotateSealingKeys({ store, clock, leadMs: 60_000 })
  assert.deepEqual(ids(), ['0 opening', '1 sealing', '2 next'])
  clock.advance(3_600_000)
  await rotateSealingKeys({ store, clock, leadMs: 60_000 })
  assert.deepEqual(ids(), ['1 opening', '2 sealing', '3 next'])
})

test('revoking ends every session on every replica', async () => {
  const { clock, store, one, two, sealed, opens } = await replicas()
  const before = sealed()
  await rotateSealingKeys({ store, clock, leadMs: 60_000, revoke: true })
  assert.ok(!opens(one, before) && !opens(two, before))
  assert.ok(opens(two, sealed()))
})

test('rotations at one moment all count', async () => {
  const { clock, store } = await replicas()
  await Promise.all([1, 2, 3].map(() => rotateSealingKeys({ store, clock, leadMs: 0 })))
  assert.deepEqual(
    listSealingKeys({ store, clock }).map(({ id }) => id),
    [0, 1, 2, 3],
  )
})
