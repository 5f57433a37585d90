import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configMaps } from '../resources/config-maps.ts'
import { pods } from '../resources/pods.ts'
import { parseFieldSelector } from './field-selector.ts'
import { matchesSelector, parseLabelSelector } from './label-selector.ts'

test('label selectors of queries', () => {
  const check = (text: string, labels: Record<string, string> | undefined, expected: boolean) =>
    assert.equal(parseLabelSelector(text)(labels), expected, text)
  check('a=b', { a: 'b' }, true)
  check('a==b,c', { a: 'b' }, false)
  check('a!=b', {}, true)
  check('a in (b, c),!d', { a: 'c' }, true)
  check('a notin (b,c)', { a: 'c' }, false)
  check('x.y/z', { 'x.y/z': '' }, true)
  check('!a', undefined, true)
  check('n>3', { n: '4' }, true)
  check('', { a: 'b' }, true)
  for (const bad of ['a=b=c', ',', 'a in b', '=x', 'a,,b', 'a in (b']) {
    assert.throws(() => parseLabelSelector(bad), { status: 400 }, bad)
  }
})

test('label selectors of objects', () => {
  const expression = { key: 'skip', operator: 'DoesNotExist' }
  assert.equal(matchesSelector({ matchExpressions: [expression] }, {}), true)
  assert.equal(matchesSelector({ matchExpressions: [expression] }, { skip: '' }), false)
  const isIn = { key: 'a', operator: 'In', values: ['b'] }
  assert.equal(
    matchesSelector({ matchLabels: { c: 'd' }, matchExpressions: [isIn] }, { a: 'b' }),
    false,
  )
  assert.equal(matchesSelector({}, {}), true)
})

test('field selectors know the fields of their kind', () => {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    status: { phase: 'Running' },
  }
  const { matches, name } = parseFieldSelector('metadata.name=p,status.phase!=Failed', pods)
  assert.deepEqual([matches(pod as never), name], [true, 'p'])
  assert.throws(() => parseFieldSelector('foo=bar', pods), {
    message: 'field label not supported: foo',
  })
  assert.throws(() => parseFieldSelector('foo=bar', configMaps), {
    message: '"foo" is not a known field selector: only "metadata.name", "metadata.namespace"',
  })
})
