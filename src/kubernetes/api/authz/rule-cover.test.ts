import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ruleMatches } from './authorizer.ts'
import type { PolicyRule } from './policy-rule.ts'
import { compacted, ruleText, uncovered } from './rule-cover.ts'

const rule = (verbs: string, resources: string, more: Partial<PolicyRule> = {}): PolicyRule => ({
  verbs: verbs.split(','),
  apiGroups: [''],
  resources: resources.split(','),
  ...more,
})
const urls = (verbs: string, ...nonResourceURLs: string[]): PolicyRule => ({
  verbs: verbs.split(','),
  nonResourceURLs,
})
const missing = (held: PolicyRule[], wanted: PolicyRule[]) =>
  compacted(uncovered(held, wanted)).map(ruleText)

test('what is held is not missing, the rest is told piece by piece', () => {
  const named = (name: string) => ({ resourceNames: [name] })
  const cases: readonly (readonly [PolicyRule[], PolicyRule[], string[]])[] = [
    [[rule('get', 'pods')], [rule('get', 'pods')], []],
    [[rule('*', '*', { apiGroups: ['*'] })], [rule('get,bind', 'pods/log')], []],
    [[rule('get', 'pods'), rule('list', 'pods')], [rule('get,list', 'pods')], []],
    [[rule('get', '*/scale')], [rule('get', 'deployments/scale')], []],
    [[rule('get', 'pods')], [rule('get', 'pods', named('a'))], []],
    [[urls('get', '/a/*')], [urls('get', '/a/b', '/a/*')], []],
    [
      [rule('get', 'pods')],
      [rule('get,list,watch', 'pods,secrets')],
      [
        '{APIGroups:[""], Resources:["pods"], Verbs:["list" "watch"]}',
        '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list" "watch"]}',
      ],
    ],
    [
      [rule('get', 'pods', named('a'))],
      [rule('get', 'pods', named('b')), rule('get', 'pods')],
      [
        '{APIGroups:[""], Resources:["pods"], ResourceNames:["b"], Verbs:["get"]}',
        '{APIGroups:[""], Resources:["pods"], Verbs:["get"]}',
      ],
    ],
    [[rule('*', '*')], [urls('get', '/a')], ['{NonResourceURLs:["/a"], Verbs:["get"]}']],
    [
      [urls('*', '*')],
      [rule('get', 'pods')],
      ['{APIGroups:[""], Resources:["pods"], Verbs:["get"]}'],
    ],
  ]
  for (const [held, wanted, texts] of cases) assert.deepEqual(missing(held, wanted), texts)
})

const some = (...values: string[]) => fc.subarray(values, { minLength: 1 })
const anyRule: fc.Arbitrary<PolicyRule> = fc.oneof(
  fc.record({
    verbs: some('get', 'list', '*'),
    apiGroups: some('', 'apps', '*'),
    resources: some('pods', 'pods/log', '*/log', '*'),
    resourceNames: fc.subarray(['a', 'b']),
  }),
  fc.record({ verbs: some('get', 'post', '*'), nonResourceURLs: some('/a', '/a/*', '/b', '*') }),
)
const anyRequest = fc.record({
  verb: fc.constantFrom('get', 'list', 'post'),
  group: fc.constantFrom('', 'apps'),
  resource: fc.constantFrom('pods', 'nodes'),
  subresource: fc.constantFrom('', 'log'),
  name: fc.constantFrom('', 'a', 'c'),
  path: fc.constantFrom(undefined, '/a', '/a/x', '/b'),
})

test('whoever holds all pieces of a rule could make every request that it allows', () => {
  const property = fc.property(
    fc.array(anyRule, { maxLength: 4 }),
    anyRule,
    anyRequest,
    (held, wanted, { path, ...asked }) => {
      if (uncovered(held, [wanted]).length > 0) return
      const user = { username: 'u', groups: [] }
      const attributes = { user, namespace: 'n', ...asked, ...(path === undefined ? {} : { path }) }
      if (!ruleMatches(wanted, attributes)) return
      assert.ok(held.some((one) => ruleMatches(one, attributes)))
    },
  )
  fc.assert(property, { numRuns: 3000 })
})

test('rules of countless pieces are told whole, unless one rule holds them', () => {
  const many = (prefix: string) => Array.from({ length: 400 }, (_, i) => `${prefix}${i}`)
  const huge = { verbs: many('v'), apiGroups: many('g'), resources: many('r') }
  assert.deepEqual(uncovered([rule('get', 'pods')], [huge]), [huge])
  assert.deepEqual(uncovered([huge], [huge]), [])
  const held = many('p').map((name) => rule('get', name))
  assert.equal(uncovered(held, [rule('get,list', many('p').join())]).length, 400)
})
