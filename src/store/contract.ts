/** What every store must do: the suite that each implementation runs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ChangeEvent, type Store, StoreError } from './store.ts'

/** Registers the contract's tests for one implementation; `open` gives a fresh, empty store each time. */
export function storeContract(name: string, open: () => Promise<Store>): void {
  const check = (title: string, body: (store: Store) => Promise<void>) =>
    test(`${name}: ${title}`, async () => {
      await using store = await open()
      await body(store)
    })

  check('a document is created once, read, updated and deleted', async (store) => {
    const created = await store.create('/a/1', { n: 1 })
    assert.deepEqual(store.get('/a/1'), {
      key: '/a/1',
      value: { n: 1 },
      revision: created,
      createRevision: created,
    })
    await assert.rejects(store.create('/a/1', {}), refusal('exists'))
    const updated = await store.update('/a/1', { n: 2 }, created)
    assert.ok(updated > created)
    assert.equal(store.get('/a/1')?.createRevision, created)
    await assert.rejects(store.update('/a/1', {}, created), refusal('conflict'))
    await assert.rejects(store.delete('/a/1', created), refusal('conflict'))
    await store.delete('/a/1', updated)
    assert.equal(store.get('/a/1'), undefined)
    await assert.rejects(store.update('/a/1', {}), refusal('not-found'))
    await assert.rejects(store.delete('/a/1'), refusal('not-found'))
  })

  check('a transaction is all or nothing and one revision', async (store) => {
    await store.create('/t/1', 1)
    const before = store.revision()
    await assert.rejects(
      store.transact([
        { kind: 'update', key: '/t/1', value: 2 },
        { kind: 'create', key: '/t/1', value: 3 },
      ]),
      refusal('exists'),
    )
    assert.equal(store.revision(), before)
    const revision = await store.transact([
      { kind: 'check', key: '/t/none', expected: 0 },
      { kind: 'update', key: '/t/1', value: 2 },
      { kind: 'create', key: '/t/2', value: 3 },
    ])
    assert.equal(revision, before + 1)
    assert.deepEqual(
      store.list('/t/').items.map((i) => i.value),
      [2, 3],
    )
  })

  check(
    'a transaction that changes a document twice is refused, and no other with it',
    async (store) => {
      await store.create('/d/1', 1)
      const twice = store.transact([
        { kind: 'update', key: '/d/1', value: 2 },
        { kind: 'delete', key: '/d/1' },
      ])
      const other = store.create('/d/2', 1)
      await assert.rejects(twice, TypeError)
      await other
      assert.equal(store.get('/d/1')?.value, 1)
    },
  )

  check('lists are ordered, paged and bounded by their prefix', async (store) => {
    for (const key of ['/l/b', '/l/a', '/l/c', '/m/a', '/l0']) await store.create(key, key)
    const first = store.list('/l/', { limit: 2 })
    assert.deepEqual(
      first.items.map((i) => i.key),
      ['/l/a', '/l/b'],
    )
    assert.equal(first.more, true)
    await store.create('/l/bb', 'late')
    await store.delete('/l/c')
    const second = store.list('/l/', { limit: 2, after: '/l/b', at: first.revision })
    assert.deepEqual(
      second.items.map((i) => i.key),
      ['/l/c'],
    )
    assert.equal(second.more, false)
    assert.deepEqual(
      store.list('/l/').items.map((i) => i.key),
      ['/l/a', '/l/b', '/l/bb'],
    )
  })

  check('an old revision can be read, a future one not', async (store) => {
    const one = await store.create('/h/1', 'old')
    await store.update('/h/1', 'new')
    assert.equal(store.get('/h/1', one)?.value, 'old')
    assert.throws(() => store.get('/h/1', store.revision() + 1), refusal('future'))
  })

  check(
    'a watch delivers past and new changes in order, each before its write resolves',
    async (store) => {
      await store.create('/w/1', 1)
      const from = store.revision()
      await store.update('/w/1', 2)
      const seen: ChangeEvent[] = []
      const watch = store.watch('/w/', from, (event) => seen.push(event))
      assert.deepEqual(
        seen.map((e) => [e.kind, e.value, e.previous]),
        [['updated', 2, 1]],
      )
      await store.create('/other', 0)
      await store.delete('/w/1')
      assert.deepEqual(
        seen.map((e) => e.kind),
        ['updated', 'deleted'],
      )
      assert.equal(seen[1]?.value, 2)
      watch[Symbol.dispose]()
      await store.create('/w/2', 1)
      assert.equal(seen.length, 2)
      assert.throws(() => store.watch('/w/', store.revision() + 1, () => {}), refusal('future'))
    },
  )

  check('writes of one moment conflict one by one, not as a batch', async (store) => {
    const results = await Promise.allSettled([
      store.create('/c/1', 'first'),
      store.create('/c/1', 'second'),
      store.create('/c/2', 'third'),
    ])
    assert.deepEqual(
      results.map((r) => r.status),
      ['fulfilled', 'rejected', 'fulfilled'],
    )
    assert.equal(store.get('/c/1')?.value, 'first')
  })
}

function refusal(kind: StoreError['kind']) {
  return (error: unknown) => error instanceof StoreError && error.kind === kind
}
