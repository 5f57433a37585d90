import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually, openCluster, until } from '../../../test/support/cluster.ts'
import { silentLog } from '../../audit/log.ts'
import type { KubernetesObject } from '../object.ts'
import { events, jobs, pods, serviceAccounts } from '../resources.ts'
import { conditionOf } from './controller.ts'
import { startControllers } from './controllers.ts'

const tracking = 'batch.kubernetes.io/job-tracking'

/** A cluster with controllers and no nodes: the test says what becomes of each pod. */
async function open() {
  const cluster = await openCluster({ withDefaults: false })
  const { client, clock } = cluster
  const controllers = startControllers({ client, clock, caPem: 'CA', log: silentLog })
  await until(client, serviceAccounts, { namespace: 'default', name: 'default' }, (sa) => sa)
  const podsOf = (job: string) =>
    client.list(pods, { namespace: 'default', labelSelector: `job-name=${job}` }).items
  const openOf = (job: string) =>
    podsOf(job).filter(
      (pod) => pod['status'].phase === 'Pending' && !pod.metadata.deletionTimestamp,
    )
  return {
    ...cluster,
    podsOf,
    /** The Job's open pods, once there are `count`. */
    async pending(job: string, count: number): Promise<KubernetesObject[]> {
      await eventually(`${count} pods`, () => openOf(job).length === count)
      return openOf(job)
    },
    async end(pod: KubernetesObject | undefined, exitCode: number) {
      const terminated = { exitCode, finishedAt: new Date(clock.now()).toISOString() }
      const status = {
        phase: exitCode === 0 ? 'Succeeded' : 'Failed',
        containerStatuses: [{ name: 'c', restartCount: 0, state: { terminated } }],
      }
      const name = pod?.metadata.name ?? ''
      await client.modify(pods, 'default', name, (p) => ({ ...p, status }), 'status')
    },
    job: (name: string, holds: (status: Record<string, never>, job: KubernetesObject) => unknown) =>
      until(
        client,
        jobs,
        { namespace: 'default', name },
        (job) => job && holds(job['status'], job),
      ),
    create: (name: string, spec: object = {}, restartPolicy = 'Never') =>
      client.create(jobs, 'default', {
        metadata: { name },
        spec: {
          template: { spec: { restartPolicy, containers: [{ name: 'c', image: 'app:1' }] } },
          ...spec,
        },
      }),
    said: (name: string) =>
      client
        .list(events, { namespace: 'default' })
        .items.filter(
          (e) => e['involvedObject'].kind === 'Job' && e['involvedObject'].name === name,
        )
        .map((e) => `${e['type']} ${e['reason']} ${e['message']}`),
    async [Symbol.asyncDispose]() {
      await controllers[Symbol.asyncDispose]()
      await cluster[Symbol.asyncDispose]()
    },
  }
}

const reasons = (job: KubernetesObject | undefined) =>
  (job?.['status'].conditions ?? []).map(
    (c: Record<string, string>) => `${c['type']}=${c['status']} ${c['reason']}`,
  )

test('a job makes its pod, counts its success and is complete', async () => {
  await using cluster = await open()
  const { create, pending, end, job, said } = cluster
  const made = await create('pi')
  const [pod] = await pending('pi', 1)
  assert.match(pod?.metadata.name ?? '', /^pi-[a-z0-9]{5}$/)
  assert.deepEqual(pod?.metadata.finalizers, [tracking])
  assert.deepEqual(pod?.metadata.ownerReferences, [
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      name: 'pi',
      uid: made.metadata.uid,
      controller: true,
      blockOwnerDeletion: true,
    },
  ])
  const running = await job('pi', (s) => s['active'] === 1)
  assert.deepEqual(running?.['status'], {
    startTime: '2026-01-01T00:00:00Z',
    active: 1,
    ready: 0,
    terminating: 0,
    uncountedTerminatedPods: {},
  })
  cluster.clock.advance(5000)
  await end(pod, 0)
  const done = await job('pi', (s) => s['completionTime'])
  const at = '2026-01-01T00:00:05Z'
  const reached = {
    status: 'True',
    lastProbeTime: at,
    lastTransitionTime: at,
    reason: 'CompletionsReached',
    message: 'Reached expected number of succeeded pods',
  }
  assert.deepEqual(done?.['status'], {
    startTime: '2026-01-01T00:00:00Z',
    completionTime: at,
    ready: 0,
    succeeded: 1,
    terminating: 0,
    uncountedTerminatedPods: {},
    conditions: [
      { type: 'SuccessCriteriaMet', ...reached },
      { type: 'Complete', ...reached },
    ],
  })
  assert.equal(cluster.podsOf('pi')[0]?.metadata.finalizers, undefined)
  await eventually('events', () => said('pi').length === 2)
  assert.deepEqual(said('pi'), [
    `Normal SuccessfulCreate Created pod: ${pod?.metadata.name}`,
    'Normal Completed Job completed',
  ])
})

test('completions are reached by as many pods at once as parallelism allows', async () => {
  await using cluster = await open()
  const { create, pending, end, job, podsOf } = cluster
  await create('batch', { completions: 3, parallelism: 2 })
  const [first, second] = await pending('batch', 2)
  await end(first, 0)
  await eventually('a third', () => podsOf('batch').length === 3)
  await end(second, 0)
  const [third] = await pending('batch', 1)
  await job('batch', (s) => s['succeeded'] === 2 && s['active'] === 1)
  await end(third, 0)
  await job('batch', (s) => s['succeeded'] === 3 && s['completionTime'])
  assert.equal(podsOf('batch').length, 3)
})

test('after a failure the next pod waits 10 s, then 20 s, and beyond the limit the job fails', async () => {
  await using cluster = await open()
  const { create, pending, end, job, podsOf, clock, said } = cluster
  await create('bad', { backoffLimit: 2 })
  for (const [failed, waitMs] of [
    [1, 10_000],
    [2, 20_000],
  ] as const) {
    const [pod] = await pending('bad', 1)
    await end(pod, 1)
    await job('bad', (s) => s['failed'] === failed && !s['active'])
    clock.advance(waitMs - 1)
    await job('bad', (s) => s['failed'] === failed)
    assert.equal(podsOf('bad').length, failed)
    clock.advance(1)
  }
  const [last] = await pending('bad', 1)
  await end(last, 1)
  const done = await job('bad', (s, j) => s['failed'] === 3 && conditionOf(j, 'Failed'))
  assert.deepEqual(reasons(done), [
    'FailureTarget=True BackoffLimitExceeded',
    'Failed=True BackoffLimitExceeded',
  ])
  assert.equal(done?.['status'].completionTime, undefined)
  await eventually('event', () =>
    said('bad').includes(
      'Warning BackoffLimitExceeded Job has reached the specified backoff limit',
    ),
  )
})

test('a deadline ends the job and its pods', async () => {
  await using cluster = await open()
  const { create, pending, job, clock } = cluster
  await create('slow', { activeDeadlineSeconds: 30, parallelism: 2, completions: 2 })
  await pending('slow', 2)
  clock.advance(30_000)
  const done = await job('slow', (_s, j) => conditionOf(j, 'Failed'))
  assert.equal(conditionOf(done as KubernetesObject, 'Failed')?.reason, 'DeadlineExceeded')
  assert.equal(done?.['status'].failed, 2)
  await pending('slow', 0)
})

test('restarts in place count towards the limit too', async () => {
  await using cluster = await open()
  const { create, pending, job, client } = cluster
  await create('again', { backoffLimit: 3 }, 'OnFailure')
  const [pod] = await pending('again', 1)
  const status = { phase: 'Running', containerStatuses: [{ name: 'c', restartCount: 3 }] }
  const name = pod?.metadata.name ?? ''
  await client.modify(pods, 'default', name, (p) => ({ ...p, status }), 'status')
  const done = await job('again', (_s, j) => conditionOf(j, 'Failed'))
  assert.equal(conditionOf(done as KubernetesObject, 'Failed')?.reason, 'BackoffLimitExceeded')
})

test('each index of an indexed job has its pod, told by name, label and variable', async () => {
  await using cluster = await open()
  const { create, pending, end, job, podsOf, clock } = cluster
  await create('map', { completionMode: 'Indexed', completions: 3, parallelism: 2 })
  const firsts = await pending('map', 2)
  const key = 'batch.kubernetes.io/job-completion-index'
  const indexOf = (pod: KubernetesObject) => pod.metadata.annotations?.[key]
  assert.deepEqual(firsts.map(indexOf).sort(), ['0', '1'])
  const one = firsts.find((pod) => indexOf(pod) === '1')
  assert.match(one?.metadata.name ?? '', /^map-1-[a-z0-9]{5}$/)
  assert.equal(one?.metadata.labels?.[key], '1')
  assert.equal(one?.['spec'].hostname, 'map-1')
  assert.deepEqual(one?.['spec'].containers[0].env, [
    {
      name: 'JOB_COMPLETION_INDEX',
      valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: `metadata.labels['${key}']` } },
    },
  ])
  await end(one, 0)
  await job('map', (s) => s['completedIndexes'] === '1')
  const zero = firsts.find((pod) => indexOf(pod) === '0')
  await end(zero, 1)
  await job('map', (s) => s['failed'] === 1)
  clock.advance(10_000)
  const rest = await pending('map', 2)
  assert.deepEqual(rest.map(indexOf).sort(), ['0', '2'])
  for (const pod of rest) await end(pod, 0)
  const done = await job('map', (s) => s['completionTime'])
  assert.equal(done?.['status'].completedIndexes, '0-2')
  assert.equal(done?.['status'].succeeded, 3)
  assert.equal(podsOf('map').length, 4)
})

test('each index fails by itself where it has a limit of its own', async () => {
  await using cluster = await open()
  const { create, pending, end, job, clock, podsOf } = cluster
  const size = { completionMode: 'Indexed', completions: 2, parallelism: 2 }
  const made = await create('apart', { ...size, backoffLimitPerIndex: 1 })
  assert.equal(made['spec'].backoffLimit, 2 ** 31 - 1)
  const key = 'batch.kubernetes.io/job-index-failure-count'
  const of = (all: KubernetesObject[], index: number) =>
    all.find((pod) => pod['spec'].hostname === `apart-${index}`)
  const firsts = await pending('apart', 2)
  assert.equal(of(firsts, 0)?.metadata.annotations?.[key], '0')
  await end(of(firsts, 0), 1)
  await job('apart', (s) => s['active'] === 1)
  clock.advance(9_999)
  assert.equal(podsOf('apart').length, 2)
  clock.advance(1)
  const seconds = await pending('apart', 2)
  assert.equal(of(seconds, 0)?.metadata.annotations?.[key], '1')
  await job('apart', (s) => s['failed'] === 1)
  await end(of(seconds, 0), 1)
  const failing = await job('apart', (s) => s['failedIndexes'] === '0')
  assert.deepEqual(reasons(failing), [])
  await end(of(firsts, 1), 0)
  const done = await job('apart', (_s, j) => conditionOf(j, 'Failed'))
  assert.deepEqual(reasons(done), ['FailureTarget=True FailedIndexes', 'Failed=True FailedIndexes'])
  assert.equal(done?.['status'].completedIndexes, '1')
  assert.equal(done?.['status'].failed, 2)
})

test('a success policy ends an indexed job early, and the pods still running with it', async () => {
  await using cluster = await open()
  const { create, pending, end, job } = cluster
  await create('lead', {
    completionMode: 'Indexed',
    completions: 3,
    parallelism: 3,
    successPolicy: { rules: [{ succeededIndexes: '0' }] },
  })
  const all = await pending('lead', 3)
  await end(
    all.find((pod) => pod['spec'].hostname === 'lead-0'),
    0,
  )
  const done = await job('lead', (s) => s['completionTime'])
  assert.deepEqual(reasons(done), [
    'SuccessCriteriaMet=True SuccessPolicy',
    'Complete=True SuccessPolicy',
  ])
  assert.equal(done?.['status'].failed, undefined)
  await pending('lead', 0)
})

test('a failure policy fails the job at once, or takes a failure as none', async () => {
  await using cluster = await open()
  const { create, pending, end, job, clock } = cluster
  const podFailurePolicy = {
    rules: [
      { action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } },
      { action: 'Ignore', onExitCodes: { operator: 'In', values: [7] } },
    ],
  }
  await create('policy', { podFailurePolicy, backoffLimit: 0 })
  const [ignored] = await pending('policy', 1)
  await end(ignored, 7)
  await job('policy', (s) => !s['active'])
  clock.advance(10_000)
  const [fatal] = await pending('policy', 1)
  await end(fatal, 42)
  const done = await job('policy', (_s, j) => conditionOf(j, 'Failed'))
  const failed = conditionOf(done as KubernetesObject, 'Failed')
  assert.equal(failed?.reason, 'PodFailurePolicy')
  assert.equal(
    failed?.message,
    `Container c for pod default/${fatal?.metadata.name} failed with exit code 42 matching FailJob rule at index 0`,
  )
  assert.equal(done?.['status'].failed, 1)
})

test('a suspended job has no pods and no failures, and starts anew when resumed', async () => {
  await using cluster = await open()
  const { client, create, pending, job, clock, said } = cluster
  await create('later', { suspend: true })
  const waiting = await job('later', (_s, j) => conditionOf(j, 'Suspended'))
  assert.equal(waiting?.['status'].startTime, undefined)
  await pending('later', 0)
  const suspend = (value: boolean) =>
    client.modify(jobs, 'default', 'later', (j) => ({
      ...j,
      spec: { ...j['spec'], suspend: value },
    }))
  clock.advance(60_000)
  await suspend(false)
  await pending('later', 1)
  const resumed = await job('later', (s) => s['startTime'] === '2026-01-01T00:01:00Z')
  assert.deepEqual(reasons(resumed), ['Suspended=False JobResumed'])
  await suspend(true)
  await pending('later', 0)
  const again = await job('later', (_s, j) => conditionOf(j, 'Suspended')?.status === 'True')
  assert.equal(again?.['status'].failed, undefined)
  await eventually('events', () =>
    said('later').some((text) => /Normal Resumed Job resumed/.test(text)),
  )
})

test('a pod that is deleted before its end counts as failed, and is let go', async () => {
  await using cluster = await open()
  const { client, create, pending, job, clock } = cluster
  await create('gone')
  const [pod] = await pending('gone', 1)
  await client.delete(pods, 'default', pod?.metadata.name ?? '')
  await job('gone', (s) => s['failed'] === 1)
  await until(client, pods, { namespace: 'default', name: pod?.metadata.name ?? '' }, (p) => !p)
  clock.advance(10_000)
  await pending('gone', 1)
})

test('a finished job goes with its pods when its time is over', async () => {
  await using cluster = await open()
  const { client, create, pending, end, job, podsOf, clock } = cluster
  await create('brief', { ttlSecondsAfterFinished: 60 })
  const [pod] = await pending('brief', 1)
  await end(pod, 0)
  await job('brief', (s) => s['completionTime'])
  clock.advance(59_999)
  assert.ok(client.get(jobs, 'default', 'brief'))
  clock.advance(1)
  await until(client, jobs, { namespace: 'default', name: 'brief' }, (j) => !j)
  assert.deepEqual(podsOf('brief'), [])
})

test('what becomes of the pods of a deleted job is what the deletion asks: orphans where it does not ask', async () => {
  await using cluster = await open()
  const { client, create, pending, podsOf } = cluster
  await create('kept')
  await create('swept')
  const [orphan] = await pending('kept', 1)
  await pending('swept', 1)
  await client.delete(jobs, 'default', 'kept')
  await client.delete(jobs, 'default', 'swept', { propagationPolicy: 'Background' })
  await eventually('swept', () => podsOf('swept').length === 0)
  const key = { namespace: 'default', name: orphan?.metadata.name ?? '' }
  await until(client, pods, key, (p) => p && !p.metadata.ownerReferences && !p.metadata.finalizers)
})
