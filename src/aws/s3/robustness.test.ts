import assert from 'node:assert/strict'
import { test } from 'node:test'
import { operations } from './operations.ts'
import { findOperation } from './routes.ts'
import { startTestS3 } from './testing.ts'

const bodies: readonly string[] = [
  '',
  '{',
  '<',
  '<a/>',
  '<Tagging/>',
  '<Delete/>',
  '<Delete><Object/></Delete>',
  '<Delete><Object><Key>k</Key><VersionId>x</VersionId></Object></Delete>',
  '<CompleteMultipartUpload><Part/></CompleteMultipartUpload>',
  '<CompleteMultipartUpload><Part><PartNumber>x</PartNumber><ETag>y</ETag></Part></CompleteMultipartUpload>',
  '<VersioningConfiguration><Status>Maybe</Status></VersioningConfiguration>',
  '<LifecycleConfiguration><Rule><Status>Enabled</Status></Rule></LifecycleConfiguration>',
  '<CORSConfiguration><CORSRule/></CORSConfiguration>',
  '<AccessControlPolicy><AccessControlList><Grant/></AccessControlList></AccessControlPolicy>',
  '<CreateBucketConfiguration><LocationConstraint><x/></LocationConstraint></CreateBucketConfiguration>',
  '<CreateBucketConfiguration><Tags><Tag/></Tags></CreateBucketConfiguration>',
  '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule/></ObjectLockConfiguration>',
  '<Retention><Mode>x</Mode><RetainUntilDate>y</RetainUntilDate></Retention>',
  '{"Version":"2012-10-17","Statement":[null,1,"x",{}]}',
  '{"Statement":{"Principal":{"AWS":[1,{}]},"Action":5,"Resource":{},"Effect":"Allow","Condition":[]}}',
  '<a>'.repeat(1000),
  '\u0000\ufffe',
]

const subresources = [
  ...['acl', 'cors', 'policy', 'tagging', 'versioning', 'lifecycle', 'encryption', 'website'],
  ...['ownershipControls', 'publicAccessBlock', 'object-lock', 'logging', 'notification'],
  ...['replication', 'accelerate', 'requestPayment', 'policyStatus', 'location', 'versions'],
  ...[
    'delete',
    'uploads',
    'uploadId=x',
    'partNumber=x',
    'uploadId=x&partNumber=99999',
    'versionId=',
  ],
  ...[
    'versionId=x',
    'attributes',
    'retention',
    'legal-hold',
    'list-type=2&max-keys=-1',
    'marker=%00',
  ],
  ...['versions&key-marker=k&version-id-marker=x', 'uploads&key-marker=k&upload-id-marker=x', ''],
  ...[
    'list-type=2&continuation-token=e30',
    'restore',
    'select',
    'torrent',
    'analytics',
    'id=1&metrics',
  ],
]

const headers: readonly Record<string, string>[] = [
  {},
  { 'x-amz-copy-source': '%' },
  { 'x-amz-copy-source': 'bkt' },
  { 'x-amz-copy-source': 'bkt/k?versionId=x' },
  { 'x-amz-copy-source': 'bkt/k', 'x-amz-copy-source-range': 'bytes=0-99' },
  { 'x-amz-tagging': '%&=' },
  { 'x-amz-acl': 'x', 'x-amz-storage-class': 'x' },
  { 'x-amz-object-lock-mode': 'x', 'x-amz-object-lock-retain-until-date': 'x' },
  { 'x-amz-checksum-crc32': 'x', 'x-amz-checksum-algorithm': 'x' },
  { 'x-amz-object-attributes': 'x,,', 'x-amz-max-parts': 'x' },
  { range: 'bytes=9999999999999999-', 'if-modified-since': '\u00ff', 'if-match': ',' },
  { 'x-amz-trailer': 'x-amz-checksum-sha256', 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' },
]

test('whatever is sent is answered by the protocol, never by an internal error', async (t) => {
  const s3 = await startTestS3(t)
  await s3.send('PUT', '/bkt')
  await s3.send('PUT', '/bkt/k', { body: 'v' })
  let number = 0
  const seen = new Map<number, number>()
  for (const path of ['/bkt', '/bkt/k', '/', '/no-such', '/..', '/bkt/%00']) {
    for (const method of ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'PATCH']) {
      const calls = subresources.map(async (sub) => {
        // Each combination meets some of the bodies and headers; together they meet them all many times.
        const body = bodies[number % bodies.length] ?? ''
        const given = headers[number++ % headers.length] ?? {}
        const sends = method === 'PUT' || method === 'POST'
        const answer = await s3.send(method, `${path}?${sub}`, {
          headers: given,
          ...(sends && { body, md5: given['content-md5'] === undefined }),
        })
        const what = `${method} ${path}?${sub} ${JSON.stringify(given)} ${sends ? body : ''}`
        assert.ok(answer.status < 500 || answer.status === 501, `${what}: ${answer.text}`)
        if (answer.status >= 400 && method !== 'HEAD') assert.ok(answer.code, what)
        seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1)
      })
      await Promise.all(calls)
      // What was deleted or locked by chance must not spare the rest.
      await s3.send('PUT', '/bkt')
      await s3.send('PUT', '/bkt/k', { body: 'v' })
    }
  }
  assert.ok(seen.size > 5, [...seen].join(' '))
})

test('every operation of the table is reached by a route or is known to have none', () => {
  const targets = ['', 'b', 'b/k'].map((path) => path.split('/'))
  const reached = new Set<string>()
  const names = new Set(
    subresources.flatMap((sub) => sub.split('&').map((s) => s.split('=')[0] ?? '')),
  )
  for (const extra of [
    'abac',
    'annotation',
    'encryption',
    'inventory',
    'intelligent-tiering',
    'session',
  ]) {
    names.add(extra)
  }
  for (const extra of ['metadataConfiguration', 'metadataTable', 'renameObject', 'list-type'])
    names.add(extra)
  for (const table of ['Annotation', 'Inventory', 'Journal']) names.add(`metadata${table}Table`)
  for (const [bucket = '', key = ''] of targets) {
    for (const method of ['GET', 'HEAD', 'PUT', 'POST', 'DELETE']) {
      for (const name of names) {
        for (const id of [false, true]) {
          const query = new Map([[name, name === 'list-type' ? '2' : '']])
          if (id) query.set('id', '1')
          for (const isCopy of [false, true]) {
            try {
              reached.add(findOperation(method, { bucket, key, query }, isCopy))
            } catch (refusal) {
              assert.match(String(refusal), /not allowed/)
            }
          }
        }
      }
    }
  }
  const unreached = Object.keys(operations).filter((name) => !reached.has(name))
  // Their requests look like those of others, or come in by hosts of their own.
  assert.deepEqual(unreached, [
    'ListDirectoryBuckets',
    'ListObjectAnnotations',
    'WriteGetObjectResponse',
  ])
})
