import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { type Answer, type SendOptions, startTestS3, type TestS3 } from './testing.ts'

async function withBucket(t: TestContext): Promise<TestS3> {
  const s3 = await startTestS3(t)
  assert.equal((await s3.send('PUT', '/bkt')).status, 200)
  return s3
}

async function refused(answer: Promise<Answer>, status: number, code: string): Promise<Answer> {
  const given = await answer
  assert.deepEqual([given.status, given.code], [status, code], given.text)
  return given
}

test('an object comes back as it was put, with its description', async (t) => {
  const s3 = await withBucket(t)
  const headers = {
    'content-type': 'text/plain',
    'cache-control': 'max-age=60',
    'content-encoding': 'gzip,aws-chunked',
    expires: 'whenever',
    'x-amz-meta-Colour': 'blue',
    'x-amz-tagging': 'team=a%20b&x=',
    'x-amz-storage-class': 'STANDARD_IA',
  }
  const put = await s3.send('PUT', '/bkt/k', { body: 'hello', headers })
  const etag = `"${createHash('md5').update('hello').digest('hex')}"`
  assert.deepEqual([put.status, put.headers.etag], [200, etag], put.text)
  assert.equal(put.headers['x-amz-version-id'], undefined)
  const got = await s3.send('GET', '/bkt/k')
  assert.deepEqual([got.status, got.text], [200, 'hello'])
  const seen = Object.fromEntries(
    [
      'content-type',
      'cache-control',
      'content-encoding',
      'expires',
      'x-amz-meta-colour',
      'x-amz-tagging-count',
      'x-amz-storage-class',
      'x-amz-server-side-encryption',
      'accept-ranges',
      'server',
      'etag',
    ].map((name) => [name, got.headers[name]]),
  )
  assert.deepEqual(seen, {
    'content-type': 'text/plain',
    'cache-control': 'max-age=60',
    'content-encoding': 'gzip',
    expires: 'whenever',
    'x-amz-meta-colour': 'blue',
    'x-amz-tagging-count': '2',
    'x-amz-storage-class': 'STANDARD_IA',
    'x-amz-server-side-encryption': 'AES256',
    'accept-ranges': 'bytes',
    server: 'AmazonS3',
    etag,
  })
  assert.ok(got.headers['x-amz-request-id'] && got.headers['x-amz-id-2'])
  const head = await s3.send('HEAD', '/bkt/k')
  assert.deepEqual([head.status, head.headers['content-length'], head.text], [200, '5', ''])
  const plain = await s3.send('PUT', '/bkt/plain', { body: '' })
  assert.equal(plain.status, 200)
  const empty = await s3.send('GET', '/bkt/plain')
  assert.deepEqual([empty.headers['content-type'], empty.text], ['binary/octet-stream', ''])
})

test('metadata beyond ASCII arrives as UTF-8 and leaves as an RFC 2047 word', async (t) => {
  const s3 = await withBucket(t)
  const raw = Buffer.from('grün', 'utf8').toString('latin1')
  const put = await s3.send('PUT', '/bkt/k', { body: '', headers: { 'x-amz-meta-a': raw } })
  assert.equal(put.status, 200, put.text)
  const word = (await s3.send('HEAD', '/bkt/k')).headers['x-amz-meta-a']
  assert.equal(word, `=?UTF-8?B?${Buffer.from('grün').toString('base64')}?=`)
  const headers = { 'x-amz-meta-a': 'x'.repeat(2048) }
  await refused(s3.send('PUT', '/bkt/k', { body: '', headers }), 400, 'MetadataTooLarge')
})

test('keys are taken as they stand in the path', async (t) => {
  const s3 = await withBucket(t)
  const paths = [
    '/bkt//',
    '/bkt//a//b',
    '/bkt/a/../b',
    '/bkt/./c',
    '/bkt/a%20b%2Bc+d',
    '/bkt/%C3%BC%2F%25',
    '/bkt/dir/',
  ]
  for (const path of paths) {
    const { status, text } = await s3.send('PUT', path, { body: path })
    assert.equal(status, 200, `${path} ${text}`)
  }
  for (const path of paths) assert.equal((await s3.send('GET', path)).text, path)
  const list = await s3.send('GET', '/bkt?list-type=2')
  const keys = [...list.text.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key)
  const wanted = ['/', '/a//b', 'a/../b', './c', 'a b+c+d', 'ü/%', 'dir/']
  assert.deepEqual(keys.sort(), wanted.sort())
  await refused(s3.send('GET', '/bkt/%ff'), 400, 'InvalidURI')
  await refused(s3.send('GET', '/bkt%2Fdir/'), 400, 'InvalidBucketName')
  await refused(s3.send('PUT', `/bkt/${'k'.repeat(1025)}`, { body: '' }), 400, 'KeyTooLongError')
})

test('a virtual host names the bucket', async (t) => {
  const s3 = await withBucket(t)
  const host = `bkt.localhost:${s3.port}`
  assert.equal((await s3.send('PUT', '/a/b', { body: 'v', headers: { host } })).status, 200)
  assert.equal((await s3.send('GET', '/bkt/a/b')).text, 'v')
  assert.match((await s3.send('GET', '/?list-type=2', { headers: { host } })).text, /<Key>a\/b</)
})

test('one range is served; several, or nonsense, give the whole', async (t) => {
  const s3 = await withBucket(t)
  await s3.send('PUT', '/bkt/k', { body: '0123456789' })
  await s3.send('PUT', '/bkt/empty', { body: '' })
  const rows: [range: string, status: number, text: string, contentRange?: string][] = [
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=-99', 206, '0123456789', 'bytes 0-9/10'],
    ['bytes=8-99', 206, '89', 'bytes 8-9/10'],
    ['bytes=0-1,3-4', 200, '0123456789'],
    ['bytes=5-2', 200, '0123456789'],
    ['lines=1-2', 200, '0123456789'],
  ]
  for (const [range, status, text, contentRange] of rows) {
    const got = await s3.send('GET', '/bkt/k', { headers: { range } })
    const seen = [got.status, got.text, got.headers['content-range']]
    assert.deepEqual(seen, [status, text, contentRange], range)
  }
  for (const [target, range] of [
    ['/bkt/k', 'bytes=10-'],
    ['/bkt/k', 'bytes=-0'],
    ['/bkt/empty', 'bytes=0-'],
  ] as const) {
    const answer = await refused(
      s3.send('GET', target, { headers: { range } }),
      416,
      'InvalidRange',
    )
    assert.equal(answer.element('RangeRequested'), range)
  }
})

test('conditions on reads: ETags beat times', async (t) => {
  const s3 = await withBucket(t)
  const { headers } = await s3.send('PUT', '/bkt/k', { body: 'x' })
  const etag = String(headers.etag)
  const past = 'Mon, 01 Jan 2001 00:00:00 GMT'
  const future = 'Mon, 01 Jan 2096 00:00:00 GMT'
  const rows: [given: Record<string, string>, status: number][] = [
    [{ 'if-match': etag }, 200],
    [{ 'if-match': etag.replaceAll('"', '') }, 200],
    [{ 'if-match': '"other"' }, 412],
    [{ 'if-match': etag, 'if-unmodified-since': past }, 200],
    [{ 'if-unmodified-since': past }, 412],
    [{ 'if-none-match': etag }, 304],
    [{ 'if-none-match': '"other"', 'if-modified-since': future }, 200],
    [{ 'if-modified-since': future }, 304],
    [{ 'if-modified-since': past }, 200],
    [{ 'if-modified-since': 'nonsense' }, 200],
  ]
  for (const [given, status] of rows) {
    const got = await s3.send('GET', '/bkt/k', { headers: given })
    assert.equal(got.status, status, JSON.stringify(given))
    if (status === 304) assert.deepEqual([got.text, got.headers.etag], ['', etag])
    if (status === 412) assert.equal(got.code, 'PreconditionFailed')
  }
})

test('conditions on writes are held in the write itself', async (t) => {
  const s3 = await withBucket(t)
  const create: SendOptions = { body: 'x', headers: { 'if-none-match': '*' } }
  const races = await Promise.all(Array.from({ length: 5 }, () => s3.send('PUT', '/bkt/k', create)))
  assert.deepEqual(races.map(({ status }) => status).sort(), [200, 412, 412, 412, 412])
  const etag = String(races.find(({ status }) => status === 200)?.headers.etag)
  const missing = s3.send('PUT', '/bkt/no', { body: '', headers: { 'if-match': etag } })
  await refused(missing, 404, 'NoSuchKey')
  const other = s3.send('PUT', '/bkt/k', { body: '', headers: { 'if-match': '"0"' } })
  assert.equal((await refused(other, 412, 'PreconditionFailed')).element('Condition'), 'If-Match')
  const same = await s3.send('PUT', '/bkt/k', { body: 'y', headers: { 'if-match': etag } })
  assert.equal(same.status, 200)
  const removal = s3.send('DELETE', '/bkt/k', { headers: { 'if-match': etag } })
  await refused(removal, 412, 'PreconditionFailed')
})

test('a presigned URL may change the headers of its answer, an unsigned one may not', async (t) => {
  const s3 = await withBucket(t)
  await s3.send('PUT', '/bkt/k', { body: 'x' })
  const query = '?response-content-type=text%2Fcsv&response-content-disposition=attachment'
  const got = await s3.send('GET', `/bkt/k${query}`, { expiresSeconds: 60 })
  const { headers } = got
  assert.deepEqual([got.status, headers['content-type']], [200, 'text/csv'], got.text)
  assert.equal(headers['content-disposition'], 'attachment')
  const put = await s3.send('PUT', '/bkt/by-url', { body: 'by url', expiresSeconds: 60 })
  assert.equal(put.status, 200, put.text)
  assert.equal((await s3.send('GET', '/bkt/by-url')).text, 'by url')
})

test('without versioning no answer names a version, and null still does', async (t) => {
  const s3 = await withBucket(t)
  await s3.send('PUT', '/bkt/k', { body: 'x' })
  const got = await s3.send('HEAD', '/bkt/k?versionId=null')
  assert.deepEqual([got.status, got.headers['x-amz-version-id']], [200, undefined])
  await refused(s3.send('GET', '/bkt/k?versionId=nonsense'), 400, 'InvalidArgument')
  const state = await s3.send('GET', '/bkt?versioning')
  assert.match(state.text, /<VersioningConfiguration[^>]*><\/VersioningConfiguration>/)
})

test('with versioning each write is kept and a deletion hides', async (t) => {
  const s3 = await withBucket(t)
  const body = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'
  await refused(s3.send('PUT', '/bkt?versioning', { body }), 400, 'InvalidRequest')
  assert.equal((await s3.send('PUT', '/bkt?versioning', { body, md5: true })).status, 200)
  const first = (await s3.send('PUT', '/bkt/k', { body: '1' })).headers['x-amz-version-id']
  const second = (await s3.send('PUT', '/bkt/k', { body: '2' })).headers['x-amz-version-id']
  assert.ok(first && second && first !== second)
  assert.equal((await s3.send('GET', `/bkt/k?versionId=${first}`)).text, '1')
  const gone = await s3.send('DELETE', '/bkt/k')
  assert.deepEqual([gone.status, gone.headers['x-amz-delete-marker']], [204, 'true'])
  const hidden = await refused(s3.send('GET', '/bkt/k'), 404, 'NoSuchKey')
  assert.equal(hidden.headers['x-amz-delete-marker'], 'true')
  const marker = gone.headers['x-amz-version-id']
  await refused(s3.send('GET', `/bkt/k?versionId=${marker}`), 405, 'MethodNotAllowed')
  await refused(s3.send('GET', `/bkt/no?versionId=${marker}`), 404, 'NoSuchVersion')
  const list = await s3.send('GET', '/bkt?versions')
  assert.equal(list.text.match(/<Version>/g)?.length, 2)
  assert.equal(list.text.match(/<DeleteMarker>/g)?.length, 1)
  await refused(s3.send('DELETE', '/bkt'), 409, 'BucketNotEmpty')
  await s3.send('DELETE', `/bkt/k?versionId=${marker}`)
  assert.equal((await s3.send('GET', '/bkt/k')).text, '2')
})

test('a copy takes description and tags along, or brings its own', async (t) => {
  const s3 = await withBucket(t)
  const source = { 'x-amz-copy-source': '/bkt/a%20b' }
  const headers = { 'content-type': 'text/x', 'x-amz-meta-m': '1', 'x-amz-tagging': 't=1' }
  await s3.send('PUT', '/bkt/a%20b', { body: 'bytes', headers })
  const copied = await s3.send('PUT', '/bkt/c', { headers: source })
  assert.equal(copied.status, 200, copied.text)
  assert.match(copied.text, /<CopyObjectResult/)
  const c = await s3.send('GET', '/bkt/c')
  const seen = ['content-type', 'x-amz-meta-m', 'x-amz-tagging-count'].map((n) => c.headers[n])
  assert.deepEqual([c.text, ...seen], ['bytes', 'text/x', '1', '1'])
  const replace = {
    ...source,
    'x-amz-metadata-directive': 'REPLACE',
    'x-amz-tagging-directive': 'REPLACE',
    'content-type': 'text/y',
  }
  await s3.send('PUT', '/bkt/d', { headers: replace })
  const d = await s3.send('HEAD', '/bkt/d')
  const now = ['content-type', 'x-amz-meta-m', 'x-amz-tagging-count'].map((n) => d.headers[n])
  assert.deepEqual(now, ['text/y', undefined, undefined])
  await refused(s3.send('PUT', '/bkt/a%20b', { headers: source }), 400, 'InvalidRequest')
  const missing = { 'x-amz-copy-source': 'bkt/no' }
  await refused(s3.send('PUT', '/bkt/e', { headers: missing }), 404, 'NoSuchKey')
  const unmet = { ...source, 'x-amz-copy-source-if-match': '"0"' }
  await refused(s3.send('PUT', '/bkt/e', { headers: unmet }), 412, 'PreconditionFailed')
})

test('DeleteObjects answers each key, a missing one as deleted', async (t) => {
  const s3 = await withBucket(t)
  await s3.send('PUT', '/bkt/a&b', { body: '' })
  const key = (text: string) => `<Object><Key>${text}</Key></Object>`
  const body = `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${key('a&amp;b')}${key('no')}</Delete>`
  await refused(s3.send('POST', '/bkt?delete', { body }), 400, 'InvalidRequest')
  const answer = await s3.send('POST', '/bkt?delete', { body, md5: true })
  assert.equal(answer.status, 200, answer.text)
  assert.match(answer.text, /<Deleted><Key>a&amp;b<\/Key><\/Deleted><Deleted><Key>no<\/Key>/)
  const dtd = '<!DOCTYPE x [<!ENTITY e "k">]><Delete><Object><Key>&e;</Key></Object></Delete>'
  await refused(s3.send('POST', '/bkt?delete', { body: dtd, md5: true }), 400, 'MalformedXML')
  const many = `<Delete>${key('k').repeat(1001)}</Delete>`
  await refused(s3.send('POST', '/bkt?delete', { body: many, md5: true }), 400, 'MalformedXML')
})

test('what is not served says so, and what is not there too', async (t) => {
  const s3 = await withBucket(t)
  await refused(s3.send('POST', '/bkt/k?restore', { body: '' }), 501, 'NotImplemented')
  await refused(s3.send('PATCH', '/bkt/k'), 405, 'MethodNotAllowed')
  const bucket = await refused(s3.send('GET', '/nope/k'), 404, 'NoSuchBucket')
  assert.equal(bucket.element('BucketName'), 'nope')
  const key = await refused(s3.send('GET', '/bkt/a&b'), 404, 'NoSuchKey')
  assert.equal(key.element('Key'), 'a&amp;b')
  const head = await s3.send('HEAD', '/bkt/no')
  assert.deepEqual([head.status, head.text], [404, ''])
})
