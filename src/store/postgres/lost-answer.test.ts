import assert from 'node:assert/strict'
import { createServer, connect as dial, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { noPostgres, startPostgres, type TestPostgres } from '../../../test/support/postgres.ts'
import { silentLog } from '../../audit/log.ts'
import { LabClock } from '../../clock/lab-clock.ts'
import { openPostgresStore } from './postgres-store.ts'

describe('a connection that breaks off', { skip: noPostgres() }, () => {
  let server: TestPostgres
  before(async () => {
    server = await startPostgres()
  })
  after(() => server[Symbol.asyncDispose]())

  /** A store behind a wire that can be cut before or after the database has heard a COMMIT. */
  async function behindWire() {
    const stack = new AsyncDisposableStack()
    const direct = await server.createSchema()
    const wire = stack.use(await startWire(Number(new URL(direct).port)))
    const url = direct.replace(/:\d+\//, `:${wire.port}/`)
    const clock = stack.use(new LabClock(0, () => {}))
    const store = stack.use(await openPostgresStore({ url, clock, log: silentLog }))
    const witness = stack.use(await openPostgresStore({ url: direct, clock, log: silentLog }))
    return { store, witness, wire, [Symbol.asyncDispose]: () => stack.disposeAsync() }
  }

  test('after its commit, with the answer lost: the write is done once, and its caller hears so', async () => {
    await using parts = await behindWire()
    const { store, witness, wire } = parts
    let revision = await store.create('/count', 0)
    for (let n = 1; n <= 5; n++) {
      wire.cutAfterCommit()
      revision = await store.update('/count', n, revision)
      assert.equal(wire.cuts, n)
    }
    await witness.catchUp()
    assert.deepEqual([witness.revision(), witness.get('/count')?.value], [6, 5])
  })

  test('before its commit: the write is done once, at the second try', async () => {
    await using parts = await behindWire()
    const { store, witness, wire } = parts
    let revision = await store.create('/count', 0)
    for (let n = 1; n <= 5; n++) {
      wire.cutBeforeCommit()
      revision = await store.update('/count', n, revision)
      assert.equal(wire.cuts, n)
    }
    await witness.catchUp()
    assert.deepEqual([witness.revision(), witness.get('/count')?.value], [6, 5])
  })

  test('a refused write stays refused, though another of its group was committed unheard', async () => {
    await using parts = await behindWire()
    const { store, wire } = parts
    await store.create('/there', 0)
    wire.cutAfterCommit()
    const results = await Promise.allSettled([store.create('/there', 1), store.create('/new', 1)])
    assert.deepEqual(
      results.map(({ status }) => status),
      ['rejected', 'fulfilled'],
    )
    assert.equal(wire.cuts, 1)
    assert.equal(store.revision(), 2)
  })
})

/** Passes bytes to and from the database, and breaks connections at a COMMIT when told so. */
async function startWire(databasePort: number) {
  let cut: 'before' | 'after' | undefined
  let cuts = 0
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = dial(databasePort, '127.0.0.1')
    let silent = false
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        near.destroy()
        far.destroy()
      })
    }
    near.on('data', (chunk) => {
      const mode = chunk.includes('COMMIT\0') ? cut : undefined
      if (mode) {
        cut = undefined
        cuts++
        silent = true
      }
      if (mode === 'before') near.destroy()
      else far.write(chunk)
    })
    far.on('data', (chunk) => {
      // The database has answered the COMMIT, so it is done.
      if (silent) near.destroy()
      else near.write(chunk)
    })
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return {
    port: address.port,
    get cuts() {
      return cuts
    },
    cutBeforeCommit: () => {
      cut = 'before'
    },
    cutAfterCommit: () => {
      cut = 'after'
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
