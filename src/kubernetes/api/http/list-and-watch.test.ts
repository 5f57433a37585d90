import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { StoreError } from '../../../store/store.ts'
import { type Answer, type Options, startHttpTest } from './testing.ts'

const configMaps = '/api/v1/namespaces/default/configmaps'
let api: Awaited<ReturnType<typeof startHttpTest>>
const call = (path: string, options?: Options) => api.call(path, options)

before(async () => {
  api = await startHttpTest()
})
after(() => api[Symbol.asyncDispose]())

const configMap = (name: string, more: object = {}) => ({ metadata: { name }, ...more })

test('a list is read in pages of one revision, with and without selectors', async () => {
  const path = '/api/v1/namespaces/paged/secrets'
  await call('/api/v1/namespaces', { body: { metadata: { name: 'paged' } } })
  for (let i = 0; i < 7; i++) {
    const body = { metadata: { name: `s${i}`, labels: { odd: String(i % 2) } } }
    await call(path, { body })
  }
  const first = await call(`${path}?limit=3`)
  await call(`${path}/s5`, { method: 'DELETE' })
  const names = ({ json }: Answer) =>
    json.items.map((i: { metadata: { name: string } }) => i.metadata.name)
  const second = await call(`${path}?limit=3&continue=${first.json.metadata.continue}`)
  assert.deepEqual(
    [names(first), names(second)],
    [
      ['s0', 's1', 's2'],
      ['s3', 's4', 's5'],
    ],
  )
  assert.equal(first.json.metadata.resourceVersion, second.json.metadata.resourceVersion)
  const third = await call(`${path}?limit=3&continue=${second.json.metadata.continue}`)
  assert.deepEqual([names(third), third.json.metadata.continue], [['s6'], undefined])
  const odd = await call(`${path}?limit=1&labelSelector=odd%3D1`)
  const next = await call(
    `${path}?limit=1&labelSelector=odd%3D1&continue=${odd.json.metadata.continue}`,
  )
  const rest = next.json.metadata.continue
  const last = await call(`${path}?limit=1&labelSelector=odd%3D1&continue=${rest}`)
  assert.deepEqual([names(odd), names(next), names(last)], [['s1'], ['s3'], []])
  assert.equal(last.json.metadata.continue, undefined)
  assert.equal((await call(`${path}?limit=3&continue=bad`)).status, 400)
  assert.equal((await call(`${path}?limit=-1`)).status, 400)
  assert.equal((await call(`${path}?resourceVersion=99999`)).status, 504)
  assert.equal(
    (await call(`${path}?resourceVersion=1&resourceVersionMatch=Exact`)).json.items.length,
    0,
  )
  assert.equal((await call(`${path}?resourceVersionMatch=Exact`)).status, 422)
  assert.equal((await call(`${path}?labelSelector=a%3D%3D%3Db`)).status, 400)
})

const eventsOf = (answer: Answer) =>
  answer.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

test('a watch starts where it is told, sends bookmarks and ends in time', async () => {
  const { json } = await call(`${configMaps}?limit=1`)
  const from = json.metadata.resourceVersion
  const watching = call(
    `${configMaps}?watch=true&resourceVersion=${from}&allowWatchBookmarks=true&timeoutSeconds=90&fieldSelector=metadata.name%3Dwatched`,
  )
  await call(configMaps, { body: configMap('watched') })
  await call(configMaps, { body: configMap('not-watched') })
  await call(`${configMaps}/watched`, { method: 'DELETE' })
  api.clock.advance(61_000)
  api.clock.advance(30_000)
  const events = eventsOf(await watching)
  assert.deepEqual(
    events.map((e) => e.type),
    ['ADDED', 'DELETED', 'BOOKMARK', 'BOOKMARK'],
  )
  assert.ok(
    Number(events[1].object.metadata.resourceVersion) >
      Number(events[0].object.metadata.resourceVersion),
  )
  assert.equal(events[2].object.kind, 'ConfigMap')
})

test('a watch from a future revision says so in the stream', async () => {
  const future = await call(`${configMaps}?watch=1&resourceVersion=99999`)
  assert.equal(future.status, 200)
  assert.match(eventsOf(future)[0].object.message, /Too large resource version: 99999, current: /)
  assert.equal((await call(`${configMaps}?watch=1&resourceVersion=x`)).status, 422)
})

test('a streaming list ends its first part with a bookmark', async () => {
  const query =
    'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
  const answer = await call(`/api/v1/namespaces?${query}`, {
    until: (lines) => lines.at(-1)?.includes('initial-events-end') ?? false,
  })
  const events = eventsOf(answer)
  assert.equal(events[0].type, 'ADDED')
  assert.deepEqual(events.at(-1).object.metadata.annotations, {
    'k8s.io/initial-events-end': 'true',
  })
  const without = await call(`/api/v1/namespaces?watch=true&sendInitialEvents=true`)
  assert.equal(without.status, 422)
})

test('a revision that is forgotten is Expired, for lists and for watches', async () => {
  const { store } = api
  const { list, watch } = store
  try {
    store.list = () => {
      throw new StoreError('compacted', '')
    }
    store.watch = () => {
      throw new StoreError('compacted', '')
    }
    const token = Buffer.from('{"v":"meta.k8s.io/v1","rv":1,"start":"x"}').toString('base64url')
    const page = await call(`${configMaps}?limit=1&continue=${token}`)
    assert.deepEqual([page.status, page.json.reason], [410, 'Expired'])
    assert.match(page.json.message, /^The provided continue parameter is too old/)
    const [event] = eventsOf(await call(`${configMaps}?watch=true&resourceVersion=1`))
    assert.deepEqual([event.type, event.object.code], ['ERROR', 410])
    assert.match(event.object.message, /^too old resource version: 1 \(\d+\)$/)
  } finally {
    Object.assign(store, { list, watch })
  }
})

test('events are forgotten an hour after they were last seen', async () => {
  const path = '/api/v1/namespaces/default/events'
  const body = { ...configMap('old'), involvedObject: { namespace: 'default' } }
  await call(path, { body })
  api.clock.advance(3_000_000)
  await call(path, { body: { ...body, metadata: { name: 'new' } } })
  api.clock.advance(1_200_000)
  await new Promise((resolve) => setImmediate(resolve))
  const { json } = await call(path)
  assert.deepEqual(
    json.items.map((i: { metadata: { name: string } }) => i.metadata.name),
    ['new'],
  )
})
