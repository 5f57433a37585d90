import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '../../../test/support/cluster.ts'
import { silentLog } from '../../audit/log.ts'
import { ManualClock } from '../../clock/manual-clock.ts'
import { WorkQueue } from './work-queue.ts'

function open(reconcile: (key: string) => Promise<void>) {
  const clock = new ManualClock()
  return { clock, queue: new WorkQueue({ name: 'test', clock, log: silentLog, reconcile }) }
}

test('a key that is added many times before its turn is worked on once, and one at a time', async () => {
  const done: string[] = []
  let atOnce = 0
  let most = 0
  const { queue } = open(async (key) => {
    most = Math.max(most, ++atOnce)
    await new Promise((resolve) => setImmediate(resolve))
    atOnce--
    done.push(key)
  })
  for (const key of ['a', 'b', 'a', 'a']) queue.add(key)
  await eventually('done', () => done.length === 2)
  assert.deepEqual([done, most], [['a', 'b'], 1])
  await queue[Symbol.asyncDispose]()
})

test('no key is lost, whenever it is added', async () => {
  const seen = new Set<string>()
  const { queue } = open(async (key) => void seen.add(key))
  for (let i = 0; i < 200; i++) {
    queue.add(`${i}`)
    for (let turns = 0; turns < i % 7; turns++) await Promise.resolve()
  }
  await eventually('all seen', () => seen.size === 200)
  await queue[Symbol.asyncDispose]()
})

test('what fails is tried again, each time after twice the wait', async () => {
  let tries = 0
  const { clock, queue } = open(async () => {
    tries++
    if (tries < 4) throw new Error('not yet')
  })
  queue.add('a')
  for (const [wait, expected] of [
    [50, 2],
    [100, 3],
    [200, 4],
  ] as const) {
    await eventually('tried', () => tries === expected - 1)
    await new Promise((resolve) => setImmediate(resolve))
    clock.advance(wait - 1)
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(tries, expected - 1)
    clock.advance(1)
    await eventually('tried again', () => tries === expected)
  }
  await queue[Symbol.asyncDispose]()
})

test('nothing is begun once the queue is disposed', async () => {
  const seen: string[] = []
  const { clock, queue } = open(async (key) => void seen.push(key))
  queue.addAt('later', clock.now() + 10)
  await queue[Symbol.asyncDispose]()
  queue.add('now')
  clock.advance(100)
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(seen, [])
})
