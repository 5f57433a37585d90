import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { crc32 } from 'node:zlib'
import { type Answer, startTestS3, type TestS3 } from './testing.ts'

const part5 = randomBytes(5 * 1024 * 1024)
const part5b = randomBytes(5 * 1024 * 1024)
const end = Buffer.from('the end')

interface Begun {
  readonly s3: TestS3
  readonly id: string
}

async function begin(t: TestContext, headers: Record<string, string> = {}): Promise<Begun> {
  const s3 = await startTestS3(t)
  await s3.send('PUT', '/bkt')
  const begun = await s3.send('POST', '/bkt/k?uploads', { headers })
  const id = begun.element('UploadId')
  assert.ok(id, begun.text)
  return { s3, id }
}

function sendPart(
  { s3, id }: Begun,
  number: number,
  body: Uint8Array,
  headers = {},
): Promise<Answer> {
  return s3.send('PUT', `/bkt/k?partNumber=${number}&uploadId=${id}`, { body, headers })
}

function complete({ s3, id }: Begun, parts: [number, string][], headers = {}): Promise<Answer> {
  const xml = parts.map(
    ([n, etag]) => `<Part><PartNumber>${n}</PartNumber><ETag>${etag}</ETag></Part>`,
  )
  const body = `<CompleteMultipartUpload>${xml.join('')}</CompleteMultipartUpload>`
  return s3.send('POST', `/bkt/k?uploadId=${id}`, { body, headers })
}

function etagOf(body: Uint8Array): string {
  return createHash('md5').update(body).digest('hex')
}

function crcOf(body: Uint8Array): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc32(body))
  return bytes.toString('base64')
}

test('parts become one object, in any of the three forms of an ETag', async (t) => {
  const upload = await begin(t, { 'content-type': 'text/z', 'x-amz-meta-a': '1' })
  const { s3 } = upload
  const first = await sendPart(upload, 1, part5)
  assert.equal(first.headers.etag, `"${etagOf(part5)}"`)
  await sendPart(upload, 7, part5b)
  await sendPart(upload, 9, end)
  const done = await complete(upload, [
    [1, `"${etagOf(part5)}"`],
    [7, `&quot;${etagOf(part5b)}&quot;`],
    [9, etagOf(end)],
  ])
  assert.equal(done.status, 200, done.text)
  const md5s = [part5, part5b, end].map((part) => createHash('md5').update(part).digest())
  const etag = `"${etagOf(Buffer.concat(md5s))}-3"`
  const got = await s3.send('GET', '/bkt/k')
  assert.deepEqual(got.body, Buffer.concat([part5, part5b, end]))
  const described = ['etag', 'content-type', 'x-amz-meta-a'].map((name) => got.headers[name])
  assert.deepEqual(described, [etag, 'text/z', '1'])
  const second = await s3.send('GET', '/bkt/k?partNumber=2')
  assert.deepEqual([second.status, second.body], [206, part5b])
  assert.equal(second.headers['x-amz-mp-parts-count'], '3')
  const beyond = await s3.send('GET', '/bkt/k?partNumber=4')
  assert.deepEqual([beyond.status, beyond.code], [416, 'InvalidPartNumber'])
  const again = await complete(upload, [[1, etagOf(part5)]])
  assert.deepEqual([again.status, again.element('ETag')], [200, etag.replaceAll('"', '&quot;')])
  const copied = await s3.send('PUT', '/bkt/c', { headers: { 'x-amz-copy-source': 'bkt/k' } })
  assert.equal(copied.element('ETag'), `&quot;${etagOf(got.body)}&quot;`)
})

test('a list of parts that does not fit is refused', async (t) => {
  const upload = await begin(t)
  await sendPart(upload, 1, end)
  await sendPart(upload, 2, end)
  const etag = etagOf(end)
  const rows: [parts: [number, string][], code: string][] = [
    [[], 'MalformedXML'],
    [
      [
        [2, etag],
        [1, etag],
      ],
      'InvalidPartOrder',
    ],
    [
      [
        [1, etag],
        [1, etag],
      ],
      'InvalidPartOrder',
    ],
    [[[1, '0'.repeat(32)]], 'InvalidPart'],
    [[[3, etag]], 'InvalidPart'],
    [
      [
        [1, etag],
        [2, etag],
      ],
      'EntityTooSmall',
    ],
  ]
  for (const [parts, code] of rows) assert.equal((await complete(upload, parts)).code, code)
  assert.equal((await sendPart(upload, 10_001, end)).code, 'InvalidArgument')
  assert.equal((await sendPart({ ...upload, id: 'no' }, 1, end)).code, 'NoSuchUpload')
})

test('uploads and parts are listed page by page, and an abort ends them', async (t) => {
  const upload = await begin(t)
  const { s3, id } = upload
  for (const number of [1, 2, 3]) await sendPart(upload, number, end)
  const parts = await s3.send('GET', `/bkt/k?uploadId=${id}&max-parts=2`)
  const seen = ['IsTruncated', 'NextPartNumberMarker'].map((name) => parts.element(name))
  assert.deepEqual(seen, ['true', '2'])
  const rest = await s3.send('GET', `/bkt/k?uploadId=${id}&part-number-marker=2`)
  assert.deepEqual([rest.element('PartNumber'), rest.element('IsTruncated')], ['3', 'false'])
  await s3.send('POST', '/bkt/k?uploads')
  await s3.send('POST', '/bkt/a/b?uploads')
  const page = await s3.send('GET', '/bkt?uploads&max-uploads=2&delimiter=/')
  assert.match(page.text, /<CommonPrefixes><Prefix>a\/</)
  assert.equal(page.element('NextUploadIdMarker'), id)
  const next = `/bkt?uploads&key-marker=k&upload-id-marker=${id}`
  const other = (await s3.send('GET', next)).element('UploadId')
  assert.ok(other && other !== id)
  assert.equal((await s3.send('DELETE', `/bkt/k?uploadId=${id}`)).status, 204)
  assert.equal((await s3.send('DELETE', `/bkt/k?uploadId=${id}`)).code, 'NoSuchUpload')
  assert.equal((await s3.send('DELETE', '/bkt')).status, 204, 'uploads do not keep a bucket')
})

test('checksums: composite by default, of the whole where asked for', async (t) => {
  const bodies = [part5, end]
  for (const type of ['COMPOSITE', 'FULL_OBJECT']) {
    const upload = await begin(t, {
      'x-amz-checksum-algorithm': 'CRC32',
      ...(type === 'FULL_OBJECT' && { 'x-amz-checksum-type': type }),
    })
    for (const [index, body] of bodies.entries()) {
      const sent = await sendPart(upload, index + 1, body, { 'x-amz-checksum-crc32': crcOf(body) })
      assert.equal(sent.status, 200, sent.text)
    }
    const list: [number, string][] = bodies.map((body, index) => [index + 1, etagOf(body)])
    const wrong = { 'x-amz-checksum-crc32': crcOf(Buffer.from('other')) }
    assert.equal((await complete(upload, list, wrong)).code, 'BadDigest')
    const done = await complete(upload, list)
    const sums = Buffer.concat(bodies.map((body) => Buffer.from(crcOf(body), 'base64')))
    const wanted = type === 'COMPOSITE' ? `${crcOf(sums)}-2` : crcOf(Buffer.concat(bodies))
    assert.equal(done.element('ChecksumCRC32'), wanted)
    const headers = { 'x-amz-checksum-mode': 'ENABLED' }
    const head = await upload.s3.send('HEAD', '/bkt/k', { headers })
    assert.equal(head.headers['x-amz-checksum-crc32'], wanted)
    assert.equal(head.headers['x-amz-checksum-type'], type)
    const range = await upload.s3.send('GET', '/bkt/k', {
      headers: { ...headers, range: 'bytes=0-1' },
    })
    assert.equal(range.headers['x-amz-checksum-crc32'], undefined)
  }
})

test('a part may be copied from a range of another object', async (t) => {
  const upload = await begin(t)
  const { s3, id } = upload
  await s3.send('PUT', '/bkt/source', { body: '0123456789' })
  const copy = (range: string) =>
    s3.send('PUT', `/bkt/k?partNumber=1&uploadId=${id}`, {
      headers: { 'x-amz-copy-source': 'bkt/source', 'x-amz-copy-source-range': range },
    })
  assert.equal((await copy('bytes=5-10')).code, 'InvalidArgument')
  assert.equal((await copy('bytes=5-')).code, 'InvalidArgument')
  const copied = await copy('bytes=2-4')
  assert.equal(copied.element('ETag'), `&quot;${etagOf(Buffer.from('234'))}&quot;`)
  await complete(upload, [[1, etagOf(Buffer.from('234'))]])
  assert.equal((await s3.send('GET', '/bkt/k')).text, '234')
})
