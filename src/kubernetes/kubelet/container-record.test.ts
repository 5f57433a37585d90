import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubernetesObject } from '../object.ts'
import {
  type ContainerRecord,
  type ContainerState,
  goDuration,
  nextBackOff,
  phaseOf,
  planPod,
} from './container-record.ts'

const running: ContainerState = { kind: 'running', startedAt: 0, containerId: 'x' }
const waiting: ContainerState = { kind: 'waiting', reason: 'ContainerCreating' }
const ended = (exitCode: number): ContainerState => ({
  kind: 'terminated',
  exitCode,
  reason: exitCode === 0 ? 'Completed' : 'Error',
  startedAt: 0,
  finishedAt: 0,
})

/** A pod whose containers `i…` are init containers and `s…` sidecars, with their states. */
function given(restartPolicy: string, states: Record<string, ContainerState>) {
  const names = Object.keys(states)
  const isInit = (name: string) => /^[is]/.test(name)
  const container = (name: string) => ({
    name,
    ...(name.startsWith('s') && { restartPolicy: 'Always' }),
  })
  const spec = {
    restartPolicy,
    initContainers: names.filter(isInit).map(container),
    containers: names.filter((n) => !isInit(n)).map(container),
  }
  const records = new Map<string, ContainerRecord>()
  for (const [name, state] of Object.entries(states)) {
    const started = state.kind === 'running'
    records.set(name, { name, restartCount: 0, state, ready: started, started, imageId: '' })
  }
  return { pod: { spec } as unknown as KubernetesObject, records }
}

function check(
  [policy, states]: [string, Record<string, ContainerState>],
  expected: { phase: string; start?: string[]; stop?: string[] },
) {
  const { pod, records } = given(policy, states)
  const { start, stop } = planPod(pod, records, 0)
  assert.deepEqual(
    { phase: phaseOf(pod, records), start, stop },
    { start: [], stop: [], ...expected },
  )
}

test('containers start together, once the init containers have ended well, one after another', () => {
  check(['Always', { a: waiting, b: waiting }], { phase: 'Pending', start: ['a', 'b'] })
  check(['Always', { i1: waiting, i2: waiting, a: waiting }], { phase: 'Pending', start: ['i1'] })
  check(['Always', { i1: running, i2: waiting, a: waiting }], { phase: 'Pending' })
  check(['Always', { i1: ended(0), i2: waiting, a: waiting }], { phase: 'Pending', start: ['i2'] })
  check(['Always', { i1: ended(0), i2: ended(0), a: waiting }], { phase: 'Pending', start: ['a'] })
})

test('the restart policy says what happens at the end', () => {
  check(['Always', { a: ended(0) }], { phase: 'Running', start: ['a'] })
  check(['OnFailure', { a: ended(0) }], { phase: 'Succeeded' })
  check(['OnFailure', { a: ended(1) }], { phase: 'Running', start: ['a'] })
  check(['Never', { a: ended(1) }], { phase: 'Failed' })
  check(['Never', { a: ended(0), b: running }], { phase: 'Running' })
  check(['Never', { a: ended(0), b: ended(1) }], { phase: 'Failed' })
  check(['Never', { i1: ended(1), a: waiting }], { phase: 'Failed' })
  check(['OnFailure', { i1: ended(1), a: waiting }], { phase: 'Pending', start: ['i1'] })
})

test('a sidecar comes first, is always restarted, and goes when the others have gone', () => {
  check(['Never', { s1: waiting, a: waiting }], { phase: 'Pending', start: ['s1'] })
  check(['Never', { s1: running, a: waiting }], { phase: 'Pending', start: ['a'] })
  check(['Never', { s1: ended(1), a: running }], { phase: 'Running', start: ['s1'] })
  check(['Never', { s1: running, a: ended(0) }], { phase: 'Running', stop: ['s1'] })
  check(['Never', { s1: ended(143), a: ended(0) }], { phase: 'Succeeded' })
})

test('the wait between restarts doubles from 10 s to 300 s, and is forgotten after 10 quiet minutes', () => {
  let record: ContainerRecord = {
    name: 'a',
    restartCount: 0,
    state: ended(1),
    ready: false,
    started: false,
    imageId: '',
  }
  const waits: number[] = []
  let now = 0
  for (let i = 0; i < 8; i++) {
    record = nextBackOff(record, now)
    waits.push((record.retryAt ?? 0) - now)
    now = record.retryAt ?? 0
  }
  assert.deepEqual(
    waits.map((ms) => ms / 1000),
    [0, 10, 20, 40, 80, 160, 300, 300],
  )
  assert.equal(nextBackOff(record, now + 601_000).retryAt, now + 601_000)
  assert.deepEqual([10_000, 60_000, 160_000, 300_000].map(goDuration), [
    '10s',
    '1m0s',
    '2m40s',
    '5m0s',
  ])
})
