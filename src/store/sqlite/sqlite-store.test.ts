import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { storeContract } from '../contract.ts'
import { StoreError } from '../store.ts'
import { openSqliteStore } from './sqlite-store.ts'

storeContract('sqlite', async () => openSqliteStore({ path: ':memory:', now: () => 0 }))

test('documents and revision survive closing and opening the file', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'podpass-store-'))
  const path = join(directory, 'state.sqlite')
  const first = openSqliteStore({ path, now: () => 0 })
  const revision = await first.create('/k', { v: 1 })
  await first[Symbol.asyncDispose]()
  await using second = openSqliteStore({ path, now: () => 0 })
  assert.equal(second.revision(), revision)
  assert.deepEqual(second.get('/k')?.value, { v: 1 })
  rmSync(directory, { recursive: true })
})

test('old versions are compacted by age, the newest of each document stays', async () => {
  let now = 0
  await using store = openSqliteStore({ path: ':memory:', now: () => now, keepMs: 1_000 })
  const first = await store.create('/k', 0)
  now = 10_000
  await Promise.all(Array.from({ length: 10_001 }, (_, n) => store.update('/k', n)))
  await store.create('/other', 1)
  assert.throws(
    () => store.get('/k', first - 1),
    (error) => error instanceof StoreError && error.kind === 'compacted',
  )
  assert.equal(store.get('/k')?.value, 10_000)
  assert.equal(store.get('/k', store.revision() - 1)?.value, 10_000)
})

test('a listener that throws does not keep others from hearing the change', async () => {
  const problems: unknown[] = []
  await using store = openSqliteStore({
    path: ':memory:',
    now: () => 0,
    onListenerError: (error) => problems.push(error),
  })
  const heard: string[] = []
  store.watch('/', 0, () => {
    throw new Error('listener')
  })
  store.watch('/', 0, (event) => heard.push(event.key))
  await store.create('/k', 1)
  assert.deepEqual(heard, ['/k'])
  assert.equal(problems.length, 1)
})
