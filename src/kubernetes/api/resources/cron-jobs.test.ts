import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openCluster } from '../../../../test/support/cluster.ts'
import { cronJobs } from '../../resources.ts'
import { parseSchedule, zonedTime } from './cron-schedule.ts'

const after = (schedule: string, from: string, timeZone?: string) => {
  const at = parseSchedule(schedule, timeZone).next(Date.parse(from))
  return at === undefined ? undefined : new Date(at).toISOString().replace(':00.000Z', 'Z')
}

test('the next moment of a schedule', () => {
  const thursday = '2026-01-01T00:00:00Z'
  for (const [schedule, next] of [
    ['* * * * *', '2026-01-01T00:01Z'],
    ['*/5 * * * *', '2026-01-01T00:05Z'],
    ['7/20 * * * *', '2026-01-01T00:07Z'],
    ['0 9-17/4 * * mon-fri', '2026-01-01T09:00Z'],
    ['30 2 * * SUN', '2026-01-04T02:30Z'],
    ['0 0 13 * 5', '2026-01-02T00:00Z'],
    ['0 0 13 * *', '2026-01-13T00:00Z'],
    ['0 0 */2 * 5', '2026-01-02T00:00Z'],
    ['0 0 29 feb ?', '2028-02-29T00:00Z'],
    ['15,45 23 31 12 *', '2026-12-31T23:15Z'],
    ['@hourly', '2026-01-01T01:00Z'],
    ['@daily', '2026-01-02T00:00Z'],
    ['@weekly', '2026-01-04T00:00Z'],
    ['@monthly', '2026-02-01T00:00Z'],
    ['@yearly', '2027-01-01T00:00Z'],
    ['@every 1h30m', '2026-01-01T01:30Z'],
    ['59 23 31 2 *', undefined],
  ] as const) {
    assert.equal(after(schedule, thursday), next, schedule)
  }
})

test('a schedule is of its time zone, through summer time', () => {
  assert.equal(after('0 9 * * *', '2026-01-01T00:00:00Z', 'Asia/Tokyo'), '2026-01-02T00:00Z')
  const newYork = 'America/New_York'
  assert.equal(after('0 0 * * *', '2026-03-08T05:00:00Z', newYork), '2026-03-09T04:00Z')
  // There is no half past two on the day when clocks go forward.
  assert.equal(after('30 2 * * *', '2026-03-08T05:00:00Z', newYork), '2026-03-09T06:30Z')
  assert.equal(zonedTime(Date.UTC(2026, 0, 1), 'Asia/Tokyo'), '2026-01-01T09:00:00+09:00')
  assert.equal(zonedTime(Date.UTC(2026, 0, 1), newYork), '2025-12-31T19:00:00-05:00')
  assert.equal(zonedTime(Date.UTC(2026, 0, 1)), '2026-01-01T00:00:00Z')
})

test('what is no schedule is refused in the words of its parser', () => {
  for (const [schedule, message] of [
    ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
    ['@soon', 'unrecognized descriptor: @soon'],
    ['60 * * * *', 'end of range (60) above maximum (59): 60'],
    ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
    ['* * * * 7', 'end of range (7) above maximum (6): 7'],
    ['9-5 * * * *', 'beginning of range (9) beyond end of range (5): 9-5'],
    ['*/0 * * * *', 'step of range should be a positive number: */0'],
    ['1-2-3 * * * *', 'too many hyphens: 1-2-3'],
    ['1/2/3 * * * *', 'too many slashes: 1/2/3'],
    ['x * * * *', 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'],
    [', * * * *', 'failed to parse int from : strconv.Atoi: parsing "": invalid syntax'],
    ['@every day', 'failed to parse duration @every day: time: invalid duration "day"'],
  ] as const) {
    assert.throws(() => parseSchedule(schedule), { message }, schedule)
  }
})

test('the server fills a CronJob in, and refuses what Kubernetes refuses', async () => {
  await using cluster = await openCluster()
  const { client } = cluster
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'app:1' }] } }
  const create = (spec: object, name = 'c') =>
    client.create(cronJobs, 'default', {
      metadata: { name },
      spec: { schedule: '* * * * *', jobTemplate: { spec: { template } }, ...spec },
    })
  const { jobTemplate, ...spec } = (await create({}))['spec']
  assert.deepEqual(spec, {
    schedule: '* * * * *',
    concurrencyPolicy: 'Allow',
    suspend: false,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 1,
  })
  assert.deepEqual(Object.keys(jobTemplate.spec), ['template'])
  const refused = (more: object, text: string, name = 'c') =>
    assert.rejects(create(more, name), { message: `CronJob.batch "${name}" is invalid: ${text}` })
  await refused({ schedule: '' }, 'spec.schedule: Required value')
  await refused(
    { schedule: 'TZ=Asia/Tokyo * * * * *' },
    'spec.schedule: Invalid value: "TZ=Asia/Tokyo * * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
  )
  await refused(
    { timeZone: 'Moon/Base' },
    'spec.timeZone: Invalid value: "Moon/Base": unknown time zone Moon/Base',
  )
  await refused(
    { concurrencyPolicy: 'Maybe' },
    'spec.concurrencyPolicy: Unsupported value: "Maybe": supported values: "Allow", "Forbid", "Replace"',
  )
  await refused(
    { jobTemplate: { spec: { template, selector: { matchLabels: { a: 'b' } } } } },
    'spec.jobTemplate.spec.selector: Invalid value: {"matchLabels":{"a":"b"}}: `selector` will be auto-generated',
  )
  const long = 'a'.repeat(53)
  await refused(
    {},
    `metadata.name: Invalid value: "${long}": must be no more than 52 characters`,
    long,
  )
})
