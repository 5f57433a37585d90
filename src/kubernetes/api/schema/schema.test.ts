import assert from 'node:assert/strict'
import { test } from 'node:test'
import { duplicateKeys } from '../http/duplicate-keys.ts'
import { conform } from './conform.ts'
import { decodeProtobuf } from './protobuf.ts'
import { openSchema } from './schema.ts'

const schema = openSchema()

test('conforming drops what Go drops, keeps zeros of pointers, and names unknown fields', () => {
  const { value, unknown } = conform(
    {
      kind: 'Pod',
      metadata: { name: 'p', labels: {}, annotations: undefined, creationTimestamp: null, foo: 1 },
      spec: {
        hostNetwork: false,
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: 0,
        volumes: [{ name: 'v', emptyDir: {} }],
        containers: [{ name: 'c', args: [], resources: { limits: { cpu: 1 } }, bar: 2 }],
      },
    },
    'core.v1.Pod',
    schema,
  )
  assert.deepEqual(value, {
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      volumes: [{ name: 'v', emptyDir: {} }],
      containers: [{ name: 'c', resources: { limits: { cpu: '1' } } }],
    },
  })
  assert.deepEqual(unknown, ['metadata.foo', 'spec.containers[0].bar'])
})

test('wrong types are told in the words of Go', () => {
  const check = (value: object, message: string) =>
    assert.throws(() => conform(value, 'core.v1.Pod', schema), { message })
  check(
    { metadata: { labels: { a: 1 } } },
    'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
  )
  check(
    { spec: { containers: {} } },
    'json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container',
  )
  check(
    { spec: { terminationGracePeriodSeconds: 1.5 } },
    'json: cannot unmarshal number 1.5 into Go struct field PodSpec.spec.terminationGracePeriodSeconds of type int32',
  )
})

/** A length-delimited field. */
function field(number: number, content: Buffer | string): Buffer {
  const bytes = Buffer.from(content)
  return Buffer.concat([Buffer.from([number * 8 + 2, bytes.length]), bytes])
}

test('a protobuf body becomes the JSON that it stands for', () => {
  const time = Buffer.from([0x08, 0x80, 0xf6, 0xe1, 0xc9, 0x06]) // seconds: 1765309184
  const metadata = field(
    1,
    Buffer.concat([
      field(1, 'my-sa'),
      field(8, ''),
      field(9, time),
      field(11, Buffer.concat([field(1, 'k'), field(2, 'v')])),
    ]),
  )
  const raw = Buffer.concat([metadata, Buffer.from([0x20, 0x00])]) // automountServiceAccountToken: false
  const envelope = Buffer.concat([
    Buffer.from('k8s\0'),
    field(1, Buffer.concat([field(1, 'v1'), field(2, 'ServiceAccount')])),
    field(2, raw),
  ])
  assert.deepEqual(decodeProtobuf(envelope, schema), {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'my-sa', deletionTimestamp: '2025-12-09T19:39:44Z', labels: { k: 'v' } },
    automountServiceAccountToken: false,
  })
  for (let length = 0; length < envelope.length; length++) {
    try {
      decodeProtobuf(envelope.subarray(0, length), schema)
    } catch (error) {
      assert.equal((error as Error).constructor.name, 'MalformedProtobuf', String(error))
    }
  }
})

test('keys that JSON has twice are found at their paths', () => {
  const text = '{"a":{"b":1,"c":[{"d":1,"d":2}],"b":"{\\"x\\":1,\\"x\\":2}"},"e":"a,\\"e\\":"}'
  assert.deepEqual(duplicateKeys(text), ['a.c[0].d', 'a.b'])
})
