import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allDocuments, changeDocument, deleteDocument } from './documents.ts'
import { openSqliteStore } from './sqlite/sqlite-store.ts'

const open = () => openSqliteStore({ path: ':memory:', now: () => 0 })
const contended = () => new Error('contended')

test('all documents under a prefix are read, however many there are', async () => {
  await using store = open()
  const keys = Array.from({ length: 1_201 }, (_, n) => `/a/${String(n).padStart(5, '0')}`)
  await store.transact(keys.map((key) => ({ kind: 'create', key, value: key })))
  await store.create('/b', 'other')
  assert.deepEqual(allDocuments(store, '/a/'), keys)
  assert.deepEqual(allDocuments(store, '/a/', (key) => key.endsWith('42')).length, 12)
})

test('a change that meets another writer is made again on what he wrote', async () => {
  await using store = open()
  await store.create('/n', 1)
  const both = [1, 10].map((add) => changeDocument<number>(store, '/n', (n) => n + add, contended))
  await Promise.all(both)
  assert.equal(store.get('/n')?.value, 12)
  assert.equal(await changeDocument(store, '/none', (n) => n, contended), undefined)
})

test('a document that is changed by others again and again is given up in the caller’s words', async () => {
  await using store = open()
  await store.create('/n', 1)
  const change = (n: number) => {
    void store.update('/n', n + 100)
    return n + 1
  }
  await assert.rejects(changeDocument<number>(store, '/n', change, contended), /contended/)
})

test('deleting what is gone is no error', async () => {
  await using store = open()
  await store.create('/n', 1)
  await deleteDocument(store, '/n')
  await deleteDocument(store, '/n')
  assert.equal(store.get('/n'), undefined)
})
