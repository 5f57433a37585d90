import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dueAt, type LifecycleRule, lifecycleAction, readLifecycle } from './lifecycle.ts'
import { startTestS3 } from './testing.ts'

const day = 86_400_000
const made = Date.UTC(2026, 0, 1, 10)

function rule(xml: string): readonly LifecycleRule[] {
  return readLifecycle(
    `<LifecycleConfiguration><Rule><Status>Enabled</Status>${xml}</Rule></LifecycleConfiguration>`,
  )
}

function place(more: object = {}, version: object = {}) {
  return {
    version: {
      key: 'logs/a',
      versionId: 'v',
      isLatest: true,
      marker: false,
      size: 10,
      etag: '',
      modifiedAt: made,
      storageClass: 'STANDARD',
      ...version,
    },
    tags: {},
    supersededAt: undefined,
    newerNoncurrent: -1,
    alone: true,
    ...more,
  }
}

test('S3 acts at the midnight after the days have passed', () => {
  assert.equal(dueAt(made, 1), Date.UTC(2026, 0, 3))
  assert.equal(dueAt(Date.UTC(2026, 0, 1), 1), Date.UTC(2026, 0, 2))
})

test('a rule takes what its filter names and whose time has come', () => {
  const expire = (filter: string) => rule(`${filter}<Expiration><Days>1</Days></Expiration>`)
  const due = Date.UTC(2026, 0, 3)
  const rows: [filter: string, at: number, action: string][] = [
    ['<Filter/>', due, 'hide'],
    ['<Filter/>', due - 1, 'keep'],
    ['<Prefix>logs/</Prefix>', due, 'hide'],
    ['<Filter><Prefix>other/</Prefix></Filter>', due, 'keep'],
    ['<Filter><Tag><Key>a</Key><Value>b</Value></Tag></Filter>', due, 'keep'],
    ['<Filter><ObjectSizeGreaterThan>10</ObjectSizeGreaterThan></Filter>', due, 'keep'],
    [
      '<Filter><And><Prefix>logs/</Prefix><ObjectSizeLessThan>11</ObjectSizeLessThan></And></Filter>',
      due,
      'hide',
    ],
  ]
  for (const [filter, at, action] of rows) {
    assert.equal(lifecycleAction(expire(filter), place(), at), action, filter)
  }
})

test('older versions go by the day they were superseded, less those to be kept', () => {
  const rules = rule(
    '<Filter/><NoncurrentVersionExpiration><NoncurrentDays>2</NoncurrentDays><NewerNoncurrentVersions>1</NewerNoncurrentVersions></NoncurrentVersionExpiration>',
  )
  const old = { supersededAt: made, alone: false }
  const at = made + 10 * day
  assert.equal(lifecycleAction(rules, place({ ...old, newerNoncurrent: 0 }), at), 'keep')
  assert.equal(lifecycleAction(rules, place({ ...old, newerNoncurrent: 1 }), at), 'remove')
  assert.equal(lifecycleAction(rules, place(), at), 'keep', 'the newest stays')
})

test('a marker that hides nothing any more goes where a rule says so', () => {
  const rules = rule(
    '<Filter/><Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>',
  )
  assert.equal(lifecycleAction(rules, place({}, { marker: true }), made), 'remove')
  assert.equal(lifecycleAction(rules, place({ alone: false }, { marker: true }), made), 'keep')
})

test('when the clock moves on, objects and uploads that have had their time are gone', async (t) => {
  const s3 = await startTestS3(t)
  await s3.send('PUT', '/bkt')
  const body =
    '<LifecycleConfiguration><Rule><Filter><Prefix>logs/</Prefix></Filter><Status>Enabled</Status><Expiration><Days>3</Days></Expiration><AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule></LifecycleConfiguration>'
  assert.equal((await s3.send('PUT', '/bkt?lifecycle', { body, md5: true })).status, 200)
  for (const key of ['logs/a', 'logs/b', 'kept']) await s3.send('PUT', `/bkt/${key}`, { body: key })
  await s3.send('POST', '/bkt/logs/c?uploads')
  const keys = async (): Promise<string[]> => {
    const { text } = await s3.send('GET', '/bkt?list-type=2')
    return [...text.matchAll(/<Key>([^<]*)</g)].map(([, key = '']) => key)
  }
  const uploads = async () => (await s3.send('GET', '/bkt?uploads')).element('UploadId')
  s3.clock.advance(2 * day + 1)
  while ((await uploads()) !== undefined);
  assert.deepEqual(await keys(), ['kept', 'logs/a', 'logs/b'])
  s3.clock.advance(2 * day + 1)
  while ((await keys()).length > 1);
  assert.deepEqual(await keys(), ['kept'])
})
