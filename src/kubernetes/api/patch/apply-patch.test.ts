import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubernetesObject } from '../../object.ts'
import { configMaps } from '../resources/config-maps.ts'
import { pods } from '../resources/pods.ts'
import { openSchema } from '../schema/schema.ts'
import { applyPatch } from './apply-patch.ts'
import { fieldPathsOf, fromFieldsV1, pathText, toFieldsV1 } from './field-paths.ts'
import { fieldTracker } from './managed-fields.ts'

const schema = openSchema()
const now = Date.UTC(2026, 0, 1)
const object = (fields: object) =>
  ({ apiVersion: 'v1', metadata: { name: 'o' }, ...fields }) as unknown as KubernetesObject
const apply = (
  live: KubernetesObject | undefined,
  config: KubernetesObject,
  manager: string,
  options: { force?: boolean; kind?: typeof pods } = {},
) => {
  const { force = false, kind = configMaps } = options
  const application = { kind, manager, subresource: '', force, now }
  return applyPatch(live && structuredClone(live), config, application, schema)
}

test('two managers own their fields side by side; what one no longer applies goes', () => {
  const one = apply(undefined, object({ data: { a: '1', b: '2' } }), 'one')
  const two = apply(one, object({ data: { c: '3' } }), 'two')
  assert.deepEqual(two['data'], { a: '1', b: '2', c: '3' })
  const less = apply(two, object({ data: { a: '1' } }), 'one')
  assert.deepEqual(less['data'], { a: '1', c: '3' })
})

test('a field of another is a conflict, shared when equal, taken when forced', () => {
  const one = apply(undefined, object({ data: { a: '1', b: '1' } }), 'one')
  assert.throws(() => apply(one, object({ data: { a: '2' } }), 'two'), {
    status: 409,
    message: 'Apply failed with 1 conflict: conflict with "one": .data.a',
  })
  assert.throws(() => apply(one, object({ data: { a: '2', b: '2' } }), 'two'), {
    message: 'Apply failed with 2 conflicts: conflicts with "one":\n- .data.a\n- .data.b',
  })
  const shared = apply(one, object({ data: { a: '1' } }), 'two')
  const left = apply(shared, object({ data: { b: '1' } }), 'one')
  assert.deepEqual(left['data'], { a: '1', b: '1' })
  const forced = apply(one, object({ data: { a: '2' } }), 'two', { force: true })
  assert.throws(() => apply(forced, object({ data: { a: '1', b: '1' } }), 'one'), { status: 409 })
})

test('an element of a keyed list stays while another owns something in it', () => {
  const containers = (...items: object[]) => object({ spec: { containers: items } })
  const kind = pods
  const one = apply(undefined, containers({ name: 'c', image: 'i' }), 'one', { kind })
  const two = apply(one, containers({ name: 'c', workingDir: '/' }), 'two', { kind })
  const gone = apply(two, object({ spec: { restartPolicy: 'Never' } }), 'one', { kind })
  assert.deepEqual(gone['spec'], {
    containers: [{ name: 'c', workingDir: '/' }],
    restartPolicy: 'Never',
  })
})

test('an update is recorded, and takes over what it changes', () => {
  const track = fieldTracker(schema, () => now)
  const context = {
    user: { username: 'u', groups: [] },
    dryRun: false,
    fieldManager: 'kubectl-edit',
    warn: () => {},
  }
  const old = apply(undefined, object({ data: { a: '1', b: '1' } }), 'one')
  const draft = { ...structuredClone(old), data: { a: '2', b: '1' } }
  track(draft, old, configMaps, context, '')
  const entries = draft.metadata.managedFields as { manager: string; fieldsV1: object }[]
  assert.deepEqual(
    entries.map((e) => [e.manager, e.fieldsV1]),
    [
      ['one', { 'f:data': { 'f:b': {} } }],
      ['kubectl-edit', { 'f:data': { 'f:a': {} } }],
    ],
  )
})

test('paths survive the way through fieldsV1 and are printed as messages have them', () => {
  const pod = object({
    metadata: { name: 'o', labels: { a: 'b' }, finalizers: ['x/y'] },
    spec: {
      containers: [{ name: 'c', ports: [{ containerPort: 80 }], args: ['a'] }],
      nodeSelector: {},
    },
  })
  const paths = [...fieldPathsOf(pod, 'core.v1.Pod', schema, false).keys()]
  assert.deepEqual([...fromFieldsV1(toFieldsV1(paths))].sort(), [...paths].sort())
  assert.deepEqual(paths.map(pathText), [
    '.metadata.labels.a',
    '.metadata.finalizers[="x/y"]',
    '.spec.containers[name="c"]',
    '.spec.containers[name="c"].name',
    '.spec.containers[name="c"].ports[containerPort=80,protocol="TCP"]',
    '.spec.containers[name="c"].ports[containerPort=80,protocol="TCP"].containerPort',
    '.spec.containers[name="c"].args',
    '.spec.nodeSelector',
  ])
})
