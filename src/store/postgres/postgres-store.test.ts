import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Client } from 'pg'
import { noPostgres, startPostgres, type TestPostgres } from '../../../test/support/postgres.ts'
import { silentLog } from '../../audit/log.ts'
import { LabClock } from '../../clock/lab-clock.ts'
import { ManualClock } from '../../clock/manual-clock.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { storeContract } from '../contract.ts'
import { type ChangeEvent, type Store, StoreError } from '../store.ts'
import { openPostgresStore, type PostgresStoreOptions } from './postgres-store.ts'

const skip = noPostgres()

describe('the PostgreSQL store', { skip }, () => {
  let server: TestPostgres
  before(async () => {
    server = await startPostgres()
  })
  after(() => server[Symbol.asyncDispose]())

  const clock = new LabClock(0, () => {})
  const open = (url: string, more: Partial<PostgresStoreOptions> = {}) =>
    openPostgresStore({ url, clock, log: silentLog, ...more })

  storeContract('postgres', async () => open(await server.createSchema()))

  test('documents, revision and recent history survive closing and opening', async () => {
    const url = await server.createSchema()
    const first = await open(url)
    const created = await first.create('/k', { v: 'é\0😀' })
    const updated = await first.update('/k', { v: 2 })
    await first.delete('/k')
    const last = await first.create('/other', 1)
    await first[Symbol.asyncDispose]()
    await using second = await open(url)
    assert.equal(second.revision(), last)
    assert.deepEqual(second.get('/k', created)?.value, { v: 'é\0😀' })
    assert.deepEqual(second.get('/k', updated), {
      key: '/k',
      value: { v: 2 },
      revision: updated,
      createRevision: created,
    })
    assert.equal(second.get('/k'), undefined)
    const keys = (at: number) => second.list('/', { at }).items.map(({ key }) => key)
    assert.deepEqual([keys(created - 1), keys(updated), keys(last)], [[], ['/k'], ['/other']])
  })

  test('replicas that start together on an empty database share it', async () => {
    const url = await server.createSchema()
    const stores = await Promise.all(Array.from({ length: 4 }, () => open(url)))
    await Promise.all(stores.map((store, n) => store.create(`/r/${n}`, n)))
    for (const store of stores) {
      await seen(store, '/r/', 4)
      await store[Symbol.asyncDispose]()
    }
  })

  test('a replica that starts while others write misses nothing', async () => {
    const url = await server.createSchema()
    await using busy = await open(url)
    let done = false
    const writing = (async () => {
      for (let n = 0; !done; n++) await busy.create(`/w/${n}`, n)
    })()
    await using late = new AsyncDisposableStack()
    const stores: Store[] = []
    for (let n = 0; n < 5; n++) stores.push(late.use(await open(url)))
    done = true
    await writing
    for (const store of stores) {
      await reached(store, busy.revision())
      assert.deepEqual(store.list('/').items, busy.list('/').items)
    }
  })

  test('a catch-up shows what was written before it', async () => {
    const url = await server.createSchema()
    await using one = await open(url)
    await using two = await open(url)
    for (let n = 0; n < 50; n++) {
      const revision = await one.create(`/k/${n}`, n)
      await two.catchUp()
      assert.ok(two.revision() >= revision)
    }
  })

  test('many writers on two replicas: one history without gaps, the same for both, no update lost', async () => {
    const url = await server.createSchema()
    await using one = await open(url)
    await using two = await open(url)
    const heard: [ChangeEvent[], ChangeEvent[]] = [[], []]
    one.watch('/', 0, (event) => heard[0].push(event))
    two.watch('/', 0, (event) => heard[1].push(event))
    await one.create('/count', 0)
    const count = async (store: Store) => {
      for (let done = 0; done < 25; ) {
        const now = store.get<number>('/count')
        try {
          // A replica that has not seen the document yet has nothing to count on.
          await store.update('/count', (now?.value ?? 0) + 1, now?.revision ?? 1)
          done++
        } catch (error) {
          assert.ok(error instanceof StoreError && error.kind === 'conflict', String(error))
        }
      }
    }
    await Promise.all([count(one), count(two), count(one), count(two)])
    const last = Math.max(one.revision(), two.revision())
    for (const store of [one, two]) await reached(store, last)
    assert.equal(one.get('/count')?.value, 100)
    assert.equal(last, 101)
    assert.deepEqual(
      heard[0].map(({ revision }) => revision),
      Array.from({ length: 101 }, (_, n) => n + 1),
    )
    assert.deepEqual(heard[0], heard[1])
    const values = heard[0].map(({ value }) => value)
    assert.deepEqual(
      values,
      Array.from({ length: 101 }, (_, n) => n),
    )
  })

  test('a change is seen by the other replica within 100 ms', async (t) => {
    const url = await server.createSchema()
    await using one = await open(url)
    await using two = await open(url)
    const took: number[] = []
    for (let n = 0; n < 20; n++) {
      const begun = performance.now()
      await reached(two, await one.create(`/k/${n}`, n))
      took.push(performance.now() - begun)
    }
    took.sort((a, b) => a - b)
    t.diagnostic(`write to sight: median ${took[10]?.toFixed(1)} ms, worst ${took[19]?.toFixed(1)}`)
    assert.ok((took[5] ?? 0) < 100)
  })

  test('a crash of the database loses nothing that was acknowledged; both replicas go on', async () => {
    const url = await server.createSchema()
    await using one = await open(url, { waitMs: 60_000 })
    await using two = await open(url, { waitMs: 60_000 })
    const acknowledged: string[] = []
    const write = async (store: Store, name: string) => {
      for (let n = 0; n < 60; n++) {
        const key = `/${name}/${n}`
        try {
          await store.create(key, n)
        } catch (error) {
          // The crash came between commit and answer, and the store could not know; never so here.
          assert.fail(String(error))
        }
        acknowledged.push(key)
        if (name === 'a' && n === 20) {
          await server.stop('immediate')
          await server.start()
        }
      }
    }
    await Promise.all([write(one, 'a'), write(two, 'b'), write(two, 'c')])
    await reached(one, two.revision())
    await reached(two, one.revision())
    assert.equal(acknowledged.length, 180)
    for (const store of [one, two]) {
      for (const key of acknowledged) assert.ok(store.get(key), key)
      assert.equal(store.revision(), 180)
      await until(() => store.connected)
    }
  })

  test('while the database is down reads go on, and a write is refused after its wait', async () => {
    const url = await server.createSchema()
    const manual = new ManualClock()
    await using store = await open(url, { clock: manual, waitMs: 5_000 })
    await store.create('/k', 1)
    await server.stop()
    const refused = assert.rejects(store.create('/l', 1), (error) => {
      return error instanceof Refusal && error.code === 'ServiceUnavailable'
    })
    let settled = false
    refused.finally(() => {
      settled = true
    })
    while (!settled) {
      manual.advance(1_000)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await refused
    assert.equal(store.connected, false)
    assert.equal(store.get('/k')?.value, 1)
    await server.start()
    while (!store.connected) {
      manual.advance(1_000)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await store.create('/l', 1)
  })

  test('old versions are deleted by age; a replica that missed them says so and stops writing', async () => {
    const url = await server.createSchema()
    const manual = new ManualClock()
    await using store = await open(url, { clock: manual, keepMs: 1_000 })
    const first = await store.create('/k', 0)
    const second = await store.update('/k', 1)
    manual.advance(120_000)
    await until(() => {
      manual.advance(1_000)
      return (
        refuses(() => store.get('/k', first), 'compacted') &&
        refuses(() => store.watch('/', 0, () => {}), 'compacted')
      )
    })
    assert.equal(store.get('/k', second)?.value, 1)
    await using admin = await connected(url)
    await until(async () => {
      const { rows } = await admin.client.query('SELECT compacted FROM podpass_meta')
      return Number(rows[0].compacted) === second
    })
    await using late = await open(url)
    assert.ok(refuses(() => late.get('/k', first), 'compacted'))
    const unfit: unknown[] = []
    await using lost = await open(url, { onUnfit: (error) => unfit.push(error) })
    await admin.client.query('UPDATE podpass_meta SET revision = 1')
    await assert.rejects(lost.create('/m', 1), /set back from revision 2 to 1/)
    assert.equal(unfit.length, 1)
    assert.equal(lost.connected, false)
  })

  test('a document that the database refuses takes no other write with it', async () => {
    await using store = await open(await server.createSchema())
    // One index row of the key's B-tree holds 2,704 bytes; random text does not compress.
    const long = Array.from({ length: 20_000 }, (_, n) => Math.sin(n).toString(36).at(-1)).join('')
    const results = await Promise.allSettled([
      store.create('/good', 1),
      store.create(`/${long}`, 1),
      store.create('/good/2', 1),
      store.create('', 1),
      store.create('/nothing', undefined),
    ])
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled', 'rejected', 'rejected'],
    )
    assert.equal(store.revision(), 2)
  })

  test('opening says what is wrong', async () => {
    const database = (name: string) => server.url.replace(/[^/]*$/, name)
    await assert.rejects(open(database('none')), /database "none" does not exist/)
    const url = await server.createSchema()
    await (await open(url))[Symbol.asyncDispose]()
    await using admin = await connected(url)
    await admin.client.query('UPDATE podpass_meta SET format = 99')
    await assert.rejects(open(url), /another version of Podpass/)
    await admin.client.query("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
    await assert.rejects(open(database('latin')), /encoding is LATIN1/)
  })
})

function refuses(read: () => unknown, kind: StoreError['kind']): boolean {
  try {
    read()
    return false
  } catch (error) {
    return error instanceof StoreError && error.kind === kind
  }
}

async function connected(url: string): Promise<{ client: Client } & AsyncDisposable> {
  const client = new Client({ connectionString: url })
  await client.connect()
  return { client, [Symbol.asyncDispose]: () => client.end() }
}

/** Waits until a store shows a revision, by its change feed. */
function reached(store: Store, revision: number): Promise<void> {
  return new Promise((resolve) => {
    if (store.revision() >= revision) return resolve()
    const watch = store.watch('/', store.revision(), (event) => {
      if (event.revision < revision) return
      watch[Symbol.dispose]()
      resolve()
    })
  })
}

async function seen(store: Store, prefix: string, count: number): Promise<void> {
  while (store.list(prefix).items.length < count) await reached(store, store.revision() + 1)
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, 'it did not come about')
    await new Promise((resolve) => setImmediate(resolve))
  }
}
