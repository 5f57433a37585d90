import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually, openCluster, until } from '../../../test/support/cluster.ts'
import { silentLog } from '../../audit/log.ts'
import type { KubernetesObject } from '../object.ts'
import { cronJobs, events, jobs, pods, serviceAccounts } from '../resources.ts'
import { startControllers } from './controllers.ts'

const minute = 60_000

/** A cluster with controllers and no nodes; its time begins at a new year's midnight. */
async function open() {
  const cluster = await openCluster({ withDefaults: false })
  const { client, clock } = cluster
  const controllers = startControllers({ client, clock, caPem: 'CA', log: silentLog })
  await until(client, serviceAccounts, { namespace: 'default', name: 'default' }, (sa) => sa)
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'app:1' }] } }
  const names = () =>
    client
      .list(jobs, { namespace: 'default' })
      .items.map((job) => job.metadata.name)
      .sort()
  return {
    ...cluster,
    names,
    /** The name of a Job of `name` at so many minutes after the beginning. */
    at: (name: string, minutes: number) => `${name}-${Date.UTC(2026, 0, 1) / minute + minutes}`,
    create: (name: string, spec: object = {}) =>
      client.create(cronJobs, 'default', {
        metadata: { name },
        spec: {
          schedule: '*/10 * * * *',
          jobTemplate: { metadata: { labels: { of: name } }, spec: { template } },
          ...spec,
        },
      }),
    made: (...wanted: string[]) =>
      eventually(`jobs ${wanted.join()}`, () => names().join() === wanted.sort().join()),
    cronJob: (name: string, holds: (status: Record<string, never>) => unknown) =>
      until(client, cronJobs, { namespace: 'default', name }, (c) => c && holds(c['status'])),
    /** Ends a Job's pod, once it is there. */
    async end(job: string, phase: 'Succeeded' | 'Failed' = 'Succeeded') {
      const podOf = () =>
        client.list(pods, { namespace: 'default', labelSelector: `job-name=${job}` }).items[0]
      await eventually(`pod of ${job}`, podOf)
      const name = podOf()?.metadata.name ?? ''
      await client.modify(pods, 'default', name, (p) => ({ ...p, status: { phase } }), 'status')
      const isOver = (j: KubernetesObject | undefined) =>
        j?.['status'].conditions?.some((c: { type: string }) =>
          ['Complete', 'Failed'].includes(c.type),
        )
      await until(client, jobs, { namespace: 'default', name: job }, (j) => !j || isOver(j))
    },
    said: () =>
      client
        .list(events, { namespace: 'default' })
        .items.filter((e) => e['involvedObject'].kind === 'CronJob')
        .map((e) => `${e['type']} ${e['reason']} ${e['message']}`),
    async [Symbol.asyncDispose]() {
      await controllers[Symbol.asyncDispose]()
      await cluster[Symbol.asyncDispose]()
    },
  }
}

test('a CronJob makes a Job at each moment of its schedule, and sees it end', async () => {
  await using cluster = await open()
  const { client, clock, create, made, at, cronJob, end, said } = cluster
  const owner = await create('tick', { timeZone: 'Asia/Tokyo' })
  await eventually('the clock is set', () => client.get(cronJobs, 'default', 'tick'))
  await made()
  clock.advance(10 * minute - 1)
  assert.deepEqual(cluster.names(), [])
  clock.advance(1)
  const first = at('tick', 10)
  await made(first)
  const job = client.get(jobs, 'default', first)
  assert.equal(job?.metadata.labels?.['of'], 'tick')
  assert.deepEqual(job?.metadata.annotations, {
    'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-01-01T09:10:00+09:00',
  })
  assert.deepEqual(job?.metadata.ownerReferences, [
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      name: 'tick',
      uid: owner.metadata.uid,
      controller: true,
      blockOwnerDeletion: true,
    },
  ])
  const running = await cronJob('tick', (s) => s['lastScheduleTime'])
  assert.equal(running?.['status'].lastScheduleTime, '2026-01-01T00:10:00Z')
  assert.deepEqual(
    running?.['status'].active.map((a: { name: string }) => a.name),
    [first],
  )
  await end(first)
  await cronJob('tick', (s) => !s['active'] && s['lastSuccessfulTime'])
  clock.advance(10 * minute)
  await made(first, at('tick', 20))
  await eventually('events', () => said().length === 3)
  assert.deepEqual(said(), [
    `Normal SuccessfulCreate Created job ${first}`,
    `Normal SawCompletedJob Saw completed job: ${first}, condition: Complete`,
    `Normal SuccessfulCreate Created job ${at('tick', 20)}`,
  ])
})

test('of many moments that were missed the last one counts', async () => {
  await using cluster = await open()
  const { clock, create, made, at } = cluster
  await create('late', { suspend: true })
  clock.advance(65 * minute)
  await made()
  await cluster.client.modify(cronJobs, 'default', 'late', (c) => ({
    ...c,
    spec: { ...c['spec'], suspend: false },
  }))
  await made(at('late', 60))
})

test('Forbid waits for the Job before, Replace ends it', async () => {
  await using cluster = await open()
  const { clock, create, made, at, cronJob, end, said } = cluster
  await create('one', { concurrencyPolicy: 'Forbid' })
  await create('new', { concurrencyPolicy: 'Replace' })
  clock.advance(10 * minute)
  await made(at('one', 10), at('new', 10))
  await cronJob('one', (s) => s['active'])
  await cronJob('new', (s) => s['active'])
  clock.advance(10 * minute)
  await made(at('one', 10), at('new', 20))
  await eventually('why', () => said().some((text) => /Normal JobAlreadyActive/.test(text)))
  await end(at('one', 10))
  await made(at('one', 10), at('one', 20), at('new', 20))
})

test('old Jobs are cleared away, beyond the limits of the history', async () => {
  await using cluster = await open()
  const { clock, create, made, at, end, cronJob } = cluster
  await create('many', { successfulJobsHistoryLimit: 1, jobTemplate: failing })
  clock.advance(10 * minute)
  await made(at('many', 10))
  await end(at('many', 10))
  clock.advance(10 * minute)
  await made(at('many', 10), at('many', 20))
  await end(at('many', 20))
  await made(at('many', 20))
  for (const minutes of [30, 40]) {
    clock.advance(10 * minute)
    await cronJob('many', (s) => s['active'])
    await end(at('many', minutes), 'Failed')
    await cronJob('many', (s) => !s['active'])
  }
  await made(at('many', 20), at('many', 40))
})

const failing = {
  spec: {
    backoffLimit: 0,
    template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'app:1' }] } },
  },
}

test('a new schedule begins with its next moment', async () => {
  await using cluster = await open()
  const { client, clock, create, made, at } = cluster
  await create('moved', { schedule: '0 12 * * *' })
  await made()
  clock.advance(35 * minute)
  await client.modify(cronJobs, 'default', 'moved', (c) => ({
    ...c,
    spec: { ...c['spec'], schedule: '30 * * * *' },
  }))
  clock.advance(55 * minute - 1)
  await made()
  clock.advance(1)
  await made(at('moved', 90))
})

test('the Jobs of a CronJob go with it', async () => {
  await using cluster = await open()
  const { client, clock, create, made, at } = cluster
  await create('gone')
  await made()
  clock.advance(10 * minute)
  await made(at('gone', 10))
  await client.delete(cronJobs, 'default', 'gone')
  await made()
  await eventually('no pods', () => client.list(pods, { namespace: 'default' }).items.length === 0)
})
