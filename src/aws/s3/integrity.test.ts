import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { signHeaders } from '../../kernel/sigv4/sign.ts'
import { administrator, testRegion } from '../gateway/testing.ts'
import { digestOf } from './checksums/digest.ts'
import { startTestS3, type TestS3 } from './testing.ts'

async function withBucket(t: TestContext): Promise<TestS3> {
  const s3 = await startTestS3(t)
  await s3.send('PUT', '/bkt')
  return s3
}

const body = 'some bytes'

test('every checksum header is held against the body', async (t) => {
  const s3 = await withBucket(t)
  for (const algorithm of ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const) {
    const name = `x-amz-checksum-${algorithm.toLowerCase()}`
    const put = (value: string) => s3.send('PUT', '/bkt/k', { body, headers: { [name]: value } })
    const right = digestOf(algorithm, Buffer.from(body)).toString('base64')
    const wrong = digestOf(algorithm, Buffer.from('other')).toString('base64')
    const bad = await put(wrong)
    const message = `The ${algorithm} you specified did not match the calculated checksum.`
    assert.deepEqual([bad.status, bad.code, bad.element('Message')], [400, 'BadDigest', message])
    assert.equal((await put('nonsense')).code, 'InvalidRequest')
    const good = await put(right)
    assert.deepEqual([good.status, good.headers[name]], [200, right], good.text)
    const headers = { 'x-amz-checksum-mode': 'ENABLED' }
    const got = await s3.send('GET', '/bkt/k', { headers })
    const seen = [got.headers[name], got.headers['x-amz-checksum-type']]
    assert.deepEqual(seen, [right, 'FULL_OBJECT'])
  }
})

test('two checksums are one too many, and an unknown kind is not served', async (t) => {
  const s3 = await withBucket(t)
  const crc = digestOf('CRC32', Buffer.from(body)).toString('base64')
  const two = { 'x-amz-checksum-crc32': crc, 'x-amz-checksum-sha1': 'x' }
  assert.equal((await s3.send('PUT', '/bkt/k', { body, headers: two })).code, 'InvalidRequest')
  const unknown = { 'x-amz-checksum-xxhash64': 'AAAAAAAAAAA=' }
  assert.equal((await s3.send('PUT', '/bkt/k', { body, headers: unknown })).code, 'NotImplemented')
})

test('Content-MD5 is held against the body', async (t) => {
  const s3 = await withBucket(t)
  const put = (md5: string) => s3.send('PUT', '/bkt/k', { body, headers: { 'content-md5': md5 } })
  assert.equal((await put('nonsense')).code, 'InvalidDigest')
  const other = await put(createHash('md5').update('other').digest('base64'))
  assert.deepEqual([other.status, other.code], [400, 'BadDigest'])
  assert.equal((await put(createHash('md5').update(body).digest('base64'))).status, 200)
})

test('a trailer of an unsigned chunked body brings its checksum', async (t) => {
  const s3 = await withBucket(t)
  const sum = digestOf('CRC32', Buffer.from(body)).toString('base64')
  const send = (trailer: string, length = body.length) =>
    s3.send('PUT', '/bkt/k', {
      body: `${body.length.toString(16)}\r\n${body}\r\n0\r\nx-amz-checksum-crc32:${trailer}\r\n\r\n`,
      payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      headers: {
        'content-encoding': 'aws-chunked',
        'x-amz-trailer': 'x-amz-checksum-crc32',
        'x-amz-decoded-content-length': String(length),
      },
    })
  const put = await send(sum)
  assert.deepEqual([put.status, put.headers['x-amz-checksum-crc32']], [200, sum], put.text)
  const got = await s3.send('GET', '/bkt/k')
  assert.deepEqual([got.text, got.headers['content-encoding']], [body, undefined])
  const wrong = digestOf('CRC32', Buffer.from('other')).toString('base64')
  assert.equal((await send(wrong)).code, 'BadDigest')
  assert.equal((await send(sum, 3)).code, 'IncompleteBody')
  assert.equal((await s3.send('GET', '/bkt/k')).text, body, 'the refused ones stored nothing')
})

test('a body without any length is refused', async (t) => {
  const s3 = await withBucket(t)
  const headers = { 'transfer-encoding': 'chunked' }
  const put = await s3.send('PUT', '/bkt/k', { body, headers })
  assert.deepEqual([put.status, put.code], [411, 'MissingContentLength'])
})

test('an upload that breaks off leaves nothing behind', async (t) => {
  const s3 = await withBucket(t)
  const headers = signHeaders({
    method: 'PUT',
    rawPath: '/bkt/k',
    headers: { host: `127.0.0.1:${s3.port}`, 'content-length': '1000000' },
    region: testRegion,
    service: 's3',
    credentials: administrator,
    at: s3.clock.now(),
    payloadHash: 'UNSIGNED-PAYLOAD',
  })
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const socket = connect(s3.port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(`PUT /bkt/k HTTP/1.1\r\n${lines.join('')}\r\n${'x'.repeat(500_000)}`)
  const staged = () => readdir(join(s3.directory, 'tmp'))
  while ((await staged()).length === 0);
  socket.destroy()
  while ((await staged()).length > 0);
  assert.equal((await s3.send('GET', '/bkt/k')).code, 'NoSuchKey')
})

test('what is too large for one upload is refused before it is sent', async (t) => {
  const s3 = await withBucket(t)
  const headers = { 'content-length': String(5 * 1024 ** 3 + 1), expect: '100-continue' }
  const put = await s3.send('PUT', '/bkt/k', { headers, payloadHash: 'UNSIGNED-PAYLOAD' })
  assert.deepEqual([put.status, put.code], [400, 'EntityTooLarge'])
})
