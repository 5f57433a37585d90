import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { OrderedKeys } from '../../kernel/ordered-keys.ts'
import { Collection, Index } from './collection.ts'

test('whatever is put and deleted, keys come in order and after any key', () => {
  const key = fc.stringMatching(/^[a-d]{1,3}$/)
  const step = fc.tuple(fc.constantFrom('put', 'delete', 'read'), key)
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), key, (steps, from) => {
      const collection = new Collection<string>()
      const model = new Map<string, string>()
      for (const [what, name] of steps) {
        if (what === 'put') {
          collection.put(name, { record: name, revision: 1 })
          model.set(name, name)
        } else if (what === 'delete') {
          collection.delete(name)
          model.delete(name)
        } else void [...collection.after(undefined)]
      }
      const ordered = [...model.keys()].sort()
      assert.deepEqual(
        [...collection.after(undefined)].map(([name]) => name),
        ordered,
      )
      assert.deepEqual(
        [...collection.after(from)].map(([name]) => name),
        ordered.filter((name) => name > from),
      )
      assert.equal(collection.size, model.size)
    }),
  )
})

test('thousands of keys split into chunks and join again', () => {
  const keys = Array.from({ length: 3_000 }, (_, index) => `k${(index * 7919) % 3_000}`)
  const ordered = new OrderedKeys([])
  for (const key of keys) ordered.add(key)
  assert.deepEqual([...ordered.after(undefined)], keys.toSorted())
  for (const key of keys.slice(0, 2_990)) ordered.delete(key)
  assert.deepEqual([...ordered.after(undefined)], keys.slice(2_990).sort())
})

test('an index forgets what nobody is in', () => {
  const index = new Index()
  index.add('a', 'x')
  index.add('a', 'y')
  index.remove('a', 'x')
  index.remove('a', 'ghost')
  assert.deepEqual([...index.of('a')], ['y'])
  index.remove('a', 'y')
  assert.equal(index.of('a').size, 0)
})
