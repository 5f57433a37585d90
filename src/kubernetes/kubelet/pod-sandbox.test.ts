import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NetworkFailure } from '../network/namespace.ts'
import type { PodSandbox } from '../network/pod-network.ts'
import type { KubernetesObject } from '../object.ts'
import { Sandbox } from './pod-sandbox.ts'
import type { KubeletServices } from './services.ts'

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
} as unknown as KubernetesObject

function open(answers: (PodSandbox | undefined | Error)[]) {
  const events: string[] = []
  const services = {
    clock: { now: () => 1000 },
    events: {
      record: (_pod: unknown, type: string, reason: string, message: string) =>
        events.push(`${type} ${reason} ${message}`),
    },
    network: {
      async open() {
        const answer = answers.shift()
        if (answer instanceof Error) throw answer
        return answer
      },
    },
  } as unknown as KubeletServices
  return { events, sandbox: new Sandbox(services, '192.168.128.4') }
}

function network() {
  let closed = 0
  const made = { namespace: '/proc/1/fd/9', [Symbol.dispose]: () => closed++ }
  return { made: made as unknown as PodSandbox, closed: () => closed }
}

test('a network that cannot be made is said to be so, and tried again, less and less often', async () => {
  const { made, closed } = network()
  const failure = new NetworkFailure('RTNETLINK answers: No space left on device')
  const { sandbox, events } = open([failure, failure, made])
  assert.equal(await sandbox.open(pod), 1500)
  assert.equal(await sandbox.open(pod), 2000)
  assert.ok(!sandbox.isReady)
  assert.equal(await sandbox.open(pod), undefined)
  assert.ok(sandbox.isReady)
  assert.equal(sandbox.network, made)
  const text =
    'Warning FailedCreatePodSandBox Failed to create pod sandbox: RTNETLINK answers: No space left on device'
  assert.deepEqual(events, [text, text])
  assert.equal(await sandbox.open(pod), undefined)
  sandbox.close()
  sandbox.close()
  assert.equal(closed(), 1)
})

test('one that comes after the pod has gone is closed at once; the host’s is nothing to close', async () => {
  const { made, closed } = network()
  const late = open([made])
  const opening = late.sandbox.open(pod)
  late.sandbox.close()
  await opening
  assert.equal(closed(), 1)
  assert.equal(late.sandbox.network, undefined)
  const host = open([undefined])
  assert.equal(await host.sandbox.open(pod), undefined)
  assert.ok(host.sandbox.isReady)
  host.sandbox.close()
})
