import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { ManualClock } from '../../../clock/manual-clock.ts'
import { openDiskStorage } from './disk-storage.ts'
import type { NewObject, ObjectStorage, Staged, StoredObject } from './storage.ts'

const at = Date.UTC(2026, 0, 1)
const facts = { headers: {}, metadata: {}, storageClass: 'STANDARD', tags: {} }

async function directory(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'podpass-s3-'))
  t.after(() => rm(path, { recursive: true, force: true }))
  return path
}

async function open(t: TestContext, path?: string): Promise<ObjectStorage> {
  const storage = await openDiskStorage({
    directory: path ?? (await directory(t)),
    clock: new ManualClock(at),
  })
  t.after(() => storage[Symbol.asyncDispose]())
  return storage
}

async function withBucket(t: TestContext, path?: string): Promise<ObjectStorage> {
  const storage = await open(t, path)
  const bucket = { name: 'b', account: '1', region: 'r', createdAt: at, settings: {} }
  await storage.buckets.create({ ...bucket, versioning: 'unset' })
  return storage
}

function stage(storage: ObjectStorage, body: Uint8Array | string): Promise<Staged> {
  const bytes = Buffer.from(body)
  const chunks: Buffer[] = []
  for (let from = 0; from < bytes.length; from += 65536)
    chunks.push(bytes.subarray(from, from + 65536))
  const tooLarge = () => new Error('too large')
  return storage.stage(Readable.from(chunks), { algorithms: ['CRC32'], limit: 1e9, tooLarge })
}

async function put(storage: ObjectStorage, key: string, body: Uint8Array | string, time = at) {
  const staged = await stage(storage, body)
  const object: NewObject = { ...facts, etag: staged.md5.toString('hex') }
  const stored = await storage.put('b', key, staged, object, { at: time })
  assert.ok(stored)
  return stored
}

async function read(
  storage: ObjectStorage,
  object: StoredObject,
  start = 0,
  end = object.size - 1,
) {
  const body = storage.open(object, { start, end })
  assert.ok(body)
  return body instanceof Readable ? buffer(body) : Buffer.from(body)
}

async function found(storage: ObjectStorage, key: string, id?: string): Promise<StoredObject> {
  const version = await storage.find('b', key, id)
  assert.ok(version && !version.marker)
  return version
}

async function files(path: string): Promise<number> {
  const all = await readdir(join(path, 'data'), { recursive: true, withFileTypes: true })
  return all.filter((entry) => entry.isFile()).length
}

for (const size of [0, 1, 65_536, 65_537, 1_048_576, 3_000_001]) {
  test(`an object of ${size} bytes is read back whole and by range`, async (t) => {
    const storage = await withBucket(t)
    const body = randomBytes(size)
    const stored = await put(storage, 'k', body)
    assert.equal(stored.etag, createHash('md5').update(body).digest('hex'))
    assert.deepEqual(await read(storage, await found(storage, 'k')), body)
    if (size > 1) assert.deepEqual(await read(storage, stored, 1, size - 1), body.subarray(1))
  })
}

test('keys are listed in the order of their bytes, and never normalised', async (t) => {
  const storage = await withBucket(t)
  const keys = ['/', '//x', 'a/../b', 'é', '🙂', '\uff5e', 'Z', 'a', 'a//b']
  for (const key of keys) await put(storage, key, key)
  const page = await storage.list('b', { prefix: '', delimiter: '', limit: 1000 })
  const bytewise = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  assert.deepEqual(
    page.items.map((item) => item.key),
    bytewise,
  )
  assert.equal(page.next, undefined)
})

test('pages with a delimiter, joined, are the list in one go', async (t) => {
  const storage = await withBucket(t)
  const keys = [
    'a',
    'b/1',
    'b/2',
    'b0',
    'c/d/1',
    'c/d/2',
    'c/e',
    'd',
    'd/',
    'e//f',
    'é/x',
    'é/y',
    'z',
  ]
  for (const key of keys) await put(storage, key, key)
  for (const prefix of ['', 'c/', 'b', 'nothing']) {
    const whole = await storage.list('b', { prefix, delimiter: '/', limit: 1000 })
    for (const limit of [1, 2, 3]) {
      const seen: string[] = []
      let next: typeof whole.next
      do {
        const query = { prefix, delimiter: '/', limit, ...(next && { after: next }) }
        const page = await storage.list('b', query)
        seen.push(...page.items.map((item) => item.key), ...page.prefixes)
        next = page.next
      } while (next)
      const all = [...whole.items.map((item) => item.key), ...whole.prefixes]
      assert.deepEqual(seen.sort(), all.sort(), `${prefix} by ${limit}`)
    }
  }
})

test('bytes that nobody uses any more leave the disk, shared ones stay', async (t) => {
  const path = await directory(t)
  const storage = await withBucket(t, path)
  const stored = await put(storage, 'one', randomBytes(100_000))
  await storage.put('b', 'two', stored, stored, { at })
  assert.equal(await files(path), 1)
  await storage.remove('b', 'one', undefined, { at })
  assert.equal((await read(storage, await found(storage, 'two'))).length, 100_000)
  await storage.remove('b', 'two', undefined, { at })
  await storage[Symbol.asyncDispose]()
  assert.equal(await files(path), 0)
})

test('a file that is being read stays until the reader is done', async (t) => {
  const path = await directory(t)
  const storage = await withBucket(t, path)
  const body = randomBytes(4_000_000)
  const stored = await put(storage, 'k', body)
  const stream = storage.open(stored)
  assert.ok(stream instanceof Readable)
  await storage.remove('b', 'k', undefined, { at })
  assert.deepEqual(await buffer(stream), body)
})

test('an object copied onto itself keeps its bytes', async (t) => {
  const storage = await withBucket(t)
  const stored = await put(storage, 'k', 'same')
  await storage.put('b', 'k', stored, stored, { at })
  assert.equal((await read(storage, await found(storage, 'k'))).toString(), 'same')
})

test('with versioning a deletion is a marker, and taking it away brings the object back', async (t) => {
  const storage = await withBucket(t)
  await put(storage, 'k', 'null version')
  await storage.buckets.change('b', { versioning: 'Enabled' })
  const second = await put(storage, 'k', 'second')
  const removal = await storage.remove('b', 'k', undefined, { at })
  assert.ok(removal?.marker && removal.versionId)
  assert.equal((await storage.find('b', 'k'))?.marker, true)
  assert.equal((await storage.list('b', { prefix: '', delimiter: '', limit: 10 })).items.length, 0)
  const query = { prefix: '', delimiter: '', limit: 1 }
  const seen: string[] = []
  let page = await storage.listVersions('b', query)
  for (;;) {
    seen.push(...page.items.map((item) => item.versionId))
    if (!page.next) break
    page = await storage.listVersions('b', { ...query, after: page.next })
  }
  assert.deepEqual(seen, [removal.versionId, second.versionId, 'null'])
  await storage.remove('b', 'k', removal.versionId, { at })
  assert.equal((await found(storage, 'k')).versionId, second.versionId)
  await storage.remove('b', 'k', second.versionId, { at })
  assert.equal((await read(storage, await found(storage, 'k'))).toString(), 'null version')
})

test('while versioning is suspended there is one null version', async (t) => {
  const storage = await withBucket(t)
  await storage.buckets.change('b', { versioning: 'Enabled' })
  const kept = await put(storage, 'k', 'kept')
  await storage.buckets.change('b', { versioning: 'Suspended' })
  await put(storage, 'k', 'first null')
  await put(storage, 'k', 'second null')
  const page = await storage.listVersions('b', { prefix: '', delimiter: '', limit: 10 })
  const ids = page.items.map((item) => [item.versionId, item.isLatest])
  assert.deepEqual(ids, [
    ['null', true],
    [kept.versionId, false],
  ])
})

test('a refused write leaves the old object and no bytes of its own', async (t) => {
  const path = await directory(t)
  const storage = await withBucket(t, path)
  await put(storage, 'k', 'old')
  const staged = await stage(storage, randomBytes(100_000))
  const check = () => {
    throw new Error('no')
  }
  await assert.rejects(storage.put('b', 'k', staged, { ...facts, etag: '' }, { at, check }), /no/)
  assert.equal((await read(storage, await found(storage, 'k'))).toString(), 'old')
  assert.equal(await files(path), 0)
})

test('parts become the object in their order, and those left out go', async (t) => {
  const path = await directory(t)
  const storage = await withBucket(t, path)
  const upload = await storage.uploads.create({ ...facts, bucket: 'b', key: 'k', startedAt: at })
  const bodies = [randomBytes(200_000), randomBytes(70_000), Buffer.from('end')]
  const parts = []
  for (const [index, body] of bodies.entries()) {
    const staged = await stage(storage, body)
    const etag = staged.md5.toString('hex')
    const part = { number: index + 1, size: body.length, etag, modifiedAt: at }
    assert.ok(await storage.uploads.putPart(upload, part, staged))
    parts.push(part)
  }
  const chosen = parts.filter((part) => part.number !== 2)
  const object = { ...facts, etag: 'x-2' }
  assert.ok(await storage.uploads.complete(upload, chosen, object, { at }))
  const whole = Buffer.concat([bodies[0] ?? '', bodies[2] ?? ''].map((part) => Buffer.from(part)))
  const stored = await found(storage, 'k')
  assert.deepEqual(await read(storage, stored), whole)
  assert.deepEqual(await read(storage, stored, 199_999, 200_001), whole.subarray(199_999, 200_002))
  assert.equal(await storage.uploads.find('b', 'k', upload.uploadId), undefined)
  assert.equal((await storage.uploads.completed('b', 'k', upload.uploadId))?.etag, 'x-2')
  await storage[Symbol.asyncDispose]()
  assert.equal(await files(path), 1)
})

test('a second process is told that the directory is taken', async (t) => {
  const path = await directory(t)
  await withBucket(t, path)
  await assert.rejects(openDiskStorage({ directory: path, clock: new ManualClock(at) }), /locked/)
})

test('after kill -9 all that was answered is there, and nothing half done', async (t) => {
  const path = await directory(t)
  const script = `
    const { openDiskStorage } = await import(${JSON.stringify(new URL('./disk-storage.ts', import.meta.url).href)})
    const { Readable } = await import('node:stream')
    const storage = await openDiskStorage({ directory: ${JSON.stringify(path)}, clock: { now: () => 1 } })
    await storage.buckets.create({ name: 'b', account: '1', region: 'r', createdAt: 1, versioning: 'unset', settings: {} })
    for (let n = 0; ; n++) {
      const size = n % 2 ? 100 : 300_000
      const staged = await storage.stage(Readable.from([Buffer.alloc(size, n % 251)]), { algorithms: [], limit: 1e9 })
      await storage.put('b', 'k' + n, staged, { headers: {}, metadata: {}, storageClass: '', tags: {}, etag: String(n) }, { at: 1 })
      process.stdout.write(n + '\\n')
    }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script])
  let answered = ''
  child.stdout.on('data', (chunk) => {
    answered += chunk
    if (answered.includes('\n40\n')) child.kill('SIGKILL')
  })
  let trouble = ''
  child.stderr.on('data', (chunk) => {
    trouble += chunk
  })
  await once(child, 'close')
  assert.match(answered, /\n40\n/, trouble)
  await mkdir(join(path, 'data', 'zz'), { recursive: true })
  await writeFile(join(path, 'data', 'zz', 'zz-unnamed'), 'left by a crash before its row')
  const storage = await open(t, path)
  for (const line of answered.split('\n').slice(0, -1)) {
    const n = Number(line)
    const body = await read(storage, await found(storage, `k${n}`))
    assert.deepEqual(body, Buffer.alloc(n % 2 ? 100 : 300_000, n % 251))
  }
  assert.deepEqual(await readdir(join(path, 'tmp')), [])
  assert.deepEqual(await readdir(join(path, 'data', 'zz')), [])
})
