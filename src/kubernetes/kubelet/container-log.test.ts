import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ManualClock } from '../../clock/manual-clock.ts'
import { ContainerLog } from './container-log.ts'
import { type LogOptions, readLog } from './read-log.ts'

const start = Date.UTC(2026, 0, 1)

function open() {
  const clock = new ManualClock(start)
  const file = join(mkdtempSync(join(tmpdir(), 'podpass-log-')), '0.log')
  return { clock, file, log: new ContainerLog(file, clock) }
}

async function read(file: string, options: Partial<LogOptions> = {}, live?: ContainerLog) {
  let text = ''
  const all = { follow: false, previous: false, timestamps: false, ...options }
  for await (const piece of readLog(file, live, all)) text += Buffer.from(piece).toString()
  return text
}

test('lines are kept with time and stream, and shown without', async () => {
  const { clock, file, log } = open()
  log.write('stdout', Buffer.from('one\ntw'))
  log.write('stderr', Buffer.from('error\n'))
  clock.advance(1500)
  log.write('stdout', Buffer.from('o\n'))
  assert.equal(
    readFileSync(file, 'utf8'),
    '2026-01-01T00:00:00.000000000Z stdout F one\n' +
      '2026-01-01T00:00:00.000000000Z stderr F error\n' +
      '2026-01-01T00:00:01.500000000Z stdout F two\n',
  )
  assert.equal(await read(file), 'one\nerror\ntwo\n')
  assert.equal(
    await read(file, { timestamps: true, tailLines: 1 }),
    '2026-01-01T00:00:01.500000000Z two\n',
  )
  assert.equal(await read(file, { sinceTime: start + 1000 }), 'two\n')
  assert.equal(await read(file, { limitBytes: 6 }), 'one\ner')
})

test('output that ends without a newline is shown as it ended', async () => {
  const { file, log } = open()
  log.write('stdout', Buffer.from('no newline'))
  log.close()
  assert.equal(await read(file), 'no newline')
})

test('a line longer than the limit is written in parts and shown whole', async () => {
  const { file, log } = open()
  const text = `${'x'.repeat(50_000)}\n`
  log.write('stdout', Buffer.from(text))
  assert.equal(readFileSync(file, 'utf8').match(/ stdout P /g)?.length, 3)
  assert.equal(await read(file), text)
})

test('the tail is counted from the end, over blocks', async () => {
  const { file, log } = open()
  const all = Array.from({ length: 5000 }, (_, i) => `line ${i}\n`)
  log.write('stdout', Buffer.from(all.join('')))
  for (const tailLines of [0, 1, 10, 3000, 5000, 9999]) {
    assert.equal(await read(file, { tailLines }), all.slice(Math.max(0, 5000 - tailLines)).join(''))
  }
})

test('a follower gets what is written later and ends with the container', async () => {
  const { file, log } = open()
  log.write('stdout', Buffer.from('first\n'))
  const stream = readLog(file, log, { follow: true, previous: false, timestamps: false })
  const next = async () => Buffer.from((await stream.next()).value ?? []).toString()
  assert.equal(await next(), 'first\n')
  const waiting = next()
  log.write('stdout', Buffer.from('second\n'))
  assert.equal(await waiting, 'second\n')
  const last = stream.next()
  log.close()
  assert.equal((await last).done, true)
})

test('a full log is moved aside, and readers and followers see both parts in order', async () => {
  const { file, log } = open()
  const line = `${'y'.repeat(9999)}\n`
  const stream = readLog(file, log, { follow: true, previous: false, timestamps: false })
  let followed = 0
  const done = (async () => {
    for await (const piece of stream) followed += piece.length
  })()
  for (let i = 0; i < 1200; i++) {
    log.write('stdout', Buffer.from(line))
    if (i % 300 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  log.close()
  await done
  assert.equal((await read(file)).length, 1200 * 10_000)
  assert.ok(followed >= 1000 * 10_000, String(followed))
  assert.equal((await read(file, { tailLines: 1100 })).length, 1100 * 10_000)
})
