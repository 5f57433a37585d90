import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubernetesObject } from '../object.ts'
import {
  buildEnvironment,
  ConfigError,
  type ContainerFields,
  expand,
  type PodFacts,
} from './environment.ts'

const objects: Record<string, object> = {
  'ConfigMap/settings': { kind: 'ConfigMap', data: { COLOR: 'blue', SIZE: '3' } },
  'Secret/keys': { kind: 'Secret', data: { PASSWORD: Buffer.from('s3cret').toString('base64') } },
}
const facts: PodFacts = {
  pod: {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'p',
      namespace: 'ns',
      uid: 'u',
      resourceVersion: '1',
      creationTimestamp: '',
      labels: { app: 'x' },
    },
    spec: { serviceAccountName: 'my-sa', containers: [] },
  },
  podIp: '127.0.0.9',
  hostIp: '127.0.0.1',
  nodeName: 'node-1',
  lookup: (kind, name) => objects[`${kind}/${name}`] as KubernetesObject | undefined,
  allocatable: { cpu: '2', memory: '4Gi' },
}
const build = (fields: Partial<ContainerFields>, base = {}) =>
  buildEnvironment({ name: 'c', image: 'i', ...fields }, base, facts)

test('references are expanded from what stands before, and can be escaped', () => {
  const env = build(
    {
      env: [
        { name: 'A', value: 'a' },
        { name: 'B', value: '$(A)-$(NODE)-$$(A)-$(MISSING)-$(C)' },
        { name: 'C', value: 'c' },
      ],
    },
    { NODE: 'n' },
  )
  assert.equal(env['B'], 'a-n-$(A)-$(MISSING)-$(C)')
  assert.equal(expand('$(A', { A: 'x' }), '$(A')
})

test('the node yields to envFrom, envFrom to env, earlier to later', () => {
  const env = build(
    {
      envFrom: [
        { configMapRef: { name: 'settings' } },
        { prefix: 'P_', secretRef: { name: 'keys' } },
      ],
      env: [
        { name: 'SIZE', value: '4' },
        { name: 'SIZE', value: '5' },
      ],
    },
    { COLOR: 'red', ONLY: 'node' },
  )
  assert.deepEqual(env, { COLOR: 'blue', ONLY: 'node', SIZE: '5', P_PASSWORD: 's3cret' })
})

test('downward fields and resources are read from the pod', () => {
  const of = (fieldPath: string) =>
    build({ env: [{ name: 'X', valueFrom: { fieldRef: { fieldPath } } }] })['X']
  assert.equal(of('metadata.name'), 'p')
  assert.equal(of("metadata.labels['app']"), 'x')
  assert.equal(of('status.podIP'), '127.0.0.9')
  assert.equal(of('spec.nodeName'), 'node-1')
  assert.equal(of('spec.serviceAccountName'), 'my-sa')
  const limit = (resource: string, divisor?: string) =>
    build({
      resources: { limits: { memory: '64Mi' }, requests: { cpu: '100m' } },
      env: [
        { name: 'X', valueFrom: { resourceFieldRef: { resource, ...(divisor && { divisor }) } } },
      ],
    })['X']
  assert.equal(limit('limits.memory', '1Mi'), '64')
  assert.equal(limit('requests.cpu', '1m'), '100')
  assert.equal(limit('requests.cpu'), '1')
  assert.equal(limit('limits.cpu'), '2')
})

test('what is missing is an error in the words of the kubelet, unless it is optional', () => {
  const from = (name: string, key: string, optional?: boolean) =>
    build({
      env: [
        { name: 'X', valueFrom: { configMapKeyRef: { name, key, ...(optional && { optional }) } } },
      ],
    })
  assert.throws(() => from('nothing', 'k'), new ConfigError('configmap "nothing" not found'))
  assert.throws(
    () => from('settings', 'k'),
    new ConfigError("couldn't find key k in ConfigMap ns/settings"),
  )
  assert.deepEqual(from('settings', 'k', true), {})
  assert.deepEqual(from('nothing', 'k', true), {})
})
