import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSchema } from '../schema/schema.ts'
import { strategicMergePatch } from './strategic-merge-patch.ts'

const schema = openSchema()
const podSpec = (target: object, patch: object) =>
  strategicMergePatch({ spec: target }, { spec: patch }, 'core.v1.Pod', schema)['spec']
const names = (items: unknown) => (items as { name: string }[]).map((i) => i.name)

test('containers merge by name, their variables by name, new ones are appended', () => {
  const target = {
    containers: [
      { name: 'a', image: '1', env: [{ name: 'X', value: '1' }] },
      { name: 'b', image: '1' },
    ],
  }
  const patch = {
    containers: [
      { name: 'b', image: '2' },
      { name: 'a', env: [{ name: 'Y', value: '2' }] },
      { name: 'c', image: '3' },
    ],
  }
  assert.deepEqual(podSpec(target, patch), {
    containers: [
      {
        name: 'a',
        image: '1',
        env: [
          { name: 'X', value: '1' },
          { name: 'Y', value: '2' },
        ],
      },
      { name: 'b', image: '2' },
      { name: 'c', image: '3' },
    ],
  })
})

test('an element is deleted, a list replaced, by directive', () => {
  const target = { containers: [{ name: 'a' }, { name: 'b' }] }
  const deletion = { containers: [{ name: 'a', $patch: 'delete' }] }
  assert.deepEqual(podSpec(target, deletion), { containers: [{ name: 'b' }] })
  const replacement = { containers: [{ name: 'c' }, { $patch: 'replace' }] }
  assert.deepEqual(podSpec(target, replacement), { containers: [{ name: 'c' }] })
  const map = { $patch: 'replace', hostNetwork: true }
  assert.deepEqual(podSpec(target, map), { hostNetwork: true })
})

test('the order that a patch sets holds, and elements that only the server has stay in place', () => {
  const target = { containers: [{ name: 'a' }, { name: 'injected' }, { name: 'b' }] }
  const patch = {
    $setElementOrder: undefined,
    '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }],
    containers: [{ name: 'a', image: 'x' }],
  }
  assert.deepEqual(names((podSpec(target, patch) as typeof target).containers), [
    'injected',
    'b',
    'a',
  ])
})

test('a volume that changes its source keeps nothing of the old one', () => {
  const target = { volumes: [{ name: 'v', emptyDir: {} }] }
  const patch = {
    volumes: [
      { name: 'v', $retainKeys: ['name', 'configMap'], configMap: { name: 'm' }, emptyDir: null },
    ],
  }
  assert.deepEqual(podSpec(target, patch), { volumes: [{ name: 'v', configMap: { name: 'm' } }] })
})

test('lists without a key are replaced, primitives with strategy merge are joined', () => {
  assert.deepEqual(podSpec({ tolerations: [{ key: 'a' }] }, { tolerations: [{ key: 'b' }] }), {
    tolerations: [{ key: 'b' }],
  })
  const target = { metadata: { finalizers: ['a', 'b'] } }
  const joined = { metadata: { finalizers: ['c'], '$deleteFromPrimitiveList/finalizers': ['a'] } }
  assert.deepEqual(strategicMergePatch(target, joined, 'core.v1.Pod', schema), {
    metadata: { finalizers: ['b', 'c'] },
  })
})

test('null deletes, free maps merge, an element without its key is refused', () => {
  const target = { metadata: { labels: { a: '1', b: '2' } } }
  const patch = { metadata: { labels: { a: null, c: '3' } } }
  assert.deepEqual(strategicMergePatch(target, patch, 'core.v1.Pod', schema), {
    metadata: { labels: { b: '2', c: '3' } },
  })
  assert.throws(() => podSpec({ containers: [] }, { containers: [{ image: 'x' }] }), {
    status: 422,
    message: /does not contain declared merge key: name/,
  })
})
